"""What a page is told of by itself: notices that came since it last asked, and those that took in others since.

Who paused everything is told of nothing but what concerns the account. Quiet hours leave the page alone, which somebody
looks at, and hush what shows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Label, and_, false, func, or_, select

from nexapp.identity.models import Organization
from nexapp.notifications.centre_lines import Line, line_of
from nexapp.notifications.models import Notification, NotificationSettings
from nexapp.notifications.queries import INBOX, own
from nexapp.notifications.registry import TYPES
from nexapp.spine.clock import now
from nexapp.spine.db import db

MOST = 20
FOLDS_FOR = timedelta(minutes=10)
"""What was made longer ago takes in no other."""


@dataclass(frozen=True, slots=True)
class News:
    line: Line
    at: datetime
    """When the last of what it stands for came."""
    fold: str
    """The same for all that take in one another: the later replaces the earlier where it is shown."""
    is_hushed: bool


def list_news(user_id: UUID, since: datetime) -> list[News]:
    """Unread and in the inbox, the latest `MOST` of them, the oldest first."""
    parts = select(Notification.folded_into, func.max(Notification.created_at).label("at"))
    parts = parts.where(
        Notification.user_id == user_id, Notification.folded_into.is_not(None), Notification.id > _first_id(since)
    )
    grown = parts.group_by(Notification.folded_into).subquery()
    at = func.coalesce(grown.c.at, Notification.created_at)
    wanted = (
        select(Notification, at.label("at"), _is_hushed(user_id), _is_paused())
        .outerjoin(grown, grown.c.folded_into == Notification.id)
        .outerjoin(NotificationSettings, NotificationSettings.user_id == Notification.user_id)
        .outerjoin(Organization, Organization.id == Notification.org_id)
        .where(
            own(user_id), *INBOX, Notification.read_at.is_(None), Notification.id > _first_id(since - FOLDS_FOR),
            or_(Notification.id > _first_id(since), grown.c.folded_into.is_not(None)),
        )
        .order_by(at.desc(), Notification.id.desc())
        .limit(MOST)
    )  # fmt: skip
    rows = db.session.execute(wanted.execution_options(populate_existing=True)).all()
    return [_news(*row[:3]) for row in reversed(rows) if not row.is_paused or _is_locked(row[0])]


def _news(notice: Notification, at: datetime, is_hushed: bool) -> News:
    fold = f"{notice.org_id}:{notice.type}:{notice.group_key}" if notice.group_key else ""
    return News(line_of(notice, {}), at, fold, is_hushed and not _is_locked(notice))


def _is_hushed(user_id: UUID) -> Label[bool]:
    """The quiet hours of the person's own clock, which the urgent passes where they and the tier allow it."""
    kept = NotificationSettings
    zone = func.nexapp_zone_of(user_id, Notification.org_id)
    is_quiet = func.nexapp_quiet_until(func.now(), zone, kept.quiet_starts, kept.quiet_ends).is_not(None)
    has_urgent = func.coalesce(
        or_(Organization.tier == "elite", Organization.kind != "sales"), Notification.org_id.is_(None)
    )
    passes = and_(Notification.priority == "high", kept.urgent_passes, has_urgent)
    return func.coalesce(and_(kept.quiet_enabled, is_quiet, ~passes), false()).label("is_hushed")


def _is_paused() -> Label[bool]:
    return func.coalesce(NotificationSettings.paused_until > now(), false()).label("is_paused")


def _is_locked(notice: Notification) -> bool:
    known = TYPES.get(notice.type)
    return known is not None and known.locked


def _first_id(since: datetime) -> UUID:
    """Below every id that was made from then on."""
    return UUID(int=int(since.timestamp() * 1000) << 80)
