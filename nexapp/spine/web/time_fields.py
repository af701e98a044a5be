"""Days as people type them, and the two instants that one wall time may mean."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import DateField

from nexapp.spine.wall_times import FIRST, SECOND, clock_words, zone_letters

FIRST_YEAR, LAST_YEAR = 1900, 3000


class DayField(DateField):  # type: ignore[misc]
    """A date that has a place in every zone: the ends of the calendar can't be moved into another."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not FIRST_YEAR <= self.data.year <= LAST_YEAR:
            self.data = None
            raise ValueError(gettext("Check the year of this day."))


def which_choices(choices: tuple[Any, Any]) -> list[tuple[str, str]]:
    """Both times that a wall time means, named by the letters of their zone."""
    named = zip((FIRST, SECOND), choices, (_("the first"), _("the second")), strict=True)
    return [(value, f"{clock_words(wall.time())} {zone_letters(wall)}, {word}") for value, wall, word in named]
