"""Registers what happens by itself in a person's day and week, its pages and the start page."""

# The imports register tables, jobs and their hours, and routes.
from nexapp.sales import daily, rhythm_cooling, rhythm_models, rhythm_streaks, weekly  # noqa: F401


def register() -> None:
    """Nothing to add to the app by itself yet."""
