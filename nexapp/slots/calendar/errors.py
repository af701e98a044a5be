"""Why a time can't be had. Nothing was changed."""

from __future__ import annotations

from flask_babel import gettext as _

from nexapp.spine.errors import BadInput, Conflict


class TimeBlocked(BadInput):
    """The time is blocked for the staff member, or for everybody."""

    code = "time_blocked"


class DayClosed(BadInput):
    """The business is closed on that date."""

    code = "day_closed"


class OutsideHours(BadInput):
    """Outside the opening hours: allowed once the person said so."""

    code = "outside_hours"


class BookedElsewhere(OutsideHours):
    """Another booking system has a booking of that time: allowed in the same way."""

    code = "booked_elsewhere"


class MovedMeanwhile(Conflict):
    """Somebody else moved the slot since the page was made."""

    code = "moved_meanwhile"

    def __init__(self) -> None:
        super().__init__(_("Somebody else moved this slot a moment ago. It now stands where they put it."))


class CannotMove(Conflict):
    """The slot is over, or is in a state that keeps its time."""

    code = "cannot_move"


class CannotUndo(Conflict):
    """Something happened since the move that must not be lost."""

    code = "cannot_undo"
