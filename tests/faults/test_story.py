"""The main story without a browser's scripts, from nothing to booked, while the provider is slow and drops lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, Phone, eventually

pytestmark = pytest.mark.slow

LATENCY_MS = 200
DROPPED = 0.3


@pytest.mark.parametrize(
    ("zone", "named"), [("America/New_York", "Eastern Time"), ("America/Los_Angeles", "Pacific Time")]
)
def test_from_sign_up_to_booked(stack: Stack, phone: Phone, zone: str, named: str) -> None:
    phone.fail(latency_ms=LATENCY_MS, drop_after_accept=DROPPED)
    merchant = Merchant(stack).sign_up("Downtown Dental", zone)
    smith = merchant.add_staff("Dr. Smith")
    on = datetime.now(ZoneInfo(zone)).date() + timedelta(days=3)
    first, *others = (merchant.add_slot(staff=smith, on=on.isoformat(), at=at) for at in ("14:30", "15:00", "15:30"))
    anna = Consumer(stack, name="Anna Able").join(merchant.slug)
    bob = Consumer(stack, name="Bob Baker").join(merchant.slug)

    merchant.submit(merchant.get(f"/slots/{first}"), f"/slots/{first}/rounds").expect(200)
    for person in (anna, bob):
        person.await_link(20)
        (offer,) = [body for body in person.phone_book.bodies(person.phone) if "/c/" in body]
        assert "2:30" in offer
        assert named in person.look().expect(200).words

    assert "Held for you" in anna.hold().expect(200).words
    assert "Just taken" in bob.hold().expect(409).words
    assert "You're booked" in anna.confirm().expect(200).words
    assert "Just taken" in bob.look().expect(200).words
    eventually(lambda: len(anna.phone_book.texts(anna.phone)) >= 3, 15, "the confirmation comes")

    page = merchant.get(f"/slots/{first}").expect(200)
    assert "Booked" in page.words
    assert "Anna Able" in page.words
    assert [merchant.slot(slot_id).status for slot_id in (first, *others)] == ["booked", "draft", "draft"]
    assert len([body for body in anna.phone_book.bodies(anna.phone) if "/c/" in body]) <= 2
