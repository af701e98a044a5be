"""Sums over slots, and the rates that follow from them. A rate of nothing is None, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """What a group of slots adds up to; the package says what each number means."""

    slots: int = 0
    booked: int = 0
    otherwise: int = 0
    unfilled: int = 0
    cancelled: int = 0
    waiting: int = 0
    no_shows: int = 0
    offered: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    opened: int = 0
    held: int = 0
    converted: int = 0
    priced_cents: int = 0
    unpriced: int = 0
    fill_seconds: float | None = None

    @property
    def decided(self) -> int:
        return self.booked + self.otherwise + self.unfilled

    @property
    def fill_rate(self) -> Decimal | None:
        return percent(self.booked, self.decided)

    @property
    def conversion_rate(self) -> Decimal | None:
        return percent(self.converted, self.sent)

    @property
    def minutes_to_fill(self) -> int | None:
        """Whole minutes, as people say it; 0 is less than half of one."""
        return None if self.fill_seconds is None else round(self.fill_seconds / 60)

    def cents(self, average_value_cents: int) -> int:
        """Estimated revenue."""
        return self.priced_cents + self.unpriced * average_value_cents


@dataclass(frozen=True, slots=True)
class TextSums:
    """What the texts of one wording led to."""

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    opened: int = 0
    held: int = 0
    converted: int = 0

    @property
    def open_rate(self) -> Decimal | None:
        return percent(self.opened, self.sent)

    @property
    def conversion_rate(self) -> Decimal | None:
        return percent(self.converted, self.sent)


def percent(part: int, whole: int) -> Decimal | None:
    """With two decimals, halves up as people round."""
    if whole == 0:
        return None
    return (Decimal(100) * part / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
