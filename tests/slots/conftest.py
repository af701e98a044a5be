"""Businesses for the merchant's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.slots.merchant_world import Shop


@pytest.fixture
def shop(app: Flask, owner_sql: Callable[..., list[Any]]) -> Shop:
    return Shop(app, owner_sql)


@pytest.fixture
def other_shop(app: Flask, owner_sql: Callable[..., list[Any]]) -> Shop:
    return Shop(app, owner_sql, name="Elsewhere", zone="America/Los_Angeles")
