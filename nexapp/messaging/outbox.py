"""Writing texts down: in the business transaction, many at once. A worker sends them after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import func, select, text, update

from nexapp.messaging.introductions import introduce
from nexapp.messaging.lanes import HEEDING_SQL, UNASKED
from nexapp.messaging.models import Message
from nexapp.messaging.segments import measure
from nexapp.messaging.templates import LONGEST_TEXT
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.bells import ring
from nexapp.spine.tenancy import current_actor
from nexapp.spine.unit import after_commit

QUEUE = "messages"
_AT_ONCE = 1000


@dataclass(slots=True)
class NewMessage:
    """`send_at` None: now. `org_id` None: the actor's business; the system names one, or none for sign-in.

    What nobody asked for names the person's next quiet hours, `sleeps_from` and `sleeps_until`: however late it
    leaves, it doesn't leave in them.

    `template_id` is the version of the business's own wording that wrote it. Left out, it is the one in use for
    `wording`, a purpose of `templates`; that is `purpose` where none is named.
    """

    to_phone: str
    body: str
    purpose: str
    lane: int
    consumer_id: UUID | None = None
    subject_kind: str | None = None
    subject_id: UUID | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    sleeps_from: datetime | None = None
    sleeps_until: datetime | None = None
    org_id: UUID | None = None
    template_id: UUID | None = None
    wording: str | None = None
    created_by: UUID | None = None


_COLUMNS = {
    "id": "uuid", "org_id": "uuid", "consumer_id": "uuid", "lane": "smallint", "purpose": "text",
    "subject_kind": "text", "subject_id": "uuid", "to_phone": "text", "body": "text", "segments": "smallint",
    "send_at": "timestamptz", "expires_at": "timestamptz",
    "sleeps_from": "timestamptz", "sleeps_until": "timestamptz", "template_id": "uuid", "created_by": "uuid",
}  # fmt: skip
_GIVEN = {**_COLUMNS, "wording": "text"}
_WRITTEN = {"send_at": "coalesce(n.send_at, now())", "template_id": "coalesce(n.template_id, t.id)"}
_SELECTED = [_WRITTEN.get(name, f"n.{name}") for name in _COLUMNS]
_INSERT = text(
    f"""
    INSERT INTO messages ({", ".join(_COLUMNS)}, request_id, status, error)
    SELECT {", ".join(_SELECTED)}, :request_id,
        CASE WHEN c.opted_out_at IS NULL THEN 'queued' ELSE 'suppressed' END,
        CASE WHEN c.opted_out_at IS NOT NULL THEN 'The person opted out.' END
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _GIVEN.items())})
        AS n ({", ".join(_GIVEN)})
    LEFT JOIN consumers c ON (n.lane >= :unasked OR n.purpose IN ({HEEDING_SQL})) AND c.phone = n.to_phone
    LEFT JOIN message_templates t ON t.org_id = n.org_id AND t.purpose = coalesce(n.wording, n.purpose) AND t.is_current
    ON CONFLICT (org_id, subject_id) WHERE purpose = 'slot_available' DO NOTHING
    RETURNING id
    """  # noqa: S608 - names of columns from above, every value is bound
)


def queue_messages(messages: Sequence[NewMessage]) -> list[UUID]:
    """Write texts and ring for them after the commit; the ids of those written, in the order given.

    A person who opted out gets a row in the state `suppressed` for what nobody asked for. A second text for an
    offer that has one already is left out.
    """
    written: list[UUID] = []
    introduce(messages)
    for start in range(0, len(messages), _AT_ONCE):
        written += _insert(messages[start : start + _AT_ONCE])
    if any(message.send_at is None or message.send_at <= now() for message in messages):
        after_commit(lambda: ring(QUEUE), key=("bell", QUEUE))
    return written


def cancel_queued(subject_kind: str, subject_ids: Sequence[UUID], purpose: str | None = None) -> int:
    """Cancel what has not left yet, of one purpose or of all; how many. What is under way isn't sent a second time."""
    about = [Message.subject_kind == subject_kind, Message.subject_id.in_(subject_ids)]
    if purpose is not None:
        about.append(Message.purpose == purpose)
    if (org_id := current_actor().org_id) is not None:
        about.append(Message.org_id == org_id)
    # In the order of their keys, as the sender records what became of texts.
    unsent = select(Message.id).where(*about, Message.status.in_(("queued", "sending")))
    db.session.execute(unsent.order_by(Message.id).with_for_update(key_share=True))
    _change([*about, Message.status == "sending"], expires_at=func.now())
    return _change([*about, Message.status == "queued"], status="cancelled")


def _change(where: Sequence[Any], **values: Any) -> int:
    done = db.session.execute(
        update(Message).where(*where).values(**values).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _insert(messages: Sequence[NewMessage]) -> list[UUID]:
    rows = [_row(message) for message in messages]
    columns = dict(zip(_GIVEN, map(list, zip(*rows, strict=True)), strict=True))
    written = set(db.session.scalars(_INSERT, {**columns, "request_id": g.get("request_id"), "unasked": int(UNASKED)}))
    return [row[0] for row in rows if row[0] in written]


def refuse_too_long(body: str) -> None:
    if len(body) > LONGEST_TEXT:
        raise ValueError(f"a text has at most {LONGEST_TEXT} characters")


def _row(message: NewMessage) -> tuple[Any, ...]:
    refuse_too_long(message.body)
    org_id = message.org_id or current_actor().org_id
    return (
        new_id(), org_id, message.consumer_id, int(message.lane), message.purpose, message.subject_kind,
        message.subject_id, message.to_phone, message.body, measure(message.body).segments, message.send_at,
        message.expires_at, message.sleeps_from, message.sleeps_until, message.template_id, message.created_by,
        message.wording,
    )  # fmt: skip
