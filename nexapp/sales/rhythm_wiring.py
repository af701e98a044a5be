"""Registers what happens by itself in a person's day and week."""

# The imports register tables.
from nexapp.sales import rhythm_models  # noqa: F401


def register() -> None:
    """Nothing to add to the app by itself yet."""
