"""Whether one wording works better than another, in words that a shop can act on."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from nexapp.slots.figures.queries import Wording
from nexapp.slots.figures.words import rate, wording_name
from nexapp.spine import proportions
from nexapp.spine.proportions import FEW, SURE


@dataclass(frozen=True, slots=True)
class Comparison:
    first: Wording
    second: Wording

    @property
    def verdict(self) -> str:
        better, worse = sorted((self.first, self.second), key=_converts, reverse=True)
        said = {
            "better": wording_name(better), "rate": rate(better.sums.conversion_rate),
            "other": rate(worse.sums.conversion_rate),
        }  # fmt: skip
        if min(self.first.sums.sent, self.second.sums.sent) < FEW:
            return _("Too few texts to tell yet: each wording needs at least %(few)s.", few=FEW)
        if abs(distance(better, worse)) < SURE:
            return _("No clear winner: %(rate)s against %(other)s booked, which may well be chance.", **said)
        return _("%(better)s works better: %(rate)s of its texts led to a booking, against %(other)s.", **said)


def distance(one: Wording, other: Wording) -> float:
    """How many standard errors lie between the two rates of conversion."""
    return proportions.distance((one.sums.converted, one.sums.sent), (other.sums.converted, other.sums.sent))


def _converts(wording: Wording) -> float:
    return wording.sums.converted / wording.sums.sent if wording.sums.sent else 0.0
