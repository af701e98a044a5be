"""Businesses whose figures are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from nexapp.spine.db import db
from tests.slots.merchant_world import Shop


@pytest.fixture
def shop(app: Flask, owner_sql: Callable[..., list[Any]]) -> Shop:
    return Shop(app, owner_sql)


@pytest.fixture
def other_shop(app: Flask, owner_sql: Callable[..., list[Any]]) -> Shop:
    return Shop(app, owner_sql, name="Elsewhere", zone="America/Los_Angeles")


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)
