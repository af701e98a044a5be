"""Every SELECT of a person's notices. The first condition is always whose they are; of businesses that they left,
nothing is seen, whatever role asks.

Lists are plain rows, by statements that are written once: every page shows some, and writing a statement or making an
object of each row takes longer than the look-up. What every page begins with are functions of the database, whose plans
are kept: planning takes longer, too. One notice, which something is done about, is a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Integer, Row, Select, and_, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.types import Uuid

from nexapp.identity.models import Membership
from nexapp.notifications.models import Notification, NotificationSkip
from nexapp.spine.db import db

INBOX: tuple[ColumnElement[bool], ...] = (
    Notification.folded_into.is_(None), Notification.archived_at.is_(None), Notification.deleted_at.is_(None),
    Notification.snoozed_until.is_(None),
)  # fmt: skip
TABS: dict[str, tuple[ColumnElement[bool], ...]] = {
    "inbox": INBOX,
    "unread": (*INBOX, Notification.read_at.is_(None)),
    "snoozed": (
        Notification.folded_into.is_(None), Notification.deleted_at.is_(None), Notification.snoozed_until.is_not(None),
    ),
    "archived": (
        Notification.folded_into.is_(None), Notification.deleted_at.is_(None), Notification.archived_at.is_not(None),
    ),
}  # fmt: skip
AT_ONCE = 25
Whose = UUID | BindParameter[Any]

_COUNT = "SELECT nexapp_count_unread(%(user_id)s)"
_NEWEST = "SELECT * FROM nexapp_newest_notices(%(user_id)s, %(most)s)"
_URGENT = "SELECT * FROM nexapp_urgent_notices(%(user_id)s, %(most)s)"

LISTED = (
    Notification.id, Notification.org_id, Notification.type, Notification.title, Notification.message,
    Notification.icon, Notification.action_url, Notification.subject_kind, Notification.subject_id,
    Notification.details.label("details"), Notification.priority, Notification.parts, Notification.created_at,
    Notification.seen_at, Notification.read_at, Notification.archived_at, Notification.snoozed_until,
    Notification.expires_at,
)  # fmt: skip
"""What a row of a list has, by the names of the model; the columns of `nexapp_listed`."""


def own(user_id: Whose) -> ColumnElement[bool]:
    """This person's, of the account or of businesses that they belong to."""
    return and_(Notification.user_id == user_id, _of_theirs(Notification.org_id, user_id))


def count_unread(user_id: UUID) -> int:
    """The badge."""
    return int(db.session.connection().exec_driver_sql(_COUNT, {"user_id": user_id}).scalar_one())


def list_page(
    user_id: UUID,
    tab: str = "inbox",
    *,
    type_name: str | None = None,
    search: str = "",
    before: UUID | None = None,
    limit: int = AT_ONCE,
) -> Sequence[Row[Any]]:
    """The newest first; `before` is the last one that was shown. One more than asked tells that there are more."""
    search = search.strip()
    if tab == "inbox" and not (type_name or search or before):
        return _rows(_NEWEST, user_id, limit)
    statement = _page(tab, of_type=bool(type_name), searched=bool(search), continued=before is not None)
    given = {"type_name": type_name, "pattern": _pattern(search), "before": before}
    return _rows(statement, user_id, limit, **given)


def list_urgent(user_id: UUID, limit: int = 3) -> Sequence[Row[Any]]:
    """What is shown before all else: unread, of high priority, where the business's tier has that."""
    return _rows(_URGENT, user_id, limit)


def without(rows: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """The rows but for those that stand elsewhere already."""
    known = {row.id for row in others}
    return [row for row in rows if row.id not in known]


def find_own(user_id: UUID, notification_id: UUID) -> Notification | None:
    found: Notification | None = db.session.scalar(
        select(Notification).where(own(user_id), Notification.id == notification_id)
    )
    return found


def list_parts(user_id: UUID, notification_id: UUID, limit: int = 200) -> Sequence[Row[Any]]:
    """What one item stands for."""
    return _rows(_PARTS, user_id, limit, head=notification_id)


def list_skips(user_id: UUID, *, before: UUID | None = None, limit: int = AT_ONCE) -> Sequence[NotificationSkip]:
    """What was not sent, the newest first."""
    wanted = select(NotificationSkip).where(
        NotificationSkip.user_id == user_id, _of_theirs(NotificationSkip.org_id, user_id)
    )
    if before is not None:
        wanted = wanted.where(NotificationSkip.id < before)
    return list(db.session.scalars(wanted.order_by(NotificationSkip.id.desc()).limit(limit)))


def summarise_skips(since_days: int = 7) -> Sequence[Row[Any]]:
    """For the people who run NexApp: how many were not sent, by type and reason. Runs as the system."""
    return db.session.execute(
        text(
            "SELECT type, channel, reason, count(*) AS skips, count(DISTINCT user_id) AS people,"
            " max(created_at) AS last_at FROM notification_skips"
            " WHERE created_at > now() - make_interval(days => :days)"
            " GROUP BY type, channel, reason ORDER BY skips DESC LIMIT 200"
        ),
        {"days": since_days},
    ).all()


def _of_theirs(org_id: Any, user_id: Whose) -> ColumnElement[bool]:
    places = select(Membership.org_id).where(Membership.user_id == user_id, Membership.deactivated_at.is_(None))
    # As a place in a list, for the planner takes that to hold for nearly all rows, as it does. Of an IN it expects
    # every second one to fail, and would read and sort all that somebody ever got to find the newest.
    return or_(org_id.is_(None), func.array_position(func.array(places.scalar_subquery()), org_id).is_not(None))


def _rows(statement: str, user_id: UUID, limit: int, **given: Any) -> Sequence[Row[Any]]:
    return db.session.connection().exec_driver_sql(statement, {"user_id": user_id, "most": limit, **given}).all()


_ME, _MOST = bindparam("user_id", type_=Uuid()), bindparam("most", type_=Integer())
_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]
_ESCAPE = "/"


def _newest(*where: ColumnElement[bool]) -> Select[Any]:
    return select(*LISTED).where(own(_ME), *where).order_by(Notification.id.desc()).limit(_MOST)


def _written(wanted: Select[Any]) -> str:
    """As the driver takes it; what differs from one look-up to the next is named."""
    return str(wanted.compile(dialect=_DIALECT))


@cache
def _page(tab: str, *, of_type: bool, searched: bool, continued: bool) -> str:
    wanted = _newest(*TABS[tab])
    if of_type:
        wanted = wanted.where(Notification.type == bindparam("type_name"))
    if searched:
        pattern: BindParameter[str] = bindparam("pattern")
        wanted = wanted.where(
            or_(Notification.title.ilike(pattern, escape=_ESCAPE), Notification.message.ilike(pattern, escape=_ESCAPE))
        )
    return _written(wanted.where(Notification.id < bindparam("before")) if continued else wanted)


def _pattern(search: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        search = search.replace(sign, _ESCAPE + sign)
    return f"%{search}%"


_PARTS = _written(_newest(Notification.folded_into == bindparam("head")))
