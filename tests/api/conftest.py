"""Teams that call the API."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api.world import Team, make_team
from tests.identity.conftest import owner, person, texted  # noqa: F401 - people at a browser


@pytest.fixture
def team(app: Flask) -> Team:
    return make_team(app)


@pytest.fixture
def others(app: Flask) -> Team:
    return make_team(app, "Valley", area="312")
