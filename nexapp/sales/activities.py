"""Recording what somebody did: one call that moves everything that depends on it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import delete, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import Membership, Organization, User
from nexapp.sales import achievements, missions, streaks
from nexapp.sales.activity_kinds import KINDS, ActivityKind
from nexapp.sales.events import ProspectReplied
from nexapp.sales.models import Activity, Prospect
from nexapp.sales.scoring import rescore_prospects
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, NotFound
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor

SIGNAL = "progress-changed"
AHEAD = timedelta(minutes=5)
"""How far another computer's clock may be ahead of ours."""
OLDEST = timedelta(days=3653)
SOURCES = ("app", "api", "import", "demo")


def record_activity(
    user_id: UUID,
    kind: str,
    prospect_id: UUID | None = None,
    at: datetime | None = None,
    external_id: str | None = None,
    source: str = "app",
    details: Mapping[str, Any] | None = None,
    org_id: UUID | None = None,
) -> UUID:
    """Record it on its day by the person's own clock; the activity's id.

    The prospect's last activity and score, the streak, missions, coins and achievements follow at once; whoever waits
    for a reply is told of one. The same
    `external_id` again changes nothing and gives the first one's id. Raises `BadInput` for an unknown kind, a stranger
    or an instant ahead of time, `NotFound` for a prospect that isn't there.

    Locks the prospect, then the person's streak: two activities at once would each miss the other in what they count.
    """
    org, known = org_id or current_actor().tenant, _kind(kind)
    instant = _instant(at)
    zone = zone_of(org, user_id)
    if external_id and (found := find_by_external_id(org, external_id)):
        return found
    if prospect_id:
        _lock_prospect(org, prospect_id)
    streaks.lock(org, user_id)
    activity_id = new_id()
    row = {
        "id": activity_id, "org_id": org, "user_id": user_id, "prospect_id": prospect_id, "kind": known.name,
        "at": instant, "on_date": instant.astimezone(ZoneInfo(zone)).date(), "source": source,
        "external_id": external_id or None, "details": dict(details or {}),
    }  # fmt: skip
    if not _insert(row):
        return _recorded(org, str(external_id))
    _follow(row, known, now().astimezone(ZoneInfo(zone)).date())
    return activity_id


def withdraw_activity(external_id: str) -> None:
    """As if it had never been recorded: its day, streak, missions and their coins, the prospect's score.

    Achievements stay, for they are of what was; so do coins that were spent. Locks as `record_activity` does.
    """
    org = current_actor().tenant
    row = db.session.execute(
        select(Activity.__table__).where(Activity.org_id == org, Activity.external_id == external_id)
    ).first()
    if row is None:
        return
    if row.prospect_id:
        theirs = select(Prospect.id).where(Prospect.org_id == org, Prospect.id == row.prospect_id)
        db.session.execute(theirs.with_for_update(key_share=True))
    streaks.lock(org, row.user_id)
    # Whoever waited for the locks may find that it is gone.
    gone = delete(Activity).where(Activity.org_id == org, Activity.id == row.id).returning(Activity.id)
    if db.session.scalar(gone) is not None:
        _unfollow(row)


def _unfollow(row: Any) -> None:
    kind = KINDS[row.kind]
    if row.prospect_id:
        if kind.touches:
            _untouch(row)
        rescore_prospects([row.prospect_id], cause="undone")
    if kind.counts and streaks.uncount_day(row.org_id, row.user_id, row.on_date):
        streaks.rebuild(row.org_id, row.user_id)
    for lost in missions.withdraw(row.org_id, row.user_id, row.kind, row.on_date):
        withdraw_activity(f"mission:{row.user_id}:{lost}")
    publish(f"user:{row.user_id}", SIGNAL)


def find_by_external_id(org_id: UUID, external_id: str) -> UUID | None:
    wanted = select(Activity.id).where(Activity.org_id == org_id, Activity.external_id == external_id)
    found: UUID | None = db.session.scalar(wanted)
    return found


