"""How sending texts goes, told from our own rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from nexapp.messaging.pause import is_probing
from nexapp.spine.clock import now
from nexapp.spine.db import db

LEAST_ATTEMPTS = 20
OFTEN = 0.15
"""The share of failures in a quarter of an hour from which somebody should look."""


@dataclass(frozen=True, slots=True)
class SendingState:
    is_paused: bool
    attempted: int
    failed: int

    @property
    def fails_often(self) -> bool:
        return self.attempted >= LEAST_ATTEMPTS and self.failed / self.attempted > OFTEN


def sending_state() -> SendingState:
    """The last quarter of an hour, over all businesses. Runs as the system."""
    row = db.session.execute(
        text(
            "SELECT count(*) AS attempted,"
            " count(*) FILTER (WHERE status IN ('failed', 'undelivered', 'unknown')) AS failed"
            " FROM messages WHERE id >= :first AND attempts > 0 AND attempted_at > now() - interval '15 minutes'"
        ),
        {"first": first_id(now() - timedelta(days=1))},
    ).one()
    return SendingState(is_probing(), row.attempted, row.failed)


def first_id(instant: datetime) -> UUID:
    """No id made at this instant or later sorts below it, so that the primary key finds recent rows."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
