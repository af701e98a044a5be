"""What leaves the house for a notice: e-mails and pushes lie written, texts go the way of all texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.identity.events import AccessEnded
from nexapp.identity.phones import area_zone_of, may_be_texted, region_of
from nexapp.messaging.lanes import REMINDERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.quiet import FLOOR, next_quiet, quiet_until
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.events import on
from nexapp.spine.jobs.bells import ring
from nexapp.spine.jobs.registry import DRAINS
from nexapp.spine.unit import after_commit

PURPOSE = "notice"
SUBJECT = "notification"
WORTH = timedelta(hours=24)
"""For so long a notice without an end of its own is worth a text."""

_DRAINS = ("emails", "pushes")
_LONGEST = 300
_NEVER = (FLOOR[0], FLOOR[0])
_WHOSE = text(
    f"""
    UPDATE messages m SET user_id = w.user_id, notification_id = m.subject_id
    FROM unnest({joined("ids", "uuid")}, {joined("people", "uuid")}) AS w (id, user_id)
    WHERE m.id = w.id
    """  # noqa: S608 - the two parameters
)


_TAKE_BACK = text(
    f"""
    UPDATE messages SET status = 'cancelled', error = 'A later text speaks of it, too.'
    WHERE notification_id = ANY({joined("ids", "uuid")}) AND channel = 'sms' AND status = 'queued'
    """  # noqa: S608 - the parameter
)


_WITHDRAW = text(
    """
    UPDATE messages SET status = 'cancelled', error = 'They don''t belong to it any more.'
    WHERE org_id = :org_id AND user_id = :user_id AND channel = 'sms' AND subject_kind = :subject AND status = 'queued'
    """
)


def ring_channels() -> None:
    """Wake who sends e-mails and pushes; what is held for later is found by the sweep."""
    for queue in _DRAINS:
        if queue in DRAINS:
            after_commit(lambda queue=queue: ring(queue), key=("bell", queue))  # type: ignore[misc]


def text_people(rows: Sequence[Any], icon: str) -> Sequence[UUID]:
    """Text those who want it: by the law's quiet hours and their own, heeding every opt-out. The texts' ids.

    A text about the first of several that is still held is taken back: this one speaks of all.
    """
    wanted = [row for row in rows if row.phone and may_be_texted(row.phone)]
    if not wanted:
        return ()
    if replaced := [row.replaces for row in wanted if row.replaces]:
        db.session.execute(_TAKE_BACK, {"ids": join(replaced)})
    ids = queue_messages([_text_for(row, icon) for row in wanted])
    db.session.execute(_WHOSE, {"ids": join(ids), "people": join(row.user_id for row in wanted)})
    return ids


@on(AccessEnded, inline=True)
def withdraw_texts(event: AccessEnded) -> None:
    """What is held for the morning says what they may not read any more. Letters and pushes are checked as they
    leave."""
    values = {"org_id": event.org_id, "user_id": event.user_id, "subject": SUBJECT}
    db.session.execute(_WITHDRAW, values)


def _text_for(row: Any, icon: str) -> NewMessage:
    sends_at = row.held_until or now()
    hours: dict[str, Any] = {
        "zones": [zone for zone in (row.zone, area_zone_of(row.phone)) if zone],
        "region": region_of(row.phone), "starts": _NEVER[0], "ends": _NEVER[1],
    }  # fmt: skip
    sends_at = quiet_until(sends_at, **hours) or sends_at
    night: tuple[datetime | None, datetime | None] = next_quiet(sends_at, **hours) or (None, None)
    return NewMessage(
        to_phone=row.phone, body=_words(row, icon), purpose=PURPOSE, lane=int(REMINDERS), org_id=row.org_id,
        subject_kind=SUBJECT, subject_id=row.shown_id, send_at=sends_at,
        expires_at=row.expires_at or sends_at + WORTH, sleeps_from=night[0], sleeps_until=night[1],
    )  # fmt: skip


def _words(row: Any, icon: str) -> str:
    """Without the icon: one sign beyond the carriers' alphabet more than doubles what a text costs."""
    title = row.title.removeprefix(icon).strip()
    address = f"{settings().base_url}/notifications"
    return f"{f'{title}. {row.message}'[:_LONGEST].strip()} {address}"
