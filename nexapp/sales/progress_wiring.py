"""Registers scores, activities, streaks, missions and what else keeps people going."""

from __future__ import annotations

from nexapp.sales import progress_models

PAGES = (progress_models,)
"""They add their tables and routes by being imported."""


def register() -> None:
    return None
