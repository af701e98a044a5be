"""What texts are for: their default wording, what may stand in them, and which a business may word itself.

Who sends one gives every variable that `allowed` names: a business may use any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

VARIABLES = frozenset({"business", "service", "staff", "time", "url", "first_name", "price"})

LENGTHS = {
    "business": 120, "service": 80, "staff": 80, "time": 40, "url": 120, "first_name": 30, "price": 20, "code": 6,
    "contact": 330, "place": 5, "total": 5, "count": 3, "old_time": 40, "until": 40,
}  # fmt: skip
"""How long each may become, in characters."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """`needs` are the variables without which the text is of no use; `own` those that exist here only."""

    default: Any
    needs: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    editable: bool = True
    title: Any = ""
    note: Any = ""
    shared: frozenset[str] = VARIABLES
    """Of the usual ones those that are known here."""

    @property
    def allowed(self) -> frozenset[str]:
        return self.own | self.shared


def _worded(title: Any, note: Any, default: Any, needs: str, own: str = "", lacks: str = "") -> Purpose:
    shared = VARIABLES - frozenset(lacks.split())
    return Purpose(default, frozenset(needs.split()), frozenset(own.split()), title=title, note=note, shared=shared)


def _fixed(default: Any, *own: str) -> Purpose:
    return Purpose(default, frozenset(own), frozenset(own), editable=False, shared=frozenset({"business"}))


PURPOSES: dict[str, Purpose] = {
    "slot_available": _worded(
        _("A time is open"),
        _("Goes to everybody on the list whom the time suits."),
        _("{{business}} has a cancellation! {{time}} available. Claim now: {{url}}"),
        "url",
    ),
    "in_turn": _worded(
        _("A time is open, one person after the other"),
        _("Where you offer in turn: says the person's place in the line."),
        _("{{business}} has a cancellation! {{time}} available. You are number {{place}} of {{total}}: {{url}}"),
        "url",
        "place total",
    ),
    "several_slots": Purpose(
        _("{{business}} has {{count}} times available. See them and claim one: {{url}}"),
        frozenset({"url"}),
        frozenset({"count"}),
        shared=frozenset({"business", "url"}),
        title=_("Several times are open"),
        note=_("One text instead of many, where you open several times at once."),
    ),
    "hold_confirmed": _worded(
        _("A time is held"),
        _("Answers a YES by text, where the booking is finished on your booking page."),
        _("{{business}} is holding {{time}} for you until {{until}}. Finish your booking here: {{url}}"),
        "url",
        "until",
    ),
    "booking_confirmed": _worded(
        _("A time is booked"),
        _("Confirms the booking at once."),
        _("You're booked at {{business}}: {{time}}. Details and changes: {{url}}"),
        "time",
    ),
    "booking_moved": _worded(
        _("A booking moved"),
        _("Tells who holds or booked a time that you moved it."),
        _("{{business}} moved {{old_time}} to {{time}}. Details and changes: {{url}}"),
        "time",
        "old_time",
    ),
    "booking_cancelled": _worded(
        _("A booking is cancelled"),
        _("Tells who booked that you had to cancel."),
        _("{{business}} had to cancel {{time}}. You stay on the waiting list."),
        "time",
        lacks="url",
    ),
    "booking_declined": _worded(
        _("A booking is declined"),
        _("Where you confirm each booking yourself and say no."),
        _("{{business}} can't take your booking for {{time}}. You stay on the waiting list."),
        "time",
    ),
    "booking_unanswered": _worded(
        _("A booking got no answer"),
        _("Where you confirm each booking yourself and did not answer in time."),
        _("{{business}} did not answer in time, so {{time}} is not booked. You stay on the waiting list."),
        "time",
    ),
    "reminder": _worded(
        _("A booking is near"),
        _("Reminds of a booking ahead of time."),
        _("Reminder from {{business}}: {{time}}. Details and changes: {{url}}"),
        "time",
    ),
    "invitation": _fixed(
        _(
            "{{business}} put you on its waiting list. Reply YES to get a text when a time opens. "
            "Msg & data rates may apply. Reply HELP for help, STOP to get no texts."
        )
    ),
    "invitation_accepted": _fixed(
        _(
            "{{business}}: you're on the waiting list. Change, pause or leave: {{url}} "
            "Reply HELP for help, STOP to end the texts."
        ),
        "url",
    ),
    "sign_in_code": _fixed(
        _("Your NexApp code is {{code}}. It works for 5 minutes. Nobody from NexApp will ask for it."), "code"
    ),
    "waiting_list_code": _fixed(
        _("{{business}}: your code for the waiting list is {{code}}. Reply STOP to get no more texts."), "code"
    ),
    "opted_out": _fixed(_("You won't get any more texts from us. Reply START if you change your mind.")),
    "opted_in": _fixed(_("You can get texts from us again. Reply STOP to end them, HELP for help.")),
    "help": _fixed(_("{{business}}: {{contact}}. Reply STOP to get no more texts."), "contact"),
}

UNSIGNED = ("sign_in_code", "waiting_list_code", "opted_out", "opted_in", "help", "invitation", "template_test")
"""Purposes whose wording is complete by itself: nothing is added to the first text of these kinds."""


def editable() -> dict[str, Purpose]:
    return {name: purpose for name, purpose in PURPOSES.items() if purpose.editable}
