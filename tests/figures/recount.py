"""The figures once more, from the raw rows and in plain Python: what the summary rows must always agree with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from nexapp.slots.figures.queries import Figures, Wording
from nexapp.slots.figures.ranges import Range
from nexapp.slots.figures.sums import Sums, TextSums
from tests.people import Sql

TAKEN = {"booked", "completed", "no_show"}


def rows_of(sql: Sql, table: str, org_id: UUID) -> list[dict[str, Any]]:
    names = [
        name
        for (name,) in sql(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " ORDER BY ordinal_position",
            table,
        )
    ]
    columns = ", ".join(names)
    return [
        dict(zip(names, row, strict=True)) for row in sql(f"SELECT {columns} FROM {table} WHERE org_id = %s", org_id)
    ]


class Recount:
    def __init__(self, sql: Sql, org_id: UUID) -> None:
        [(zone, self.average)] = sql("SELECT time_zone, average_value_cents FROM organizations WHERE id = %s", org_id)
        self.zone = ZoneInfo(zone)
        self.messages = {row["id"]: row for row in rows_of(sql, "messages", org_id)}
        self.offers = rows_of(sql, "slot_offers", org_id)
        self.slots = [row for row in rows_of(sql, "slots", org_id) if row["round"] > 0]

    def wall(self, slot: dict[str, Any]) -> datetime:
        at: datetime = slot["starts_at"]
        return at.astimezone(self.zone)

    def within(self, first: date, last: date, staff: UUID | None = None) -> list[dict[str, Any]]:
        return [
            slot
            for slot in self.slots
            if first <= self.wall(slot).date() <= last and staff in (None, slot["staff_member_id"])
        ]

    def figures(self, wanted: Range, staff: UUID | None = None) -> Figures:
        slots = self.within(wanted.first, wanted.last, staff)
        before = self.within(wanted.first - timedelta(days=wanted.days), wanted.first - timedelta(days=1), staff)
        found = Figures(self.sums(slots), self.sums(before))
        for step in wanted.steps(wanted.step):
            found.steps[step] = self.sums(slot for slot in slots if _step(self.wall(slot).date(), wanted.step) == step)
        for slot in slots:
            cell = self.wall(slot).weekday(), self.wall(slot).hour
            found.hours[cell] = self.sums(s for s in slots if (self.wall(s).weekday(), self.wall(s).hour) == cell)
        return found

    def by_staff(self, wanted: Range) -> dict[UUID, Sums]:
        slots = self.within(wanted.first, wanted.last)
        people = {slot["staff_member_id"] for slot in slots}
        return {who: self.sums(s for s in slots if s["staff_member_id"] == who) for who in people}

    def sums(self, slots: Iterable[dict[str, Any]]) -> Sums:
        chosen = list(slots)
        booked = [slot for slot in chosen if self._outcome(slot) == "booked"]
        paid = [slot for slot in booked if slot["status"] != "no_show"]
        prices = [_price(slot) for slot in paid]
        offers = [offer for slot in chosen for offer in self._offers(slot)]
        seconds = [max(0, int((s["booked_at"] - s["opened_at"]).total_seconds() // 1)) for s in booked]
        texts = self.text_sums(chosen, offers)
        return Sums(
            **{name: sum(self._outcome(s) == name for s in chosen) for name in OUTCOMES},
            slots=len(chosen), no_shows=len(booked) - len(paid), offered=len(offers),
            opened=sum(offer["opened_at"] is not None for offer in offers),
            held=sum(offer["held_at"] is not None for offer in offers),
            sent=texts.sent, delivered=texts.delivered, failed=texts.failed, converted=texts.converted,
            priced_cents=sum(price for price in prices if price is not None), unpriced=prices.count(None),
            fill_seconds=median(seconds) if seconds else None,
        )  # fmt: skip

    def text_sums(self, slots: list[dict[str, Any]], offers: list[dict[str, Any]]) -> TextSums:
        texts = [self.messages[offer["message_id"]] for offer in offers if offer["message_id"] in self.messages]
        winners = {slot["booked_offer_id"] for slot in slots if slot["status"] in TAKEN}
        return TextSums(
            sent=sum(m["sent_at"] is not None for m in texts), delivered=sum(m["status"] == "delivered" for m in texts),
            failed=sum(m["status"] in {"undelivered", "failed"} for m in texts),
            opened=sum(offer["opened_at"] is not None for offer in offers),
            held=sum(offer["held_at"] is not None for offer in offers),
            converted=sum(offer["id"] in winners for offer in offers),
        )  # fmt: skip

    def wordings(self, wanted: Range) -> dict[tuple[str, UUID | None], TextSums]:
        slots = self.within(wanted.first, wanted.last)
        grouped: dict[tuple[str, UUID | None], list[dict[str, Any]]] = {}
        for offer in (offer for slot in slots for offer in self._offers(slot)):
            if message := self.messages.get(offer["message_id"]):
                grouped.setdefault((message["purpose"], message["template_id"]), []).append(offer)
        return {key: self.text_sums(slots, offers) for key, offers in grouped.items()}

    def _offers(self, slot: dict[str, Any]) -> list[dict[str, Any]]:
        return [offer for offer in self.offers if offer["slot_id"] == slot["id"] and offer["source"] == "list"]

    def _outcome(self, slot: dict[str, Any]) -> str:
        if slot["status"] in TAKEN:
            [*winner] = [offer for offer in self.offers if offer["id"] == slot["booked_offer_id"]]
            return "booked" if winner and winner[0]["source"] in {"list", "other_times"} else "otherwise"
        return {"expired": "unfilled", "cancelled": "cancelled", "draft": "cancelled"}.get(slot["status"], "waiting")


OUTCOMES = ("booked", "otherwise", "unfilled", "cancelled", "waiting")


def _price(slot: dict[str, Any]) -> int | None:
    return slot["price_cents"] if slot["booked_price_cents"] is None else slot["booked_price_cents"]


def _step(on: date, step: str) -> date:
    if step == "month":
        return on.replace(day=1)
    return on - timedelta(days=on.weekday()) if step == "week" else on


def in_words(figures: Figures) -> dict[str, Any]:
    """For comparing: staff apart, for a recount knows no names."""
    words = asdict(figures)
    words.pop("staff")
    return words


def by_wording(wordings: list[Wording]) -> dict[tuple[str, UUID | None], TextSums]:
    return {(wording.purpose, wording.template_id): wording.sums for wording in wordings}
