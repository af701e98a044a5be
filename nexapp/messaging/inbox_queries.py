"""What the inbox shows: a page of conversations, one with what was written, and how many wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, column, func, null, select, table, text, tuple_

from nexapp.identity.models import Membership, User
from nexapp.messaging.models import CannedReply, Consumer, Conversation
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor, scoped

PAGE = 40
ITEMS = 50
MOST_SHOWN = 99
FEWEST_DIGITS = 3
Place = tuple[int, datetime, UUID]
Before = tuple[datetime, UUID]

# Names and places on the list belong to a part above this one, which is known here by its tables alone.
profiles = table("consumer_profiles", column("org_id"), column("consumer_id"), column("name"))
requests = table("notify_requests", column("id"), column("org_id"), column("consumer_id"))


@dataclass(frozen=True, slots=True)
class Listed:
    rows: Sequence[Any]
    next: Place | None


def list_conversations(view: str, search: str = "", after: Place | None = None) -> Listed:
    """A page of one view. Of those that are open, wishes to stop come first, then what is unread, then the latest."""
    rank = Conversation.rank if view == "open" else null()
    order = (Conversation.rank, Conversation.last_at, Conversation.consumer_id)
    if view != "open":
        order = order[1:]  # type: ignore[assignment]
    wanted = _conversations().where(*_in_view(view))
    if search:
        wanted = wanted.where(Conversation.consumer_id.in_(_found(search)))
    if after:
        wanted = wanted.where(tuple_(*order) < (after if view == "open" else after[1:]))
    rows = db.session.execute(
        wanted.add_columns(rank.label("place")).order_by(*(part.desc() for part in order)).limit(PAGE + 1)
    ).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Listed(rows[:PAGE], (last.rank, last.last_at, last.consumer_id) if last else None)


def _in_view(view: str) -> list[Any]:
    if view == "mine":
        return [Conversation.assigned_to == current_actor().user_id, Conversation.done_at.is_(None)]
    if view == "open":
        return [Conversation.done_at.is_(None)]
    return [Conversation.done_at.is_not(None)] if view == "done" else []


def _conversations() -> Select[Any]:
    return (
        select(
            *Conversation.__table__.columns, profiles.c.name, User.name.label("assignee"), Consumer.opted_out_at,
        )
        .join(
            profiles,
            and_(profiles.c.org_id == Conversation.org_id, profiles.c.consumer_id == Conversation.consumer_id),
        )
        .join(Consumer, Consumer.id == Conversation.consumer_id)
        .outerjoin(User, User.id == Conversation.assigned_to)
        .where(Conversation.org_id == current_actor().tenant)
    )  # fmt: skip


def _found(search: str) -> Any:
    digits = "".join(c for c in search if c.isdecimal() and c.isascii())
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    number = f"%{digits}%" if len(digits) >= FEWEST_DIGITS else null()
    return select(func.nexapp_find_people(f"%{escaped}%", number).table_valued("consumer_id").c.consumer_id)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the business may write to, with the state of their conversation, if there is one."""

    consumer_id: UUID
    phone: str
    name: str
    opted_out_at: datetime | None
    opt_out_source: str | None
    conversation: Conversation | None
    assignee: str | None
    request_id: UUID | None
    """Their place on the waiting list, if they have one."""

    @property
    def is_done(self) -> bool:
        return self.conversation is not None and self.conversation.done_at is not None


def get_person(consumer_id: UUID) -> Person:
    """Raises `NotFound` for who is none of the business's people."""
    row = db.session.execute(
        select(Consumer, profiles.c.name, Conversation, User.name.label("assignee"), requests.c.id.label("request_id"))
        .join(profiles, profiles.c.consumer_id == Consumer.id)
        .outerjoin(requests, and_(requests.c.org_id == profiles.c.org_id, requests.c.consumer_id == Consumer.id))
        .outerjoin(
            Conversation, and_(Conversation.org_id == profiles.c.org_id, Conversation.consumer_id == Consumer.id)
        )
        .outerjoin(User, User.id == Conversation.assigned_to)
        .where(profiles.c.org_id == current_actor().tenant, Consumer.id == consumer_id)
    ).first()
    if row is None:
        raise NotFound
    known = row.Consumer
    return Person(
        known.id,
        known.phone,
        row.name,
        known.opted_out_at,
        known.opt_out_source,
        row.Conversation,
        row.assignee,
        row.request_id,
    )


# Both halves by the index of their number; codes are nobody's words.
_ITEMS = text(
    """
    SELECT w.*, u.name AS author FROM (
        (SELECT id, created_at, 'theirs' AS side, body, handled_as AS purpose, '' AS status, NULL::text AS error,
            needs_review, is_doubtful, review, NULL::uuid AS created_by
         FROM inbound_messages
         WHERE from_phone = :phone AND org_id = :org
           AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, CAST(:id AS uuid)))
         ORDER BY created_at DESC, id DESC LIMIT :most)
        UNION ALL
        (SELECT id, created_at, 'ours', body, purpose, status, error, false, false, NULL, created_by
         FROM messages
         WHERE to_phone = :phone AND org_id = :org AND channel = 'sms' AND lane > 0
           AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, CAST(:id AS uuid)))
         ORDER BY created_at DESC, id DESC LIMIT :most)
        ORDER BY created_at DESC, id DESC LIMIT :most
    ) w
    LEFT JOIN users u ON u.id = w.created_by
    ORDER BY w.created_at DESC, w.id DESC
    """
)


def list_items(person: Person, before: Before | None = None) -> tuple[Sequence[Any], Before | None]:
    """What was written, oldest first, and where to go on for what is older still."""
    at, item_id = before or (None, None)
    rows = db.session.execute(
        _ITEMS,
        {"phone": person.phone, "org": current_actor().tenant, "at": at, "id": item_id, "most": ITEMS + 1},
    ).all()
    shown = rows[:ITEMS]
    return shown[::-1], (shown[-1].created_at, shown[-1].id) if len(rows) > ITEMS else None


def count_replies(person: Person) -> int:
    """How many answers people of the business wrote: it tells whether somebody answered since."""
    return int(
        db.session.scalar(
            text("SELECT count(*) FROM messages WHERE to_phone = :phone AND org_id = :org AND purpose = 'reply'"),
            {"phone": person.phone, "org": current_actor().tenant},
        )
        or 0
    )


def count_waiting() -> int:
    """Open conversations that somebody should read, up to one more than is shown."""
    few = (
        select(Conversation.consumer_id)
        .where(Conversation.org_id == current_actor().tenant, Conversation.rank > 0, Conversation.done_at.is_(None))
        .limit(MOST_SHOWN + 1)
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(few)) or 0


def list_team() -> Sequence[Any]:
    """Those of the business who may answer."""
    return db.session.execute(
        select(User.id, User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == current_actor().tenant, Membership.deactivated_at.is_(None),
            Membership.role != "viewer",
        )
        .order_by(User.name)
    ).all()  # fmt: skip


def list_canned() -> Sequence[CannedReply]:
    return db.session.scalars(scoped(CannedReply).order_by(CannedReply.title)).all()
