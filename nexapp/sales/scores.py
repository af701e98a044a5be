"""Scores explained, and the weights behind them: shown to all, changed by the owner, tried out before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import LazyString, lazy_gettext, ngettext
from flask_babel import gettext as _
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from nexapp.sales.models import Activity
from nexapp.sales.progress_models import ScoreChange, ScoreWeights
from nexapp.sales.prospect_words import HOT, WARM
from nexapp.sales.scoring import FRESH, PARTS, rescore, tell_hot
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import publish
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import current_actor

LABELS: dict[str, LazyString] = {
    "recency": lazy_gettext("Last contact"),
    "replies": lazy_gettext("Replies"),
    "meetings": lazy_gettext("Meetings"),
    "fit": lazy_gettext("Fit"),
    "value": lazy_gettext("Value"),
}
CAUSES: dict[str, LazyString] = {
    "added": lazy_gettext("Added"),
    "import": lazy_gettext("Imported"),
    "edited": lazy_gettext("Details changed"),
    "stage": lazy_gettext("Stage changed"),
    "daily_rescan": lazy_gettext("Time passed"),
    "weights": lazy_gettext("Weights changed"),
    "undone": lazy_gettext("Taken back"),
}
"""Beside the kinds of activities."""
EVERYBODY = "SELECT p.org_id, p.id FROM prospects p WHERE p.org_id = :org"
MOST_CHANGES = 20
KEPT = timedelta(days=365)
LONGEST_WORD = 40
MOST_WORDS = 40


@dataclass(frozen=True, slots=True)
class Weights:
    recency: int
    replies: int
    meetings: int
    fit: int
    value: int
    full_value_cents: int
    fit_words: tuple[str, ...]

    @property
    def sum(self) -> int:
        return sum(getattr(self, part) for part in PARTS)


@dataclass(frozen=True, slots=True)
class Line:
    """One signal: its points of so many, and why."""

    label: str
    points: int
    most: int
    why: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What other weights would change: how many are hot, warm and cold before and after, and how many points move."""

    before: tuple[int, int, int]
    after: tuple[int, int, int]
    moved: int


def get_weights() -> Weights:
    row = db.session.execute(
        text("SELECT * FROM nexapp_score_weights(:org)"), {"org": current_actor().tenant}
    ).one()  # fmt: skip
    return Weights(
        row.recency, row.replies, row.meetings, row.fit, row.value, row.full_value_cents, tuple(row.fit_words)
    )


def change_weights(weights: Weights) -> None:
    """Keep them and score everybody again, as a job. Raises `BadInput` unless they add up to 100."""
    refuse_unusable(weights)
    values = {**asdict(weights), "fit_words": list(weights.fit_words), "updated_at": now()}
    statement = insert(ScoreWeights).values(org_id=current_actor().tenant, **values)
    db.session.execute(statement.on_conflict_do_update(index_elements=[ScoreWeights.org_id], set_=values))
    audit.record("score_weights.changed", "organization", current_actor().tenant)
    enqueue("rescore_team", org_id=str(current_actor().tenant))


MORE_SIGNS = frozenset("0123456789 -")
"""Beside letters. Other scripts' digits are none to the database, whose rule this repeats."""


def refuse_unusable(weights: Weights) -> None:
    if weights.sum != 100:
        raise BadInput(_("Together the weights make 100; these make %(sum)s.", sum=weights.sum))
    if len(weights.fit_words) > MOST_WORDS:
        raise BadInput(fields={"fit_words": _("At most %(most)s words.", most=MOST_WORDS)})
    for word in weights.fit_words:
        if len(word) > LONGEST_WORD or not all(c.isalpha() or c in MORE_SIGNS for c in word):
            sentence = _(
                "“%(word)s” can't be used: letters, digits, spaces and hyphens only.", word=word[:LONGEST_WORD]
            )
            raise BadInput(fields={"fit_words": sentence})


@job("rescore_team", queue="slow")
def rescore_team(org_id: str, cause: str = "weights") -> None:
    done = rescore(EVERYBODY, cause=cause, org=org_id)
    tell_hot(done.crossings)
    publish(f"org:{org_id}:prospects", "prospects-changed")


def preview(weights: Weights) -> Effect:
    """Nothing is written. Raises `BadInput` unless they add up to 100."""
    refuse_unusable(weights)
    row = db.session.execute(PREVIEW, {**asdict(weights), **_preview_values(weights)}).one()
    return Effect(
        (row.hot_before, row.warm_before, row.total - row.hot_before - row.warm_before),
        (row.hot, row.warm, row.total - row.hot - row.warm), row.moved,
    )  # fmt: skip


