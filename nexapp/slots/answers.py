"""The slot's page as an answer, whole or as its live fragment, and the sentences that go with a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.fields import one_line
from nexapp.slots import queries
from nexapp.slots.booking_systems.elsewhere import elsewhere_words
from nexapp.slots.explaining import why
from nexapp.slots.forms import BookingForm
from nexapp.slots.reasons import reason_words
from nexapp.slots.rounds import Opening
from nexapp.slots.rounds_rows import LARGEST_WAVE, MODES, WAVES, Asking
from nexapp.slots.rounds_standing import find_people, find_standing
from nexapp.slots.timeline import MOST_PEOPLE, PEOPLE, get_timeline, shown_text
from nexapp.slots.transitions import UNCLAIMED, may_change_staff
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other, with_toast

LONGEST_NAME = 80


def slot_page(
    slot_id: UUID,
    *,
    status: int = 200,
    done: str | None = None,
    refusal: str | None = None,
    booking: BookingForm | None = None,
) -> Response:
    """The slot as it stands. After a step, HTMX gets the fragment with a toast, others go on to the page."""
    if done and not is_fragment():
        return see_other(url_for("slots.show", slot_id=slot_id), done)
    response = page("slots/show.html", "slots/_slot.html", status=status, refusal=refusal, **_shown(slot_id, booking))
    return with_toast(response, done) if done else response


def _shown(slot_id: UUID, booking: BookingForm | None) -> dict[str, Any]:
    slot = queries.get_slot(slot_id)
    wanted = request.args.get("round", type=int)
    limit = request.args.get("people", PEOPLE, type=int)
    who = str(one_line(request.args.get("who", "")))[:LONGEST_NAME]
    return {
        "slot": slot,
        "who": who,
        "asked_about": [(person, why(slot_id, person.consumer_id)) for person in find_people(who)] if who else [],
        "standing": find_standing(slot),
        "booked_elsewhere": _booked_elsewhere(slot),
        "modes": mode_choices(),
        "may_change": may_change_staff(slot.staff_member_id),
        "timeline": get_timeline(slot, wanted if wanted and 0 < wanted <= slot.round else None, _within(limit)),
        "waiting": queries.count_waiting(),
        "booking": booking or BookingForm(formdata=None),
        "reason_words": reason_words,
        "shown_text": shown_text,
        "people_step": PEOPLE,
        "filled_after": _minutes_to_fill(slot),
    }


def mode_choices() -> list[tuple[str, str]]:
    """How people may be asked, as a form offers it; the first is the business's own way."""
    return [
        ("", _("As usual")), ("everyone", _("Everybody at once")),
        ("in_turn", _("One after the other")), ("waves", _("A few at a time")),
    ]  # fmt: skip


def read_asking(form: Mapping[str, str]) -> Asking | None:
    """How the form wants people asked; None where it doesn't say."""
    if "mode" not in form:
        return None
    mode, size = form["mode"], form.get("wave_size", "")
    people = int(size) if size.isascii() and size.isdecimal() and len(size) < 4 else 0
    return Asking(mode if mode in MODES else None, people if mode == WAVES and 0 < people <= LARGEST_WAVE else None)


def opening_words(opened: Opening) -> str:
    """`Texting 14 people. 3 were skipped.` Quiet hours are named, for the texts then wait."""
    return " ".join(filter(None, [_texting(opened), _sleeping(opened), _left_out(opened)]))


def told_words(people: int) -> str:
    if not people:
        return _("Cancelled. Nobody had taken it, so nobody is texted.")
    return ngettext("Cancelled. %(num)s person is told by text.", "Cancelled. %(num)s people are told by text.", people)


def _texting(opened: Opening) -> str:
    if opened.listed:
        return ngettext(
            "Open. Going through %(num)s person on the list; this page shows how far it is.",
            "Open. Going through %(num)s people on the list; this page shows how far it is.",
            opened.listed,
        )
    if opened.in_line:
        return ngettext(
            "Texting %(num)s of %(people)s people in line; the others are asked if it stays free.",
            "Texting %(num)s of %(people)s people in line; the others are asked if it stays free.",
            opened.texted,
            people=opened.texted + opened.in_line,
        )
    if not opened.texted:
        return _("Open, but nobody on the list fits, so nobody is texted.")
    return ngettext("Texting %(num)s person.", "Texting %(num)s people.", opened.texted)


def _sleeping(opened: Opening) -> str:
    if not opened.held_back:
        return ""
    if opened.held_back == opened.texted:
        return _("It is quiet hours: the texts go out in the morning.")
    return ngettext(
        "%(num)s of them is in quiet hours and gets it in the morning.",
        "%(num)s of them are in quiet hours and get it in the morning.",
        opened.held_back,
    )


def _left_out(opened: Opening) -> str:
    people = sum(opened.skipped.values())
    return ngettext("%(num)s person was skipped.", "%(num)s people were skipped.", people) if people else ""


def _within(limit: int) -> int:
    return min(max(limit, PEOPLE), MOST_PEOPLE)


def _minutes_to_fill(slot: Any) -> int | None:
    if slot.state not in queries.FILLED or slot.opened_at is None or slot.booked_at is None:
        return None
    seconds = (slot.booked_at - slot.opened_at).total_seconds()
    return int(max(0, seconds) // 60) if seconds >= 0 else None


def _booked_elsewhere(slot: Any) -> str | None:
    """Said beside the button that opens it."""
    if slot.state not in UNCLAIMED:
        return None
    return elsewhere_words(slot.staff_member_id, slot.starts_at, slot.ends_at, slot.time_zone)
