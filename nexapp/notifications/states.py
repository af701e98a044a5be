"""What a person does with their notices. Each verb touches the person's own rows only, tells their open pages the
new count, and returns it with the ids that it changed, so that exactly those can be changed back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, case, func, null, or_, text, update

from nexapp.notifications.events import signal_count
from nexapp.notifications.models import Notification
from nexapp.notifications.queries import INBOX, count_unread, own
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput

LONGEST_SNOOZE = timedelta(days=366)
Ids = Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Change:
    ids: list[UUID]
    unread: int


def read(user_id: UUID, ids: Ids) -> Change:
    return _change(user_id, [_among(ids), Notification.read_at.is_(None)], **_READ)


def read_all(user_id: UUID, type_name: str | None = None) -> Change:
    """Everything unread in the inbox, of one type or of all."""
    where: list[ColumnElement[bool]] = [*INBOX, Notification.read_at.is_(None)]
    if type_name:
        where.append(Notification.type == type_name)
    return _change(user_id, where, **_READ)


def unread(user_id: UUID, ids: Ids) -> Change:
    return _change(user_id, [_among(ids), Notification.read_at.is_not(None)], read_at=None)


def mark_seen(user_id: UUID, ids: Ids) -> None:
    """They stood on a page that the person looked at; no count changes, but others wait in the same order."""
    hold_counts([user_id])
    _update(user_id, [_among(ids), Notification.seen_at.is_(None)], seen_at=func.now())


def mark_opened(user_id: UUID, ids: Ids) -> Change:
    """The person looked at it by itself: it is read, too."""
    is_fresh = or_(Notification.opened_at.is_(None), Notification.read_at.is_(None))
    return _change(user_id, [_among(ids), is_fresh], **_OPENED)


def mark_acted(user_id: UUID, ids: Ids) -> Change:
    """The person did what it asks for, or followed where it leads: it is opened, too."""
    return _change(user_id, [_among(ids)], acted_at=func.coalesce(Notification.acted_at, func.now()), **_OPENED)


def archive(user_id: UUID, ids: Ids) -> Change:
    return _change(
        user_id, [_among(ids), Notification.archived_at.is_(None)], archived_at=func.now(), snoozed_until=None
    )


def unarchive(user_id: UUID, ids: Ids) -> Change:
    """What is over stays in the inbox when it is brought back by hand."""
    return _change(user_id, [_among(ids), Notification.archived_at.is_not(None)], archived_at=None, **_LASTS)


def snooze(user_id: UUID, ids: Ids, until: datetime) -> Change:
    """Out of sight until then; it comes back unread."""
    if not now() < until <= now() + LONGEST_SNOOZE:
        raise BadInput(_("Choose a time within the next year."))
    return _change(user_id, [_among(ids)], snoozed_until=until, archived_at=None, **_LASTS)


def unsnooze(user_id: UUID, ids: Ids) -> Change:
    """Back to the inbox, read or unread as it was."""
    return _change(user_id, [_among(ids), Notification.snoozed_until.is_not(None)], snoozed_until=None)


def delete(user_id: UUID, ids: Ids) -> Change:
    return _change(user_id, [_among(ids), Notification.deleted_at.is_(None)], deleted_at=func.now())


def undelete(user_id: UUID, ids: Ids) -> Change:
    return _change(user_id, [_among(ids), Notification.deleted_at.is_not(None)], deleted_at=None)


_READ: dict[str, Any] = {
    "read_at": func.coalesce(Notification.read_at, func.now()),
    "seen_at": func.coalesce(Notification.seen_at, func.now()),
}

_OPENED: dict[str, Any] = {**_READ, "opened_at": func.coalesce(Notification.opened_at, func.now())}

_LASTS: dict[str, Any] = {
    "expires_at": case((Notification.expires_at <= func.now(), null()), else_=Notification.expires_at)
}


def _among(ids: Ids) -> ColumnElement[bool]:
    return Notification.id.in_(list(ids))


def _change(user_id: UUID, where: Sequence[ColumnElement[bool]], **values: Any) -> Change:
    hold_counts([user_id])
    changed = _update(user_id, where, **values)
    count = count_unread(user_id)
    if changed:
        signal_count(user_id, count)
    return Change(changed, count)


def hold_counts(user_ids: Ids) -> None:
    """Before anything that changes whether notices count as unread: the order in which all take their locks."""
    db.session.execute(text("SELECT nexapp_hold_counts(:people)"), {"people": list(user_ids)})


def _update(user_id: UUID, where: Sequence[ColumnElement[bool]], **values: Any) -> list[UUID]:
    statement = update(Notification).where(own(user_id), *where).values(**values).returning(Notification.id)
    return list(db.session.scalars(statement.execution_options(synchronize_session=False)))
