"""What a person does with their notices in the bell and the centre, and taking exactly that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from nexapp.notifications import states
from nexapp.notifications.centre_models import NotificationUndo
from nexapp.notifications.models import Notification
from nexapp.notifications.queries import own
from nexapp.notifications.states import Change
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.ids import new_id

KEPT_FOR = timedelta(hours=1)
"""How long a change can be taken back: its toast has gone by then, but another tab may still show it."""

SNOOZE = "snooze"
Ids = Sequence[UUID]
PLAIN: dict[str, Callable[[UUID, Ids], Change]] = {
    "read": states.read, "unread": states.unread, "archive": states.archive, "unarchive": states.unarchive,
    "unsnooze": states.unsnooze, "delete": states.delete,
}  # fmt: skip
BACK: dict[str, Callable[[UUID, Ids], Change]] = {
    "read": states.unread, "unread": states.read, "archive": states.unarchive, "unarchive": states.archive,
    "snooze": states.unsnooze, "delete": states.undelete,
}  # fmt: skip
VERBS = {*PLAIN, SNOOZE}


def change(user_id: UUID, verb: str, ids: Ids, until: datetime | None = None) -> tuple[int, UUID | None]:
    """Do it to those of the person's own that it changes; how many, and what takes it back.

    Raises `NotFound` where none of them is the person's.
    """
    slept_until = _slept_until(user_id, ids) if verb == "unsnooze" else None
    done = states.snooze(user_id, ids, until) if verb == SNOOZE and until else PLAIN[verb](user_id, ids)
    if not done.ids:
        _refuse_strange(user_id, ids)
        return 0, None
    return len(done.ids), remember(user_id, verb, done.ids, slept_until)


def read_all(user_id: UUID, type_name: str | None) -> tuple[int, UUID | None]:
    done = states.read_all(user_id, type_name)
    return len(done.ids), remember(user_id, "read", done.ids) if done.ids else None


def remember(user_id: UUID, verb: str, ids: list[UUID], until: datetime | None = None) -> UUID:
    """Keep what was changed; what is too old to be taken back goes."""
    too_old = NotificationUndo.created_at < now() - KEPT_FOR
    db.session.execute(delete(NotificationUndo).where(NotificationUndo.user_id == user_id, too_old))
    kept = NotificationUndo(id=new_id(), user_id=user_id, verb=verb, notification_ids=ids, until=until)
    db.session.add(kept)
    audit.record(f"notifications.{verb}", "notification", ids[0] if len(ids) == 1 else None, {"count": len(ids)})
    return kept.id


def take_back(user_id: UUID, undo_id: UUID) -> int:
    """Undo one change, once. Raises `NotFound` for another person's, and for one that was taken back or is too old."""
    kept = db.session.scalar(
        delete(NotificationUndo)
        .where(NotificationUndo.id == undo_id, NotificationUndo.user_id == user_id)
        .returning(NotificationUndo)
    )
    if kept is None:
        raise NotFound
    ids = kept.notification_ids
    audit.record("notifications.undone", "notification", ids[0] if len(ids) == 1 else None, {"verb": kept.verb})
    if kept.verb == "unsnooze":
        # What should have come back in the meantime stays.
        ahead = kept.until and kept.until > now()
        return len(states.snooze(user_id, ids, kept.until).ids) if ahead else 0
    return len(BACK[kept.verb](user_id, ids).ids)


def _refuse_strange(user_id: UUID, ids: Ids) -> None:
    wanted = select(func.count()).select_from(Notification).where(own(user_id), Notification.id.in_(list(ids)))
    if not db.session.scalar(wanted):
        raise NotFound


def _slept_until(user_id: UUID, ids: Ids) -> datetime | None:
    earliest = select(func.min(Notification.snoozed_until)).where(own(user_id), Notification.id.in_(list(ids)))
    found: datetime | None = db.session.scalar(earliest)
    return found