GIVEN = """(SELECT CAST(:recency AS integer) AS recency, CAST(:replies AS integer) AS replies,
    CAST(:meetings AS integer) AS meetings, CAST(:fit AS integer) AS fit, CAST(:value AS integer) AS value,
    CAST(:full_value_cents AS bigint) AS full_value_cents, CAST(:fit_pattern AS text) AS fit_pattern) w"""
PREVIEW = text(f"""
    {FRESH.replace("nexapp_score_weights(p.org_id) w", GIVEN).replace("/* chosen */", EVERYBODY)}
    SELECT count(*) AS total, count(*) FILTER (WHERE before <> after) AS moved,
        count(*) FILTER (WHERE before >= :hot) AS hot_before,
        count(*) FILTER (WHERE before >= :warm AND before < :hot) AS warm_before,
        count(*) FILTER (WHERE after >= :hot) AS hot, count(*) FILTER (WHERE after >= :warm AND after < :hot) AS warm
    FROM fresh
""")  # noqa: S608 - constants of this part


def _preview_values(weights: Weights) -> dict[str, Any]:
    pattern = rf"\m({'|'.join(weights.fit_words)})\M" if weights.fit_words else None
    return {"fit_pattern": pattern, "org": current_actor().tenant, "at": now(), "hot": HOT, "warm": WARM}


def explain(prospect: Any) -> list[Line]:
    """Why this prospect has the score that it has, signal by signal; empty before it was scored for the first time."""
    if not prospect.score_parts:
        return []
    weights, counts = get_weights(), _signals(prospect.id)
    reasons = {
        "recency": _recency_words(prospect.last_activity_at),
        "replies": ngettext("%(num)s reply within 60 days", "%(num)s replies within 60 days", counts.replies),
        "meetings": ngettext("%(num)s meeting within 90 days", "%(num)s meetings within 90 days", counts.meetings),
        "fit": _fit_words(prospect),
        "value": "",
    }
    points = prospect.score_parts
    return [Line(str(LABELS[part]), points.get(part, 0), getattr(weights, part), reasons[part]) for part in PARTS]


def lines_of(parts: dict[str, int]) -> list[tuple[str, int]]:
    """Signals with their points, by name."""
    return [(str(LABELS[part]), parts.get(part, 0)) for part in PARTS]


def list_changes(prospect_id: UUID, most: int = MOST_CHANGES) -> Sequence[ScoreChange]:
    """The latest first."""
    return db.session.scalars(
        select(ScoreChange)
        .where(ScoreChange.org_id == current_actor().tenant, ScoreChange.prospect_id == prospect_id)
        .order_by(ScoreChange.changed_at.desc(), ScoreChange.id)
        .limit(most)
    ).all()


def moves_of(change: ScoreChange) -> list[tuple[str, int]]:
    """The signals that moved, and by how much."""
    steps = ((part, change.parts.get(part, 0) - change.parts_before.get(part, 0)) for part in PARTS)
    return [(str(LABELS[part]), step) for part, step in steps if step]


def _signals(prospect_id: UUID) -> Any:
    recent = Activity.at > now() - timedelta(days=60)
    return db.session.execute(
        select(
            func.count().filter(Activity.kind == "reply", recent).label("replies"),
            func.count().filter(Activity.kind == "meeting").label("meetings"),
        ).where(
            Activity.org_id == current_actor().tenant, Activity.prospect_id == prospect_id,
            Activity.kind.in_(("reply", "meeting")), Activity.at > now() - timedelta(days=90),
        )
    ).one()  # fmt: skip


def _recency_words(at: datetime | None) -> str:
    if at is None:
        return _("No contact yet")
    days = max((now() - at).days, 0)
    return ngettext("%(num)s day ago", "%(num)s days ago", days) if days else _("Today")


def _fit_words(prospect: Any) -> str:
    known = {
        _("role"): prospect.role, _("company"): prospect.company, _("e-mail address"): prospect.email,
        _("phone"): prospect.phone, _("place"): prospect.location,
    }  # fmt: skip
    missing = [name for name, value in known.items() if not value]
    return _("Not known: %(what)s", what=", ".join(missing)) if missing else _("Everything is known")


@job("clean_score_changes")
def clean_score_changes() -> None:
    db.session.execute(delete(ScoreChange).where(ScoreChange.changed_at < now() - KEPT))


def register_jobs() -> None:
    schedule("clean-score-changes", cron="40 4 * * *", job="clean_score_changes")
