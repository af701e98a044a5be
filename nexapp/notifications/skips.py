"""Why something was not sent, in words for the person whom it was for."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import text

from nexapp.spine.db import db

KEPT = timedelta(days=90)
_BATCH = 10_000

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
