"""What became of a change that came in: its look and its words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

RECEIVED = "received"
WAITING = ("waiting_approval", "waiting_staff", "waiting_hold")
UNHANDLED = (RECEIVED, *WAITING)
CHANGED_A_SLOT = ("opened", "filled", "approved")

OUTCOMES: dict[str, tuple[str, Any]] = {
    "received": ("quiet", _l("Being handled")),
    "opened": ("open", _l("Opened its time")),
    "filled": ("booked", _l("Booked our slot")),
    "approved": ("booked", _l("Confirmed the booking here")),
    "noted": ("quiet", _l("Noted")),
    "repeated": ("quiet", _l("Known already")),
    "out_of_date": ("quiet", _l("Older than what we know")),
    "past": ("quiet", _l("In the past")),
    "ignored": ("quiet", _l("No booking")),
    "left_alone": ("quiet", _l("Not opened")),
    "withdrawn": ("quiet", _l("Came back by itself")),
    "dismissed": ("quiet", _l("Dismissed")),
    "conflict": ("failed", _l("Needs a look")),
    "refused": ("failed", _l("Could not be opened")),
    "waiting_approval": ("pending", _l("Waits for your OK")),
    "waiting_staff": ("pending", _l("Whose booking is it?")),
    "waiting_hold": ("held", _l("Waits for a hold to end")),
}
ICONS = {
    "open": "broadcast", "booked": "circle-check", "quiet": "point", "failed": "alert-circle", "pending": "hand-stop",
    "held": "hourglass",
}  # fmt: skip


def reason_words(code: str | None) -> str:
    """Why it was so; a refusal's own sentence is kept as it is."""
    words = {
        "already_open": _("The slot is open already."),
        "taken_here": _("Somebody has this time from your waiting list."),
        "taken_elsewhere": _("Another booking over there has this time."),
        "overlaps": _("It overlaps another slot."),
        "length": _("A slot lasts from 5 minutes to 12 hours."),
        "moved": _("It moved, and moved bookings open nothing here."),
        "unknown": _("We don't know that booking, and its time wasn't said."),
        "over_limit": _("Unsigned, and more than you allow in a day."),
        "many_at_once": _("Many vanished from the calendar at once."),
        "held": _("Somebody holds the slot right now."),
        "other_time": _("It overlaps a booking made here."),
        "asks_here": _("Somebody of your waiting list asked for this time and waits for your answer."),
        "inactive": _("This staff member takes no slots."),
        "came_back": _("The booking stands again over there."),
    }
    return words.get(code or "", code or "")


def failure_words(code: str | None) -> str:
    """Why a feed could not be used."""
    words = {
        "address": _("Its address leads to a private network, which isn't read."),
        "unreachable": _("It could not be reached."),
        "slow": _("It took too long."),
        "status": _("It answered with an error."),
        "redirects": _("It sends us on too often."),
        "too_large": _("It is larger than 5 MB."),
        "not_calendar": _("What came is no calendar."),
        "truncated": _("It came without its end."),
        "too_many": _("It has more events than can be read."),
        "empty": _("It came without a single event, so nothing was opened."),
        "smaller": _("Most of its bookings were gone at once, so nothing was opened."),
    }
    return words.get(code or "", code or "")


def look_of(outcome: str) -> str:
    return OUTCOMES[outcome][0]


def icon_of(outcome: str) -> str:
    return ICONS[look_of(outcome)]


def outcome_words(outcome: str) -> str:
    return str(OUTCOMES[outcome][1])
