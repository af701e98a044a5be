"""Every SELECT of a person's notices. The first condition is always whose they are; of businesses that they left,
nothing is seen, whatever role asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, text

from nexapp.identity.models import Membership, Organization
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
_MOST_COUNTED = 1000

# One key, a row for each business; written out, for a function would cost more than the look-up.
_COUNT = text(
    """
    SELECT coalesce(sum(c.unread), 0) FROM unread_counts c
    WHERE c.user_id = :user_id AND (c.org_id = '00000000-0000-0000-0000-000000000000' OR EXISTS (
        SELECT FROM memberships m
        WHERE m.user_id = c.user_id AND m.org_id = c.org_id AND m.deactivated_at IS NULL
    ))
    """
)
_COUNTS = text(
    """
    SELECT count(*) FILTER (WHERE archived_at IS NULL AND snoozed_until IS NULL) AS inbox,
        count(*) FILTER (WHERE read_at IS NULL AND archived_at IS NULL AND snoozed_until IS NULL) AS unread,
        count(*) FILTER (WHERE snoozed_until IS NOT NULL) AS snoozed,
        count(*) FILTER (WHERE archived_at IS NOT NULL) AS archived
    FROM (
        SELECT n.archived_at, n.snoozed_until, n.read_at FROM notifications n
        WHERE n.user_id = :user_id AND n.folded_into IS NULL AND n.deleted_at IS NULL
            AND (n.org_id IS NULL OR n.org_id IN (
                SELECT m.org_id FROM memberships m WHERE m.user_id = :user_id AND m.deactivated_at IS NULL
            ))
        ORDER BY n.id DESC LIMIT :most
    ) n
    """
)


def own(user_id: UUID) -> ColumnElement[bool]:
    """This person's, of the account or of businesses that they belong to."""
    return and_(Notification.user_id == user_id, _of_theirs(Notification.org_id, user_id))


def count_unread(user_id: UUID) -> int:
    """The badge."""
    return int(db.session.scalar(_COUNT, {"user_id": user_id}) or 0)


def count_tabs(user_id: UUID) -> dict[str, int]:
    """How many stand under each tab, among the newest thousand."""
    row = db.session.execute(_COUNTS, {"user_id": user_id, "most": _MOST_COUNTED}).one()
    return dict(row._mapping)


def list_page(
    user_id: UUID,
    tab: str = "inbox",
    *,
    type_name: str | None = None,
    search: str = "",
    before: UUID | None = None,
    limit: int = AT_ONCE,
) -> Sequence[Notification]:
    """The newest first; `before` is the last one that was shown. One more than asked tells that there are more."""
    wanted = select(Notification).where(own(user_id), *TABS[tab])
    if type_name:
        wanted = wanted.where(Notification.type == type_name)
    if search := search.strip():
        wanted = wanted.where(
            or_(
                Notification.title.icontains(search, autoescape=True),
                Notification.message.icontains(search, autoescape=True),
            )
        )
    if before is not None:
        wanted = wanted.where(Notification.id < before)
    return _all(wanted.order_by(Notification.id.desc()).limit(limit))


def list_urgent(user_id: UUID, limit: int = 3) -> Sequence[Notification]:
    """What is shown before all else: unread, of high priority, where the business's tier has that."""
    wanted = select(Notification).outerjoin(Organization, Organization.id == Notification.org_id)
    wanted = wanted.where(
        own(user_id), *TABS["unread"], Notification.priority == "high",
        or_(Notification.org_id.is_(None), Organization.tier == "elite"),
    )  # fmt: skip
    return _all(wanted.order_by(Notification.id.desc()).limit(limit))


def without(rows: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """The rows but for those that stand elsewhere already."""
    known = {row.id for row in others}
    return [row for row in rows if row.id not in known]


def list_since(user_id: UUID, after: UUID, limit: int = 50) -> Sequence[Notification]:
    """What came to the inbox after the newest that a page knows: for catching up."""
    wanted = select(Notification).where(own(user_id), *INBOX, Notification.id > after)
    return _all(wanted.order_by(Notification.id.desc()).limit(limit))


def find_own(user_id: UUID, notification_id: UUID) -> Notification | None:
    found: Notification | None = db.session.scalar(
        select(Notification).where(own(user_id), Notification.id == notification_id)
    )
    return found


def list_parts(user_id: UUID, notification_id: UUID, limit: int = 200) -> Sequence[Notification]:
    """What one item stands for."""
    wanted = select(Notification).where(own(user_id), Notification.folded_into == notification_id)
    return _all(wanted.order_by(Notification.id.desc()).limit(limit))


def list_types(user_id: UUID) -> list[str]:
    """The types that this person has ever had something of, for the filter."""
    return list(db.session.scalars(select(Notification.type).where(own(user_id)).distinct()))


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


def _of_theirs(org_id: Any, user_id: UUID) -> ColumnElement[bool]:
    places = select(Membership.org_id).where(Membership.user_id == user_id, Membership.deactivated_at.is_(None))
    return or_(org_id.is_(None), org_id.in_(places))


def _all(wanted: Select[Any]) -> Sequence[Notification]:
    # Read anew: an UPDATE of this very unit went past the session's own copies.
    return list(db.session.scalars(wanted.execution_options(populate_existing=True)))
