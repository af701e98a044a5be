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
MOVES = {SNOOZE, "unsnooze", "archive"}
"""What takes a notice away from where it stood: asleep, put away or in the inbox."""
Ids = Sequence[UUID]
Back = tuple[str, datetime | None]
"""A verb of `BACK` or "unsnooze", and until when it slept."""

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
    back = _way_back(user_id, verb, ids) if verb in MOVES else (verb, None)
    done = states.snooze(user_id, ids, until) if verb == SNOOZE and until else PLAIN[verb](user_id, ids)
    if not done.ids:
        _refuse_strange(user_id, ids)
        return 0, None
    return len(done.ids), remember(user_id, verb, done.ids, back)


def read_all(user_id: UUID, type_name: str | None) -> tuple[int, UUID | None]:
    done = states.read_all(user_id, type_name)
    return len(done.ids), remember(user_id, "read", done.ids, ("read", None)) if done.ids else None


def remember(user_id: UUID, verb: str, ids: list[UUID], back: Back) -> UUID:
    """Keep the way back; what is too old to be taken back goes."""
    too_old = NotificationUndo.created_at < now() - KEPT_FOR
    db.session.execute(delete(NotificationUndo).where(NotificationUndo.user_id == user_id, too_old))
    kept = NotificationUndo(id=new_id(), user_id=user_id, verb=back[0], notification_ids=ids, until=back[1])
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
        return _sleep_again(user_id, ids, kept.until)
    return len(BACK[kept.verb](user_id, ids).ids)


def _sleep_again(user_id: UUID, ids: Ids, until: datetime | None) -> int:
    if until and until > now():
        return len(states.snooze(user_id, ids, until).ids)
    # What should have come back in the meantime is back.
    return len({*states.unarchive(user_id, ids).ids, *states.unsnooze(user_id, ids).ids})


def _refuse_strange(user_id: UUID, ids: Ids) -> None:
    wanted = select(func.count()).select_from(Notification).where(own(user_id), Notification.id.in_(list(ids)))
    if not db.session.scalar(wanted):
        raise NotFound


def _way_back(user_id: UUID, verb: str, ids: Ids) -> Back:
    """The change whose taking back brings them to where they stand now; of several that slept, the earliest time."""
    is_asleep, is_away = Notification.snoozed_until.is_not(None), Notification.archived_at.is_not(None)
    wanted = select(func.min(Notification.snoozed_until), func.bool_and(is_asleep), func.bool_and(is_away))
    found = db.session.execute(wanted.where(own(user_id), Notification.id.in_(list(ids)))).one()
    earliest, all_asleep, all_away = found
    if earliest and (all_asleep or verb == "unsnooze"):
        return "unsnooze", earliest
    return ("unarchive" if verb == SNOOZE and all_away else verb), None
