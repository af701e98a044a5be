"""What the bell and the centre send: which notices, what is to be done with them, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _

from nexapp.identity.fields import one_line
from nexapp.notifications.centre_lines import tomorrow
from nexapp.notifications.queries import TABS
from nexapp.notifications.registry import TYPES
from nexapp.notifications.states import LONGEST_SNOOZE
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput
from nexapp.spine.wall_times import to_instant
from nexapp.spine.web.time_fields import FIRST_YEAR, LAST_YEAR

FEW_DIGITS = 6
MOST_AT_ONCE = 500
LONGEST_SEARCH = 80


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is to show, as its address says."""

    tab: str
    type: str
    search: str

    @property
    def is_plain(self) -> bool:
        """What came, unnarrowed: the one place where the urgent stands before the new."""
        return self.tab in {"inbox", "unread"} and not self.type and not self.search

    @property
    def kept(self) -> dict[str, Any]:
        """For addresses; what is as usual is left out."""
        return {"tab": None if self.tab == "inbox" else self.tab, "type": self.type or None, "q": self.search or None}


def asked_filter() -> Filter:
    """What can't be read is as usual."""
    tab, kind = request.values.get("tab", ""), request.args.get("type", "")
    search = str(one_line(request.args.get("q", "")) or "")[:LONGEST_SEARCH]
    return Filter(tab if tab in TABS else "inbox", kind if kind in TYPES else "", search)


def asked_id(name: str) -> UUID | None:
    return _uuid(request.args.get(name, ""))


def asked_number(name: str) -> int:
    """A number that a page of ours had written into its form; 0 for anything else."""
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < FEW_DIGITS else 0


def sent_ids() -> list[UUID]:
    """The notices that were chosen. Raises `BadInput` for none."""
    found = [known for raw in request.form.getlist("ids")[:MOST_AT_ONCE] if (known := _uuid(raw))]
    if not found:
        raise BadInput(_("Choose at least one notice."))
    return found


def sent_instant(zone: str) -> datetime:
    """Until when: an instant of ours; without one, tomorrow morning. Raises `BadInput`."""
    raw = request.form.get("until", "")
    if not raw:
        return tomorrow(zone)
    at = _datetime(raw)
    if at is None or at.tzinfo is None:
        raise BadInput(_("Choose a time that lies ahead."), fields={"until": _("Choose a time that lies ahead.")})
    return _ahead(at.astimezone(UTC))


def sent_wall_time(zone: str) -> datetime:
    """Until when, as the person's own clock says it. Raises `BadInput`, also for a time that doesn't exist there."""
    at = _datetime(request.form.get("until", ""))
    if at is None:
        sentence = _("Enter a day and a time.")
        raise BadInput(sentence, fields={"until": sentence})
    return _ahead(to_instant(at.date(), at.time(), zone, request.form.get("which")))


def _ahead(at: datetime) -> datetime:
    if not now() < at < now() + LONGEST_SNOOZE:
        sentence = _("Choose a time that lies ahead.") if at <= now() else _("Choose a time within a year.")
        raise BadInput(sentence, fields={"until": sentence})
    return at


def _datetime(raw: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
