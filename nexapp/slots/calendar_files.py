"""A booking as an iCalendar file: the same entry each time, moved or taken out where the booking was."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from flask_babel import gettext as _
from icalendar import Calendar, Event, vText, vUri
from sqlalchemy import Row

from nexapp.slots.claims import Claim, Situation
from nexapp.slots.tokens import claim_link
from nexapp.spine.clock import now
from nexapp.spine.config import settings

STANDS = {Situation.BOOKED: "CONFIRMED", Situation.PENDING: "TENTATIVE", Situation.HANDED_OVER: "TENTATIVE"}
ENDED = {Situation.GIVEN_UP, Situation.WITHDRAWN, Situation.CANCELLED, Situation.DECLINED}


def write(claim: Claim) -> bytes | None:
    """The file's bytes; None where the link never had a booking, or has exchanged it for another link's."""
    status = STANDS.get(claim.situation)
    if status is None and (claim.situation not in ENDED or claim.offer.confirmed_at is None):
        return None
    calendar = Calendar()
    calendar.add("prodid", "-//NexApp//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH" if status else "CANCEL")
    calendar.add_component(_event(claim, status or "CANCELLED"))
    written: bytes = calendar.to_ical()
    return written


def _event(claim: Claim, status: str) -> Event:
    offer = claim.offer
    event = Event()
    event.add("uid", f"{offer.calendar_uid}@{settings().base_url.partition('://')[2]}")
    # A cancellation is later news than what it cancels.
    event.add("sequence", offer.sequence + (1 if status == "CANCELLED" else 0))
    event.add("status", status)
    event.add("dtstamp", now())
    event.add("dtstart", offer.starts_at.astimezone(UTC))
    event.add("dtend", offer.ends_at.astimezone(UTC))
    event.add("summary", _summary(offer))
    event.add("description", _("Details and changes: %(url)s", url=claim_link(claim.token)))
    event.add("url", claim_link(claim.token))
    if place := ", ".join(filter(None, [offer.location, offer.address])):
        event.add("location", place)
    event["organizer"] = vUri(settings().base_url)
    event["organizer"].params["CN"] = vText(offer.business)
    return event


def _summary(offer: Row[Any]) -> str:
    return _("%(what)s at %(business)s", what=offer.service or _("Appointment"), business=offer.business)
