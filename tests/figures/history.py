"""A business to which anything may happen, in any order, as the product's own statements would do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from nexapp.slots.figures.counting import catch_up
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor
from tests.slots.merchant_world import Shop

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati")
# Around the autumn and the spring change of several of them, and the turn of a year.
DAYS = [datetime(2026, month, day, tzinfo=UTC) for month, day in [(3, 7), (3, 28), (10, 24), (10, 31), (12, 31)]]
SENT_STATES = ("sent", "delivered", "undelivered", "failed", "unknown", "cancelled")
ENDS = ("completed", "no_show")
SECOND = 1 / 60
"""Of a minute. So short that no slot is in another's way."""

Acting = Callable[[Actor], AbstractContextManager[None]]


class History:
    def __init__(self, shop: Shop, acting: Acting) -> None:
        self.shop, self.acting = shop, acting
        self.slots: list[UUID] = []
        self.offers: list[tuple[UUID, UUID, UUID]] = []
        """Slot, offer, message."""
        self.places = 0
        self.people = shop.people(4)
        self.wordings: list[UUID | None] = [None, *(self._wording(version) for version in (1, 2))]

    def run(self, steps: Sequence[tuple[str, int]]) -> None:
        for name, number in steps:
            getattr(self, name)(number)

    def add(self, n: int) -> None:
        price = (None, 2500, 9900)[n % 3]
        starts_at = self._place(n)
        self.slots.append(self.shop.slot(starts_at, SECOND, price_cents=price, staff_member_id=self._staff(n)))
        self.offer(len(self.slots) - 1)

    def offer(self, n: int) -> None:
        """A new round, with a text to each of some people."""
        if (slot_id := self._slot(n)) is None:
            return
        opened = datetime(2026, 3, 1, 12, n % 60, tzinfo=UTC)
        self._change(slot_id, "round = round + 1, status = 'open', opened_at = %s, booked_offer_id = NULL,"
                     " booked_at = NULL, booked_consumer_id = NULL, pending_until = NULL", opened)  # fmt: skip
        round_number = self.shop.value("SELECT round FROM slots WHERE id = %s", slot_id)
        for person in self.people[: 1 + n % 4]:
            self._text(slot_id, person, round_number, self.wordings[n % 3])

    def receipt(self, n: int) -> None:
        if not self.offers:
            return
        state, message_id = SENT_STATES[n % 6], self.offers[n % len(self.offers)][2]
        self.shop.sql(
            "UPDATE messages SET status = %s, sent_at = CASE WHEN %s THEN coalesce(sent_at, now()) ELSE sent_at END"
            " WHERE id = %s",
            state, n % 6 < 4, message_id,
        )  # fmt: skip

    def look(self, n: int) -> None:
        column = ("opened_at", "held_at")[n % 2]
        if self.offers:
            self.shop.sql(
                f"UPDATE slot_offers SET {column} = now() WHERE id = %s", self.offers[n % len(self.offers)][1]
            )

    def book(self, n: int) -> None:
        """By an offer of the list, from its other times, or by moving a booking here."""
        if not self.offers:
            return
        slot_id, offer_id, _message = self.offers[n % len(self.offers)]
        source = ("list", "list", "other_times", "move")[n % 4]
        self.shop.sql("UPDATE slot_offers SET source = %s WHERE id = %s", source, offer_id)
        at = datetime(2026, 3, 1, 12, n % 60, n % 50, 400_000, tzinfo=UTC)
        self._change(slot_id, "status = 'booked', booked_offer_id = %s, booked_at = %s, booked_price_cents = %s",
                     offer_id, at, (None, 4200, 0)[n % 3])  # fmt: skip

    def end(self, n: int) -> None:
        self._step(n, "status = %s WHERE status = 'booked' AND id = %s", ENDS[n % 2])

    def give_away(self, n: int) -> None:
        self._step(n, "status = 'booked', booked_at = now(), booked_offer_id = NULL WHERE status = 'open' AND id = %s")

    def expire(self, n: int) -> None:
        self._step(n, "status = 'expired' WHERE status IN ('open', 'draft') AND id = %s")

    def cancel(self, n: int) -> None:
        self._step(n, "status = 'cancelled' WHERE id = %s")

    def wait(self, n: int) -> None:
        self._step(n, "status = 'pending', pending_until = now() WHERE status = 'booked' AND id = %s")

    def move(self, n: int) -> None:
        at = self._place(n)
        self._step(n, "starts_at = %s, ends_at = %s, staff_member_id = %s WHERE id = %s",
                   at, at + timedelta(minutes=SECOND), self._staff(n + 1))  # fmt: skip

    def reprice(self, n: int) -> None:
        self._step(n, "price_cents = %s WHERE id = %s", (None, 1000)[n % 2])

    def change_zone(self, n: int) -> None:
        self._change_business("time_zone = %s", ZONES[n % len(ZONES)])

    def change_value(self, n: int) -> None:
        self._change_business("average_value_cents = %s", 1000 * n)

    def count(self, _n: int = 0) -> None:
        with self.acting(self.shop.owner):
            catch_up(self.shop.org_id)

    def _text(self, slot_id: UUID, person: UUID, round_number: int, wording: UUID | None) -> None:
        message_id = new_id()
        offer_id = self.shop.offer(slot_id, person, round_number, message_id=message_id)
        self.shop.insert(
            "messages", id=message_id, org_id=self.shop.org_id, lane=3, purpose="slot_available", template_id=wording,
            subject_kind="slot_offer", subject_id=offer_id, to_phone="+12125550100", body="Free", segments=1,
        )  # fmt: skip
        self.offers.append((slot_id, offer_id, message_id))

    def _wording(self, version: int) -> UUID:
        template_id = new_id()
        self.shop.insert(
            "message_templates", id=template_id, org_id=self.shop.org_id, purpose="slot_available", version=version,
            body=f"Version {version}", is_current=version == 2,
        )  # fmt: skip
        return template_id

    def _place(self, n: int) -> datetime:
        """A time that no other slot has: some hours into one of the days, minutes apart."""
        self.places += 1
        return DAYS[n % len(DAYS)] + timedelta(hours=n % 40, minutes=5 * (self.places % 12), seconds=self.places)

    def _staff(self, n: int) -> UUID:
        return (self.shop.staff_id, self.shop.other_staff_id)[n % 2]

    def _slot(self, n: int) -> UUID | None:
        return self.slots[n % len(self.slots)] if self.slots else None

    def _step(self, n: int, change: str, *values: Any) -> None:
        if (slot_id := self._slot(n)) is not None:
            self.shop.sql(f"UPDATE slots SET {change}", *values, slot_id)

    def _change(self, slot_id: UUID, change: str, *values: Any) -> None:
        self.shop.sql(f"UPDATE slots SET {change} WHERE id = %s", *values, slot_id)

    def _change_business(self, change: str, value: Any) -> None:
        self.shop.sql(f"UPDATE organizations SET {change} WHERE id = %s", value, self.shop.org_id)


STEPS = (
    "add", "offer", "receipt", "look", "book", "end", "give_away", "expire", "cancel", "wait", "move", "reprice",
    "change_zone", "change_value", "count", "count",
)  # fmt: skip
