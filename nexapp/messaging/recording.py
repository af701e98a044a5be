"""What a worker writes down of the messages it holds, whatever their channel: a batch at once, else one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from nexapp.spine import faults
from nexapp.spine.db import db, is_unreachable
from nexapp.spine.ids import new_id

DATABASE_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)

# In the order of their keys, as whoever withdraws messages locks them: neither waits for the other in a circle.
_LOCK = text("SELECT id FROM messages WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")
_RENEW = text(
    """
    UPDATE messages SET lease_until = clock_timestamp() + :lease
    WHERE id = ANY(:ids) AND leased_by = :worker AND status = 'sending' RETURNING id
    """
)


class Held(Protocol):
    """A message of this worker; `lease_end` is in `time.monotonic()`."""

    id: UUID
    lease_end: float


class Found(Protocol):
    """What becomes of one."""

    id: UUID


AnyFound = TypeVar("AnyFound", bound=Found)


def lock(found: Sequence[Found]) -> None:
    db.session.execute(_LOCK, {"ids": [one.id for one in found]})


def rows_of(columns: Mapping[str, str]) -> str:
    """The rows of a batch `AS v`, as SQL; `columns` are names and types, of our own."""
    given = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    return f"SELECT * FROM unnest({given}) AS v ({', '.join(columns)})"  # noqa: S608 - every value is bound


def values_of(
    columns: Mapping[str, str], found: Sequence[Any], told: Callable[[Any], dict[str, object]]
) -> dict[str, Any]:
    """The values of `rows_of`: each column from the attribute of that name. `told` is kept with what happened."""
    plain = {name: [getattr(one, name) for one in found] for name in columns if name not in ("event_id", "details")}
    return plain | {"event_id": [new_id() for _ in found], "details": [Jsonb(told(one)) for one in found]}


def record_singly(found: Sequence[AnyFound], record: Callable[[AnyFound], object], fault: str) -> None:
    """After a batch failed. What can't be recorded stays `sending` until its lease ends.

    `fault` is the kind of error to show for it. Raises `DBAPIError` where the database can't be reached.
    """
    for one in found:
        for delay in (*DATABASE_RETRY_SECONDS, None):
            try:
                record(one)
                break
            except DBAPIError as error:
                if not is_unreachable(error):
                    faults.capture(fault, error, message_id=str(one.id))
                    break
                if delay is None:
                    raise
                time.sleep(delay)


def renew(worker: str, messages: Iterable[Held], lease_seconds: float) -> None:
    """Longer leases for what is still held; what another took over won't be begun here any more."""
    held = {message.id: message for message in messages}
    lease_end = time.monotonic() + lease_seconds
    values = {"ids": list(held), "worker": worker, "lease": timedelta(seconds=lease_seconds)}
    kept = set(db.session.scalars(_RENEW, values))
    for message_id, message in held.items():
        message.lease_end = lease_end if message_id in kept else 0.0
