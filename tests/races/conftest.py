"""One running stack for all races."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("races"), web_processes=2) as running:
        yield running
