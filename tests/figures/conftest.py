"""Businesses whose figures are counted."""

from tests.slots.conftest import other_shop, shop  # noqa: F401 - fixtures
