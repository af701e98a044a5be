"""Why notices were not sent, as those read it who run the platform: of others, not of themselves."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from nexapp.notifications.skips import reason_words

REASONS: dict[str, LazyString] = {
    "tier": _("Their plan doesn't include it."),
    "switched_off": _("They switched this kind off."),
    "channel_off": _("They switched this channel off."),
    "quiet_hours": _("Held until their quiet hours end."),
    "too_late": _("After their quiet hours it would have come too late."),
    "paused": _("They paused their notices."),
    "frequency_cap": _("They had as many as they allow in a day."),
    "no_address": _("We have no e-mail address of theirs."),
    "no_device": _("No browser or phone of theirs gets pushes yet."),
    "no_number": _("We have no phone number of theirs."),
    "opted_out": _("Their number gets no texts: it answered STOP."),
    "unknown_type": _("This kind of notice doesn't exist."),
}


def reason_of_others(reason: str) -> str:
    return str(REASONS[reason]) if reason in REASONS else reason_words(reason)
