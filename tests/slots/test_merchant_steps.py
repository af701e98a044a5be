"""What a merchant does with a slot: each step, its refusals, its races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest

from nexapp.slots.errors import NotYourSlot, SlotChanged, TooLateToOffer
from nexapp.slots.jobs import expire_slots, lapse_requests
from nexapp.slots.opening import book_by_hand, cancel_slot, free_slot, open_slot, release_by_merchant
from nexapp.spine.clock import now
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]


def events(shop: Shop, slot_id: UUID) -> list[str]:
    return [r[0] for r in shop.sql("SELECT kind FROM slot_events WHERE slot_id = %s ORDER BY id", slot_id)]


def audited(shop: Shop) -> list[str]:
    return [r[0] for r in shop.sql("SELECT action FROM audit_entries WHERE org_id = %s ORDER BY id", shop.org_id)]


def test_opening_a_draft(shop: Shop, acting: Acting) -> None:
    shop.people(2)
    slot_id = shop.slot()
    with acting(shop.owner):
        opened = open_slot(slot_id)
    assert (opened.round, opened.texted) == (1, 2)
    assert shop.state(slot_id) == ("open", 1)
    assert events(shop, slot_id) == ["opened"]
    assert audited(shop) == ["slot.opened"]
    assert shop.value("SELECT details->>'texted' FROM slot_events") == "2"


def test_offering_again_is_a_new_round_that_withdraws_what_has_not_left(shop: Shop, acting: Acting) -> None:
    shop.person()
    slot_id = shop.slot()
    for _ in range(2):
        with acting(shop.owner):
            open_slot(slot_id)
    assert shop.state(slot_id) == ("open", 2)
    assert events(shop, slot_id) == ["opened", "offered_again"]
    assert [status for _, _, status in shop.texts()] == ["cancelled", "queued"]


def test_a_form_of_an_earlier_round_opens_nothing(shop: Shop, acting: Acting) -> None:
    shop.person()
    slot_id = shop.slot()
    with acting(shop.owner):
        open_slot(slot_id, 0)
    with pytest.raises(SlotChanged), acting(shop.owner):
        open_slot(slot_id, 0)
    assert shop.state(slot_id) == ("open", 1)
    assert len(shop.texts()) == 1


def test_two_at_once_make_one_round(shop: Shop, acting: Acting) -> None:
    shop.people(5)
    for _ in range(5):
        slot_id = shop.slot()
        before = len(shop.texts())
        outcomes = race(acting, shop, lambda slot_id=slot_id: open_slot(slot_id), 4)
        assert outcomes.count("done") == 1, outcomes
        assert set(outcomes) <= {"done", "SlotChanged"}
        assert shop.state(slot_id) == ("open", 1)
        assert len(shop.texts()) - before <= 5
        shop.sql("DELETE FROM slot_offers")


def test_slots_opened_at_once_keep_to_the_daily_cap(shop: Shop, acting: Acting) -> None:
    shop.sql("UPDATE organizations SET daily_offer_cap = 1")
    shop.people(20)
    slots = iter([shop.slot() for _ in range(4)])
    assert race(acting, shop, lambda: open_slot(next(slots)), 4) == ["done"] * 4
    assert len(shop.texts()) == 20
    assert shop.value("SELECT count(*) FROM slot_matches WHERE reason = 'limits'") == 60


def test_a_hold_that_ran_out_is_nobody_s_when_the_slot_is_cancelled(shop: Shop, acting: Acting) -> None:
    slot_id = shop.held(shop.person(), seconds=-1)
    with acting(shop.owner):
        assert cancel_slot(slot_id) == 0
    assert shop.sql("SELECT consumer_id, offer_id FROM slot_events") == [(None, None)]


def test_freeing_at_once_makes_one_round(shop: Shop, acting: Acting) -> None:
    client = shop.person()
    shop.people(3)
    slot_id = shop.booked(client)
    outcomes = race(acting, shop, lambda: free_slot(slot_id), 4)
    assert outcomes.count("done") == 1, outcomes
    assert shop.state(slot_id) == ("open", 2)
    assert len(shop.texts()) == 3


def race(acting: Acting, shop: Shop, act: Callable[[], object], runners: int) -> list[str]:
    barrier = threading.Barrier(runners)
    outcomes: list[str] = []

    def run() -> None:
        barrier.wait()
        try:
            with acting(shop.owner):
                act()
            outcomes.append("done")
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("minutes", [-5, 10])
def test_too_late_to_offer(shop: Shop, acting: Acting, minutes: int) -> None:
    slot_id = shop.slot(now() + timedelta(minutes=minutes))
    with pytest.raises(TooLateToOffer), acting(shop.owner):
        open_slot(slot_id)
    assert shop.state(slot_id) == ("draft", 0)


@pytest.mark.parametrize("status", ["expired", "cancelled", "completed", "no_show"])
def test_ended_slots_take_no_step(shop: Shop, acting: Acting, status: str) -> None:
    slot_id = shop.slot(status=status)
    for step in (open_slot, free_slot, cancel_slot, release_by_merchant, lambda i: book_by_hand(i, "Ana")):
        with pytest.raises(SlotChanged), acting(shop.owner):
            step(slot_id)
    assert shop.state(slot_id) == (status, 0)


def test_freeing_texts_the_displaced_client_who_booked_here(shop: Shop, acting: Acting) -> None:
    client = shop.person("Ana Ruiz", phone="+16465550101")
    slot_id = shop.booked(client)
    with acting(shop.owner):
        free_slot(slot_id)
    [(phone, body, _)] = shop.texts("booking_cancelled")
    assert phone == "+16465550101"
    assert body.startswith("Your booking at Downtown Dental for "), "the client cancelled, not the business"
    assert shop.sql("SELECT booked_offer_id, booked_consumer_id, booked_name, booked_at FROM slots") == [(None,) * 4]
    assert events(shop, slot_id) == ["freed", "opened"]


def test_freeing_a_booking_by_hand_texts_nobody_about_it(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot()
    with acting(shop.owner):
        book_by_hand(slot_id, "Walter Hill", "+12125550177")
    assert shop.state(slot_id) == ("booked", 0)
    with acting(shop.owner):
        free_slot(slot_id)
    assert shop.state(slot_id) == ("open", 1)
    assert shop.texts("booking_cancelled") == []
    assert shop.value("SELECT name FROM consumer_profiles") == "Walter Hill"


def test_booking_by_hand_keeps_the_price_of_that_moment(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(price_cents=9000, price_steps='[{"minutes": 100000, "cents": 5000}]')
    with acting(shop.owner):
        book_by_hand(slot_id, "Ana")
    assert shop.value("SELECT booked_price_cents FROM slots") == 5000


def test_booking_by_hand_withdraws_unsent_texts(shop: Shop, acting: Acting) -> None:
    shop.people(2)
    slot_id = shop.slot()
    with acting(shop.owner):
        open_slot(slot_id)
    with acting(shop.owner):
        book_by_hand(slot_id, "Walter Hill")
    assert [status for _, _, status in shop.texts()] == ["cancelled", "cancelled"]
    assert events(shop, slot_id) == ["opened", "booked"]


def test_a_held_slot_is_not_booked_by_hand_until_the_hold_ran_out(shop: Shop, acting: Acting) -> None:
    held = shop.held(shop.person())
    with pytest.raises(SlotChanged), acting(shop.owner):
        book_by_hand(held, "Walter Hill")
    lapsed = shop.held(shop.person("Ben"), seconds=-1)
    with acting(shop.owner):
        book_by_hand(lapsed, "Walter Hill")
    assert shop.state(held)[0] == "held"
    assert shop.state(lapsed)[0] == "booked"


def test_releasing_a_hold(shop: Shop, acting: Acting) -> None:
    slot_id = shop.held(shop.person())
    with acting(shop.owner):
        release_by_merchant(slot_id)
    assert shop.state(slot_id) == ("open", 1)
    assert shop.sql("SELECT held_by_offer_id, held_until FROM slots") == [(None, None)]
    assert shop.value("SELECT released_at IS NOT NULL FROM slot_offers")
    with pytest.raises(SlotChanged), acting(shop.owner):
        release_by_merchant(slot_id)


def test_cancelling_tells_the_holder_and_the_booked_client(shop: Shop, acting: Acting) -> None:
    held, booked = shop.held(shop.person("Ana")), shop.booked(shop.person("Ben"))
    plain = shop.slot()
    with acting(shop.owner):
        assert [cancel_slot(s) for s in (held, booked, plain)] == [1, 1, 0]
    assert len(shop.texts("booking_cancelled")) == 2
    assert [shop.state(s)[0] for s in (held, booked, plain)] == ["cancelled"] * 3


@pytest.mark.parametrize("step", [cancel_slot, free_slot])
def test_who_loses_a_booking_waits_again(shop: Shop, acting: Acting, step: Callable[[UUID], object]) -> None:
    client = shop.person(status="paused")
    slot_id = shop.booked(client)
    with acting(shop.owner):
        step(slot_id)
    assert shop.value("SELECT status FROM notify_requests") == "active"


def test_who_has_another_booking_or_chose_a_pause_stays_set_aside(shop: Shop, acting: Acting) -> None:
    booked_twice = shop.person(status="paused")
    gone, _kept = shop.booked(booked_twice), shop.booked(booked_twice)
    away = shop.booked(shop.person(status="paused", paused_until=(now() + timedelta(days=9)).date()))
    with acting(shop.owner):
        cancel_slot(gone)
        cancel_slot(away)
    assert shop.sql("SELECT DISTINCT status FROM notify_requests") == [("paused",)]


def test_staff_change_their_own_slots_only(shop: Shop, acting: Acting) -> None:
    staff = shop.browser(Role.STAFF, shop.staff_id).actor
    own, colleague = shop.slot(), shop.slot(staff_member_id=shop.other_staff_id)
    with acting(staff):
        open_slot(own)
    for step in (open_slot, free_slot, cancel_slot, release_by_merchant, lambda i: book_by_hand(i, "Ana")):
        with pytest.raises(NotYourSlot), acting(staff):
            step(colleague)
    assert (shop.state(own)[0], shop.state(colleague)[0]) == ("open", "draft")


def test_another_business_slot_is_not_there(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot()
    for step in (open_slot, free_slot, cancel_slot, release_by_merchant, lambda i: book_by_hand(i, "Ana")):
        with pytest.raises(NotFound), acting(other_shop.owner):
            step(slot_id)
    assert shop.state(slot_id) == ("draft", 0)


def test_slots_that_nobody_took_expire_once(shop: Shop, acting: Acting) -> None:
    shop.person()
    past = shop.slot(now() - timedelta(minutes=1), status="open", round=1)
    draft = shop.slot(now() - timedelta(hours=3))
    booked = shop.slot(now() - timedelta(hours=6), status="booked", booked_at=now())
    ahead = shop.slot()
    with acting(shop.owner):
        open_slot(ahead)
    for _ in range(2):
        with acting(SYSTEM):
            expire_slots()
    assert [shop.state(s)[0] for s in (past, draft, booked, ahead)] == ["expired", "expired", "booked", "open"]
    assert events(shop, past) == ["expired"]
    assert [status for _, _, status in shop.texts()] == ["queued"]


def test_expiry_withdraws_unsent_texts_of_every_business(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    for place in (shop, other_shop):
        place.person()
        slot_id = place.slot()
        with acting(place.owner):
            open_slot(slot_id)
    shop.sql("UPDATE slots SET starts_at = now() - interval '1 minute', ends_at = now() + interval '29 minutes'")
    with acting(SYSTEM):
        expire_slots()
    assert [t[2] for t in shop.texts() + other_shop.texts()] == ["cancelled", "cancelled"]


def test_requests_lapse_after_their_last_day_and_pauses_end(shop: Shop, acting: Acting) -> None:
    yesterday, tomorrow = now() - timedelta(days=2), now() + timedelta(days=2)
    over = shop.person(ends_on=yesterday.date())
    live = shop.person(ends_on=tomorrow.date())
    over_in_a_pause = shop.person(status="paused", ends_on=yesterday.date())
    resumed = shop.person(status="paused", paused_until=yesterday.date())
    paused = shop.person(status="paused", paused_until=tomorrow.date())
    forever = shop.person(status="paused")
    with acting(SYSTEM):
        lapse_requests()
    states = [shop.value("SELECT status FROM notify_requests WHERE id = %s", r)
              for r in (over, over_in_a_pause, live, resumed, paused, forever)]  # fmt: skip
    assert states == ["lapsed", "lapsed", "active", "active", "paused", "paused"]
