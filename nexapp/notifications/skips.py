"""Why something was not sent, in words for the person whom it was for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import text

from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

FAILED, UNHEARD, STRANGER, TOLD_BEFORE = "failed", "unheard", "not_a_member", "told_before"
KEPT = timedelta(days=90)
_BATCH = 10_000
_MEMBERS = text(
    """
    SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.org_id = :org_id AND m.user_id = ANY(:people) AND m.deactivated_at IS NULL AND u.deactivated_at IS NULL
    """
)

REASONS: dict[str, LazyString] = {
    "tier": _("Your plan doesn't include it."),
    "switched_off": _("You switched this kind off."),
    "channel_off": _("You switched this channel off."),
    "quiet_hours": _("Held until your quiet hours end."),
    "too_late": _("After your quiet hours it would have come too late."),
    "paused": _("You paused your notices."),
    "frequency_cap": _("You had as many as you allow in a day."),
    "no_address": _("We have no e-mail address of yours."),
    "no_device": _("No browser or phone of yours gets pushes yet."),
    "no_number": _("We have no phone number of yours."),
    "opted_out": _("Your number gets no texts: it answered STOP."),
    "sms_high_only": _("Only what is urgent is texted."),
    "unknown_type": _("This kind of notice doesn't exist. We were told."),
    "bad_reference": _("What it was about is gone."),
}
CHANNEL_LABELS: dict[str, LazyString] = {
    "in_app": _("In NexApp"), "email": _("E-mail"), "push": _("Push"), "sms": _("Text"),
}  # fmt: skip


def reason_words(reason: str) -> str:
    return str(REASONS.get(reason, _("It was not sent.")))


def channel_words(channel: str | None) -> str:
    """What the reason is about; the whole notice where it names no channel."""
    return str(CHANNEL_LABELS.get(channel or "", _("Not made at all")))


def explain(untold: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
    """The same, with words for those of whom the engine said nothing: no member of the actor's, or told before."""
    unheard = [user_id for user_id, reason in untold if reason == UNHEARD]
    members = set(
        db.session.scalars(_MEMBERS, {"people": unheard, "org_id": current_actor().tenant}) if unheard else ()
    )
    return [
        (user_id, (TOLD_BEFORE if user_id in members else STRANGER) if reason == UNHEARD else reason)
        for user_id, reason in untold
    ]


def forget_old() -> int:
    """Delete what is older than is kept, in batches. Runs as the system."""
    gone = 0
    while batch := _delete_batch():
        gone += batch
    return gone


def _delete_batch() -> int:
    done = db.session.execute(
        text(
            "DELETE FROM notification_skips WHERE id IN ("
            "SELECT id FROM notification_skips WHERE created_at < now() - make_interval(days => :days) LIMIT :most)"
        ),
        {"days": KEPT.days, "most": _BATCH},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