def _recorded(org_id: UUID, external_id: str) -> UUID:
    if (found := find_by_external_id(org_id, external_id)) is None:
        raise Conflict
    return found


def _follow(row: dict[str, Any], kind: ActivityKind, today: date) -> None:
    org_id, user_id, on_date = row["org_id"], row["user_id"], row["on_date"]
    if row["prospect_id"]:
        if kind.touches:
            _touch(row)
        rescore_prospects([row["prospect_id"]], cause=kind.name, at=max(now(), row["at"]))
        if kind.name == "reply":
            emit(ProspectReplied(org_id, row["prospect_id"], str(row["details"].get("channel", "other"))[:20]))
    if kind.counts and streaks.count_day(org_id, user_id, on_date):
        achievements.award_streak(org_id, user_id, streaks.rebuild(org_id, user_id), today)
    for done in missions.complete(org_id, user_id, kind.name, on_date, today):
        # Ends here: no mission asks for completed missions.
        record_activity(
            user_id, "mission_completed", at=row["at"], external_id=f"mission:{user_id}:{done}", org_id=org_id
        )
    publish(f"user:{user_id}", SIGNAL)


def _kind(name: str) -> ActivityKind:
    if (found := KINDS.get(name)) is None:
        raise BadInput(fields={"kind": _("There is no kind of activity with this name.")})
    return found


def _instant(at: datetime | None) -> datetime:
    if at is None:
        return now()
    if at.tzinfo is None:
        raise BadInput(fields={"at": _("Say the time with its zone.")})
    if at > now() + AHEAD:
        raise BadInput(fields={"at": _("That time has not come yet.")})
    if at < now() - OLDEST:
        raise BadInput(fields={"at": _("That is longer ago than can be kept here.")})
    return at


def zone_of(org_id: UUID, user_id: UUID) -> str:
    """A member's own zone, else their organisation's. Raises `BadInput` for a stranger."""
    zone = db.session.scalar(
        select(func.coalesce(User.time_zone, Organization.time_zone))
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .join(Organization, Organization.id == Membership.org_id)
        .where(Membership.org_id == org_id, Membership.user_id == user_id, Membership.deactivated_at.is_(None))
    )
    if zone is None:
        raise BadInput(fields={"user_id": _("This person isn't of the team.")})
    return str(zone)


def _lock_prospect(org_id: UUID, prospect_id: UUID) -> None:
    wanted = select(Prospect.id).where(
        Prospect.org_id == org_id, Prospect.id == prospect_id, Prospect.deleted_at.is_(None)
    )
    if db.session.scalar(wanted.with_for_update(key_share=True)) is None:
        raise NotFound(_("This prospect isn't there any more."))


def _insert(row: dict[str, Any]) -> bool:
    """False where somebody else has recorded the same `external_id` in between."""
    statement = insert(Activity).values(**row)
    if row["external_id"]:
        statement = statement.on_conflict_do_nothing(
            index_elements=[Activity.org_id, Activity.external_id], index_where=text("external_id IS NOT NULL")
        )
    return db.session.scalar(statement.returning(literal_column("1"))) is not None


def _untouch(row: Any) -> None:
    """The contact before it is the last one again, where this was."""
    touching = [kind.name for kind in KINDS.values() if kind.touches]
    before = (
        select(func.max(Activity.at))
        .where(Activity.org_id == row.org_id, Activity.prospect_id == row.prospect_id, Activity.kind.in_(touching))
        .scalar_subquery()
    )
    db.session.execute(
        update(Prospect)
        .where(Prospect.org_id == row.org_id, Prospect.id == row.prospect_id, Prospect.last_activity_at == row.at)
        .values(last_activity_at=before)
    )


def _touch(row: dict[str, Any]) -> None:
    db.session.execute(
        update(Prospect)
        .where(Prospect.org_id == row["org_id"], Prospect.id == row["prospect_id"])
        .values(last_activity_at=func.greatest(Prospect.last_activity_at, row["at"]))
    )
