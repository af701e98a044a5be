"""What a person chose for all their notices: masters, digest, quiet hours, limit, pause. Verbs act on the actor."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import Organization, User
from nexapp.notifications.models import NotificationSettings
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import to_instant, today_in

CHANGED = "notice-settings-changed"
"""The signal on a person's own topic."""

MORNING = time(8)
LONGEST_PAUSE_DAYS = 366


def own_id() -> UUID:
    user_id = current_actor().user_id
    assert user_id is not None  # noqa: S101 - the views are for signed-in people
    return user_id


def get_settings() -> NotificationSettings:
    """The actor's; the defaults where nothing was set."""
    found = db.session.get(NotificationSettings, own_id())
    return found or NotificationSettings(
        user_id=own_id(), email_enabled=True, push_enabled=False, digest_enabled=False, digest_at=MORNING,
        quiet_enabled=False, quiet_starts=time(21), quiet_ends=MORNING, urgent_passes=False, daily_cap=20,
        paused_until=None,
    )  # fmt: skip


def change_settings(**values: Any) -> list[str]:
    """Set what differs; the names of the fields that changed."""
    present = get_settings()
    changed = {name: value for name, value in values.items() if getattr(present, name) != value}
    if changed:
        db.session.execute(
            insert(NotificationSettings)
            .values(user_id=own_id(), **changed)
            .on_conflict_do_update(index_elements=["user_id"], set_={**changed, "updated_at": func.now()})
        )
        db.session.expire_all()
        note_change(sorted(changed))
    return sorted(changed)


def note_change(fields: list[str]) -> None:
    """For the audit, and for the person's other tabs."""
    audit.record("notification_settings.changed", "user", own_id(), {"fields": fields})
    publish(f"user:{own_id()}", CHANGED)


def own_zone() -> str:
    """The zone that the actor's quiet hours and digest follow: their own, else their business's."""
    own = select(User.time_zone).where(User.id == own_id())
    theirs = select(Organization.time_zone).where(Organization.id == current_actor().org_id)
    return db.session.scalar(own) or db.session.scalar(theirs) or "UTC"


def pause_for(hours: int) -> datetime:
    return _pause(now() + timedelta(hours=hours))


def pause_until_day(on: date) -> datetime:
    """Until that day's morning by the actor's clock. Raises `BadInput` for a day that is no use."""
    today = today_in(own_zone())
    if not today < on <= today + timedelta(days=LONGEST_PAUSE_DAYS):
        raise BadInput(fields={"day": _("Choose a day within the next year, from tomorrow on.")})
    return _pause(to_instant(on, MORNING, own_zone(), "first"))


def pause_until_tomorrow() -> datetime:
    return pause_until_day(today_in(own_zone()) + timedelta(days=1))


def end_pause() -> None:
    change_settings(paused_until=None)


def _pause(until: datetime) -> datetime:
    change_settings(paused_until=until)
    return until
