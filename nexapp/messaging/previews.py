"""How a wording looks once it is filled in, and what it costs, before anybody gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name
from flask_babel import get_locale
from flask_babel import gettext as _

from nexapp.identity.models import Organization
from nexapp.messaging.pricing import text_dollars
from nexapp.messaging.purposes import PURPOSES
from nexapp.messaging.segments import Measure, measure, outside_gsm
from nexapp.messaging.templates import LONGEST_TEXT, check, first_text, of_body
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput

PEOPLE = 100
# A wall clock in any zone.
SAMPLE_AT = datetime(2026, 11, 24, 15, 30)  # noqa: DTZ001


@dataclass(frozen=True, slots=True)
class Preview:
    """`problem` is why it can't be saved; the rest stands then for what could still be filled in."""

    body: str
    measure: Measure
    cost: Decimal
    first: Measure | None = None
    odd: tuple[str, ...] = ()
    problem: str = ""

    @property
    def room(self) -> int:
        """How many characters the segments in use take in all."""
        single, several = (160, 153) if self.measure.encoding == "GSM-7" else (70, 67)
        return single if self.measure.segments == 1 else several * self.measure.segments

    @property
    def is_too_long(self) -> bool:
        return len(self.body) > LONGEST_TEXT


def preview_wording(body: str, purpose: str, business: Organization) -> Preview:
    """A business's wording with sample values in it."""
    try:
        check(body, purpose)
    except BadInput as error:
        return preview_text(" ".join(body.split()), business, problem=error.sentence)
    filled = of_body(purpose, body).render(samples(purpose, business))
    return preview_text(filled, business, introduced=True)


def preview_text(body: str, business: Organization, *, introduced: bool = False, problem: str = "") -> Preview:
    """A text as it stands; with `introduced` also what it becomes as the first one to a person."""
    found = measure(body)
    first = measure(first_text(body, business.name)) if introduced else None
    return Preview(body, found, text_dollars(found.segments, business.country), first, outside_gsm(body), problem)


def samples(purpose: str, business: Organization) -> Mapping[str, str]:
    """A likely value for each variable; the link is as long as a real one."""
    zone = business.time_zone
    known = {
        "business": business.name, "service": _("Check-up"), "staff": _("Dr. Smith"), "first_name": _("Ana"),
        "time": _sample_time(SAMPLE_AT, zone), "old_time": _sample_time(SAMPLE_AT - timedelta(hours=30), zone),
        "price": "$150.00", "place": "2", "total": "5", "count": "3", "until": _("4:00 PM"), "url": sample_link(),
    }  # fmt: skip
    return {name: value for name, value in known.items() if name in PURPOSES[purpose].allowed}


def _sample_time(wall: datetime, zone: str) -> str:
    """In the form of a real one, so that the length and the cost are right."""
    locale = get_locale() or "en"
    letters = get_timezone_name(ZoneInfo(zone), width="short", zone_variant="generic", locale=locale)
    return f"{format_datetime(wall, 'EEE d MMM, h:mm a', locale=locale)} {letters}"


def sample_link() -> str:
    parts = urlsplit(settings().base_url)
    return f"{parts.scheme}://{parts.netloc}/c/Xk3vQ9mT2rLw8yHs5dBn1A"
