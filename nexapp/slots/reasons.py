"""The words for why somebody was not texted."""

from __future__ import annotations

from flask_babel import gettext as _


def reason_words(reason: str) -> str:
    """A reason as a short phrase, with a count or names after it."""
    words = {
        "lapsed": _("request has ended"),
        "paused": _("paused"),
        "opted_out": _("opted out of texts"),
        "no_consent": _("has not agreed to texts"),
        "freed_it": _("gave this slot up"),
        "already_offered": _("offered already"),
        "other_staff": _("wish for somebody else of the team"),
        "other_service": _("wish for another service"),
        "other_location": _("wish for another location"),
        "too_short": _("need for more time"),
        "outside_window": _("wish for another day or time"),
        "overlap": _("own booking at that time"),
        "limits": _("limit on texts or bookings reached"),
        "quiet_hours": _("quiet hours until shortly before the start"),
    }
    return words.get(reason, reason.replace("_", " "))
