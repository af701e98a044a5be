"""/waiting-list/imports: files of people for the waiting list; and the list as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from nexapp.identity.business_settings import get_business
from nexapp.slots.importing.batches import FILES
from nexapp.slots.importing.forms import MappingForm
from nexapp.slots.importing.reasons import WORDS
from nexapp.slots.invitations import most_a_day
from nexapp.slots.people import list_people, state_of
from nexapp.slots.views import pages
from nexapp.spine import audit
from nexapp.spine.access import member
from nexapp.spine.tables.answers import csv_answer
from nexapp.spine.tables.pages import FilePages, add_file_pages
from nexapp.spine.tenancy import Role
from nexapp.spine.web.templating import local_time, national

AT_ONCE = 1000
EXAMPLE = (
    ("Name", "Mobile number", "E-mail", "With whom", "Service", "Minutes needed", "Waits until", "Waits since"),
    ("Ana Ruiz", "(305) 555-0123", "ana@example.com", "", "", "30", "", ""),
)


def _known(batch: Any) -> dict[str, Any]:
    return {"source": batch.source or "", "on_known": batch.on_known}


def _about() -> dict[str, Any]:
    business = get_business()
    return {"business": business, "most_a_day": most_a_day(business)}


KIND = FilePages(
    files=FILES, form=MappingForm, known=_known, reasons=WORDS, example=EXAMPLE, about=_about,
    all_page="people/imports.html", one_page="people/import.html", one_fragment="people/_import.html",
)  # fmt: skip
add_file_pages(pages, "/waiting-list/imports", KIND)


@pages.get("/waiting-list/export.csv")
@member(Role.MANAGER)
def export_people() -> Response:
    audit.record("waiting_list.exported", "organization", get_business().id)
    return csv_answer(_exported(get_business().time_zone), "waiting-list.csv")


def _exported(zone: str) -> Iterator[list[str]]:
    yield [_("Name"), _("Mobile number"), _("State"), _("With whom"), _("Service"), _("Minutes needed"),
           _("How many people"), _("Waits until"), _("Waits since"), _("Offers"), _("Bookings"),
           _("No-shows")]  # fmt: skip
    place = None
    while True:
        listed = list_people(after=place, most=AT_ONCE)
        for person in listed.people:
            yield _cells(person, zone)
        if (place := listed.next) is None:
            return


def _cells(person: Any, zone: str) -> list[str]:
    wished = (person.staff, person.service, person.minutes_needed, person.party_size, person.ends_on)
    came = local_time(person.created_at, zone, "yyyy-MM-dd")
    counts = (person.offers, person.bookings, person.no_shows)
    told = [person.name, national(person.phone), state_of(person), *wished, came, *counts]
    return ["" if value is None else str(value) for value in told]
