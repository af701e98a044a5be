"""The one clock. Instants are aware and in UTC; a wall time exists only beside its zone."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
