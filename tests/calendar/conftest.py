"""Businesses for the calendar's tests."""

from tests.slots.conftest import other_shop, shop  # noqa: F401 - fixtures
