"""People who sign in through the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from nexapp.identity.events import SignInCodeRequested
from tests.identity.people import ANA, TEXTED, Person


@pytest.fixture
def texted() -> Iterator[list[SignInCodeRequested]]:
    """Every code asked for in this test, the newest last."""
    TEXTED.clear()
    yield TEXTED
    TEXTED.clear()


@pytest.fixture
def person(app: Flask, texted: list[SignInCodeRequested]) -> Person:
    return Person(app.test_client())


@pytest.fixture
def new_person(app: Flask, texted: list[SignInCodeRequested]) -> Callable[[], Person]:
    return lambda: Person(app.test_client())


@pytest.fixture
def owner(person: Person) -> Person:
    """Signed in, with one business."""
    person.sign_in(ANA)
    assert person.found().status_code == 303
    return person
