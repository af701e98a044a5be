"""Businesses for the calendar's tests."""

from tests.slots.conftest import other_shop, shop, statements  # noqa: F401 - fixtures
