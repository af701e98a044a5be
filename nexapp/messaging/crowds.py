"""One text for a crowd: its words differ by each person's link, and by a name at most, so PostgreSQL fills them in.

The same rules as `outbox.queue_messages`: the first text from a business says who it is from, who opted out gets a row
in the state `suppressed`, and an offer is texted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy import text

from nexapp.messaging.introductions import KNOWN_SQL
from nexapp.messaging.lanes import UNASKED
from nexapp.messaging.outbox import QUEUE, refuse_too_long
from nexapp.messaging.segments import measure
from nexapp.messaging.templates import first_text
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.bells import ring
from nexapp.spine.unit import after_commit

LINK_MARK = "\ue001"
"""Where the person's own link goes: a private-use character, which no template and no name holds."""


@dataclass(frozen=True, slots=True)
class CrowdText:
    """What the texts have in common; the fields are those of `outbox.NewMessage`."""

    org_id: UUID
    business: str
    purpose: str
    lane: int
    subject_kind: str
    wording: str | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    sleeps_from: datetime | None = None
    sleeps_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """`body` has `LINK_MARK` where `link` goes; all links of a crowd are equally long."""

    consumer_id: UUID
    subject_id: UUID
    link: str
    body: str


_WRITE = text(
    f"""
    WITH person AS MATERIALIZED (
        SELECT n.*, c.phone, c.opted_out_at IS NOT NULL AND :lane >= :unasked AS is_out,
            EXISTS (
                SELECT FROM messages m WHERE m.to_phone = c.phone AND m.org_id = :org_id AND {KNOWN_SQL}
            ) AS is_known
        FROM unnest({joined("ids", "uuid")}, {joined("consumers", "uuid")}, {joined("subjects", "uuid")},
            {joined("links", "text")}, {joined("bodies", "integer")}) AS n(id, consumer_id, subject_id, link, body)
        JOIN consumers c ON c.id = n.consumer_id
    ), words AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:later AS text[]), CAST(:later_segments AS smallint[]), CAST(:first AS text[]),
            CAST(:first_segments AS smallint[]))
            WITH ORDINALITY AS w(later, later_segments, first, first_segments, number)
    )
    INSERT INTO messages (id, org_id, consumer_id, lane, purpose, subject_kind, subject_id, to_phone, body, segments,
        send_at, expires_at, sleeps_from, sleeps_until, template_id, request_id, status, error)
    SELECT p.id, :org_id, p.consumer_id, :lane, :purpose, :subject_kind, p.subject_id, p.phone,
        replace(CASE WHEN p.is_known THEN w.later ELSE w.first END, :mark, p.link),
        CASE WHEN p.is_known THEN w.later_segments ELSE w.first_segments END,
        coalesce(CAST(:send_at AS timestamptz), now()), :expires_at, :sleeps_from, :sleeps_until, t.id, :request_id,
        CASE WHEN p.is_out THEN 'suppressed' ELSE 'queued' END, CASE WHEN p.is_out THEN 'The person opted out.' END
    FROM person p JOIN words w ON w.number = p.body
    LEFT JOIN message_templates t ON t.org_id = :org_id AND t.purpose = :wording AND t.is_current
    ON CONFLICT (org_id, subject_id) WHERE purpose = 'slot_available' DO NOTHING
    RETURNING id
    """  # noqa: S608 - constants of this part, every value is bound
)


def queue_crowd(common: CrowdText, people: Sequence[Addressee]) -> list[UUID]:
    """Write the texts and ring for them after the commit; the ids of those written, in the order given."""
    if not people:
        return []
    ids = [new_id() for _ in people]
    written = set(db.session.scalars(_WRITE, _common(common) | _each(people, ids) | _words(common, people)))
    if common.send_at is None or common.send_at <= now():
        after_commit(lambda: ring(QUEUE), key=("bell", QUEUE))
    return [message_id for message_id in ids if message_id in written]


def _common(common: CrowdText) -> dict[str, Any]:
    return {
        "org_id": common.org_id, "lane": int(common.lane), "purpose": common.purpose,
        "subject_kind": common.subject_kind, "wording": common.wording or common.purpose, "send_at": common.send_at,
        "expires_at": common.expires_at, "sleeps_from": common.sleeps_from, "sleeps_until": common.sleeps_until,
        "request_id": g.get("request_id"), "unasked": int(UNASKED), "mark": LINK_MARK,
    }  # fmt: skip


def _each(people: Sequence[Addressee], ids: list[UUID]) -> dict[str, Any]:
    numbers = _numbers(people)
    return {
        "ids": join(ids),
        "consumers": join(person.consumer_id for person in people),
        "subjects": join(person.subject_id for person in people),
        "links": join(person.link for person in people),
        "bodies": join(numbers[person.body] for person in people),
    }


def _numbers(people: Sequence[Addressee]) -> dict[str, int]:
    """Each different body, numbered from 1: a thousand people share a handful of first names."""
    return {body: number for number, body in enumerate(dict.fromkeys(person.body for person in people), start=1)}


def _words(common: CrowdText, people: Sequence[Addressee]) -> dict[str, Any]:
    later = list(_numbers(people))
    first = [first_text(body, common.business) for body in later]
    return {
        "later": later, "later_segments": _segments(later, people[0].link),
        "first": first, "first_segments": _segments(first, people[0].link),
    }  # fmt: skip


def _segments(bodies: Sequence[str], link: str) -> list[int]:
    """Links differ in their letters, never in what those count for, so one stands for all."""
    filled = [body.replace(LINK_MARK, link) for body in bodies]
    for body in filled:
        refuse_too_long(body)
    return [measure(body).segments for body in filled]
