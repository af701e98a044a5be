"""Claim pages of bookings: what can be done with one, what became of it, and the merchant's side of it."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant, Visitor, sql
from tests.crowd import OpenSlot, join_list, offer_slots

NAMES = [
    "claim_cancel", "claim_times", "claim_given_up", "claim_moved", "claim_withdrawn", "claim_busy", "claim_taken_else",
    "claim_handed_over", "slot_begun", "slot_completed", "slot_no_show", "slot_handed_over", "slot_rebook",
]  # fmt: skip


def arrange(places: Any, merchant: Merchant) -> None:
    one, two = join_list(merchant, 1), join_list(merchant, 2)
    slots = offer_slots(merchant, [one, one, one, two, one, two, two])
    stays, given_up, moved, taken, withdrawn, over, other = slots
    for slot in (stays, given_up, moved, taken, withdrawn, over):
        _book(places, slot)
    _post(places, f"/c/{given_up.tokens[0]}/cancellation", reason="ill")
    _post(places, f"/c/{moved.tokens[0]}/move", time=str(other.id))
    sql(places.stack, "UPDATE slots SET round = 2, status = 'open', booked_offer_id = NULL, booked_consumer_id = NULL,"
        " booked_at = NULL WHERE id = %s", withdrawn.id)  # fmt: skip
    for name, slot in {"given_up": given_up, "moved": moved, "withdrawn": withdrawn}.items():
        places.paths[f"claim_{name}"] = (None, f"/c/{slot.tokens[0]}")
    link = f"/c/{stays.tokens[0]}"
    places.add(None, claim_cancel=f"{link}/cancellation", claim_times=f"{link}/times")
    places.add(None, claim_taken_else=f"/c/{taken.tokens[1]}")
    _busy(places, merchant, stays)
    _handed_over(places, merchant)
    _attended(places, merchant, [over, *offer_slots(merchant, [one, one])])


def _busy(places: Any, merchant: Merchant, booked: OpenSlot) -> None:
    """The same person's link to a time that crosses their booking."""
    (person,) = sql(places.stack, "SELECT booked_consumer_id AS consumer_id FROM slots WHERE id = %s", booked.id)
    (crossing,) = offer_slots(merchant, [[person]])
    staff = merchant.add_staff("Dr. Crossing")
    sql(places.stack, "UPDATE slots s SET starts_at = b.starts_at, ends_at = b.ends_at, staff_member_id = %s"
        " FROM slots b WHERE s.id = %s AND b.id = %s", staff, crossing.id, booked.id)  # fmt: skip
    places.add(None, claim_busy=f"/c/{crossing.tokens[0]}")


def _handed_over(places: Any, merchant: Merchant) -> None:
    (slot,) = offer_slots(merchant, [join_list(merchant, 1)])
    merchant.change_business(uses_booking_system=True, booking_url="https://book.example.com/downtown")
    _book(places, slot)
    places.add(None, claim_handed_over=f"/c/{slot.tokens[0]}")
    places.add(merchant, slot_handed_over=f"/slots/{slot.id}")
    merchant.change_business(uses_booking_system=False)


def _attended(places: Any, merchant: Merchant, slots: list[OpenSlot]) -> None:
    names = ("begun", "completed", "no_show")
    for hours, (name, slot) in enumerate(zip(names, slots, strict=True), start=40):
        if name != "begun":
            _book(places, slot)
        began = f"now() - interval '10 minutes' - interval '{hours} days'" if name != "begun" else "now()"
        sql(places.stack, f"UPDATE slots SET starts_at = {began}, ends_at = {began} + interval '30 minutes'"
            " WHERE id = %s", slot.id)  # fmt: skip
        if name != "begun":
            sql(places.stack, "UPDATE slots SET status = %s WHERE id = %s", name, slot.id)
        places.add(merchant, **{f"slot_{name}": f"/slots/{slot.id}"})
    places.add(merchant, slot_rebook=f"/slots/{slots[-1].id}/rebooking")


def _book(places: Any, slot: OpenSlot) -> None:
    _post(places, f"/c/{slot.tokens[0]}/hold")
    _post(places, f"/c/{slot.tokens[0]}/confirm", name="Anna Able")


def _post(places: Any, path: str, **typed: str) -> None:
    Visitor(places.stack).post(path, typed)
