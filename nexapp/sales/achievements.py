"""Achievements: earned once, each with its coins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask_babel import LazyString, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexapp.notifications.service import Recipient, notify
from nexapp.sales import coins
from nexapp.sales.progress_models import Achievement
from nexapp.sales.streaks_folding import Streak
from nexapp.spine.db import db


@dataclass(frozen=True, slots=True)
class Known:
    name: str
    title: LazyString
    how: LazyString
    coins: int
    days: int = 0
    """Of a streak; 0: earned otherwise."""


FIRST_WON = "first_won"
KNOWN = (
    Known("streak_7", _("One week"), _("Be active 7 days in a row."), 50, 7),
    Known("streak_30", _("One month"), _("Be active 30 days in a row."), 200, 30),
    Known("streak_100", _("One hundred days"), _("Be active 100 days in a row."), 1000, 100),
    Known(FIRST_WON, _("First win"), _("Win your first prospect."), 100),
)
BY_NAME = {one.name: one for one in KNOWN}


def award_streak(org_id: UUID, user_id: UUID, streak: Streak, today: date) -> None:
    """Whatever the longest streak has reached; what was earned before stays as it is."""
    for one in KNOWN:
        if one.days and streak.longest >= one.days:
            award(org_id, user_id, one.name, today)


def award(org_id: UUID, user_id: UUID, name: str, today: date) -> bool:
    """True where it is new. The caller holds the person's streak lock."""
    known = BY_NAME[name]
    statement = insert(Achievement).values(org_id=org_id, user_id=user_id, name=name)
    added = db.session.scalar(statement.on_conflict_do_nothing().returning(Achievement.id))
    if added is None:
        return False
    recipient = Recipient(
        user_id, values={"title": str(known.title), "message": _message(known)}, subject_id=added,
        dedupe_key=f"achievement:{org_id}:{name}",
    )  # fmt: skip
    notify([recipient], "achievement", action_url="/progress", subject_kind="achievement", org_id=org_id)
    coins.earn(org_id, user_id, known.coins, "achievement", f"achievement:{name}", today, str(known.title))
    return True


def list_achievements(org_id: UUID, user_id: UUID) -> Sequence[Achievement]:
    return db.session.scalars(
        select(Achievement).where(Achievement.org_id == org_id, Achievement.user_id == user_id)
    ).all()


def _message(known: Known) -> str:
    if known.days:
        return ngettext("You were active %(num)s day in a row.", "You were active %(num)s days in a row.", known.days)
    return str(_("You won your first prospect. Here is to the next one."))
