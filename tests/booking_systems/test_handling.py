"""What a change does to our slots, in whatever state they are and in whatever order it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from nexapp.slots.booking_systems import systems
from nexapp.spine.clock import now
from tests.booking_systems.senders import Sender, slots_at, soon, written
from tests.slots.merchant_world import Shop

AT = soon()
LONG_AGO = now() - timedelta(days=3)


def delivery_ids(shop: Shop, outcome: str) -> list[UUID]:
    rows = shop.sql("SELECT id FROM booking_deliveries WHERE org_id = %s AND outcome = %s", shop.org_id, outcome)
    return [row[0] for row in rows]


# Cancelled: our own slot in each state


def test_a_draft_of_that_time_opens(shop: Shop, sender: Sender) -> None:
    slot_id = shop.slot(AT)
    assert sender.told("cancelled", AT) == "opened"
    assert shop.state(slot_id) == ("open", 1)
    assert len(slots_at(shop, AT)) == 1


def test_a_slot_booked_by_hand_is_freed(shop: Shop, sender: Sender) -> None:
    slot_id = shop.slot(AT, status="booked", booked_at=LONG_AGO, booked_name="Walter", round=1)
    assert sender.told("cancelled", AT) == "opened"
    assert shop.state(slot_id) == ("open", 2)


def test_an_open_slot_stays_as_it_is(shop: Shop, sender: Sender) -> None:
    slot_id = shop.slot(AT, status="open", round=1, opened_at=LONG_AGO)
    assert sender.told("cancelled", AT) == "left_alone"
    assert shop.state(slot_id) == ("open", 1)


def test_somebody_of_our_list_keeps_the_time(shop: Shop, sender: Sender) -> None:
    slot_id = shop.booked(shop.person(), starts_at=AT)
    assert sender.told("cancelled", AT) == "left_alone"
    assert sender.reasons() == ["taken_here"]
    assert shop.state(slot_id)[0] == "booked"


def test_who_holds_the_slot_keeps_it(shop: Shop, sender: Sender) -> None:
    slot_id = shop.held(shop.person())
    starts = shop.value("SELECT starts_at FROM slots WHERE id = %s", slot_id)
    assert sender.told("cancelled", starts) == "left_alone"
    assert shop.state(slot_id)[0] == "held"


@pytest.mark.parametrize("state", ["cancelled", "expired"])
def test_a_slot_that_is_over_makes_room(shop: Shop, sender: Sender, state: str) -> None:
    shop.slot(AT, status=state)
    assert sender.told("cancelled", AT) == "opened"
    assert slots_at(shop, AT)[-1] == ("open", "hook")


def test_a_slot_beside_it_is_not_touched(shop: Shop, sender: Sender) -> None:
    beside = shop.slot(AT + timedelta(minutes=15), status="open", round=1, opened_at=LONG_AGO)
    assert sender.told("cancelled", AT) == "left_alone"
    assert sender.reasons() == ["overlaps"]
    assert shop.state(beside) == ("open", 1)


def test_who_was_booked_after_the_cancellation_keeps_the_time(shop: Shop, sender: Sender) -> None:
    """A late look at an old cancellation must not throw somebody out."""
    sender.tell("cancelled", AT)
    slot_id = shop.slot(AT, status="booked", booked_at=now() + timedelta(minutes=1), booked_name="Ida", round=1)
    sender.run_jobs()
    assert sender.outcomes() == ["left_alone"]
    assert shop.state(slot_id) == ("booked", 1)


# Cancelled: times


def test_a_past_time_opens_nothing(shop: Shop, sender: Sender) -> None:
    assert sender.told("cancelled", now() - timedelta(hours=1)) == "past"
    assert shop.value("SELECT count(*) FROM slots") == 0


def test_a_start_within_the_notice_leaves_no_draft_behind(shop: Shop, sender: Sender) -> None:
    assert sender.told("cancelled", now() + timedelta(minutes=5)) == "refused"
    assert "15" in str(sender.reasons()[0])
    assert shop.value("SELECT count(*) FROM slots") == 0


@pytest.mark.parametrize("minutes", [1, 721])
def test_a_length_that_no_slot_has_opens_nothing(shop: Shop, sender: Sender, minutes: int) -> None:
    assert sender.told("cancelled", AT, booking={"minutes": minutes}) == "refused"
    assert sender.reasons() == ["length"]


def test_a_local_time_is_the_business_s_or_the_named_zone_s(shop: Shop, sender: Sender) -> None:
    sender.told("cancelled", AT, uid="one", booking={"starts_at": "2027-03-01T10:00:00"})
    sender.told("cancelled", AT, uid="two", booking={"starts_at": "2027-03-01T10:00:00", "time_zone": "Europe/Paris"})
    starts = [
        f"{row[0]:%H:%M}" for row in shop.sql("SELECT starts_at AT TIME ZONE 'UTC' FROM slots ORDER BY starts_at")
    ]
    assert starts == ["09:00", "15:00"]


def test_a_blocked_time_and_a_closed_day_stay_shut(shop: Shop, sender: Sender) -> None:
    shop.sql(
        "INSERT INTO blocked_times (id, org_id, starts_on, starts, ends_on, ends)"
        " SELECT gen_random_uuid(), %s, t::date, t::time, (t + interval '1 hour')::date, (t + interval '1 hour')::time"
        " FROM (SELECT %s AT TIME ZONE %s AS t) local",
        shop.org_id, AT, shop.zone,
    )  # fmt: skip
    shop.sql(
        "INSERT INTO hour_exceptions (id, org_id, on_date) VALUES (gen_random_uuid(), %s, (%s AT TIME ZONE %s)::date)",
        shop.org_id, AT + timedelta(days=2), shop.zone,
    )  # fmt: skip
    assert sender.told("cancelled", AT, uid="blocked") == "refused"
    assert sender.told("cancelled", AT + timedelta(days=2), uid="closed") == "refused"
    assert ["blocked" in str(sender.reasons()[0]), "closed" in str(sender.reasons()[1])] == [True, True]
    assert shop.value("SELECT count(*) FROM slots") == 0


# Booked


def test_a_booking_takes_our_open_slot(shop: Shop, sender: Sender) -> None:
    slot_id = shop.slot(AT, status="open", round=1, opened_at=LONG_AGO)
    assert sender.told("booked", AT, booking={"client": "Nora Quinn"}) == "filled"
    assert shop.state(slot_id) == ("booked", 1)
    assert shop.value("SELECT booked_name FROM slots WHERE id = %s", slot_id) == "Nora Quinn"


def test_a_longer_booking_takes_what_it_lies_on_and_gives_it_back(shop: Shop, sender: Sender) -> None:
    slot_id = shop.slot(AT + timedelta(minutes=30), status="open", round=1, opened_at=LONG_AGO)
    assert sender.told("booked", AT, booking={"minutes": 90}) == "filled"
    assert sender.told("cancelled", AT, booking={"minutes": 90}) == "opened"
    assert shop.state(slot_id) == ("open", 2)


def test_who_was_handed_over_and_booked_there_is_confirmed_here(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE organizations SET uses_booking_system = true, booking_url = 'https://x.example'")
    slot_id = shop.booked(shop.person(), starts_at=AT)
    shop.sql(
        "UPDATE slots SET status = 'pending', pending_for = 'booking_system', booked_at = NULL,"
        " pending_until = now() + interval '20 minutes' WHERE id = %s",
        slot_id,
    )
    assert sender.told("booked", AT) == "approved"
    assert shop.state(slot_id)[0] == "booked"
    assert len(shop.texts("booking_confirmed")) == 1
    # The client cancels over there: the slot opens again and who had it is told.
    assert sender.told("cancelled", AT) == "opened"
    assert shop.state(slot_id) == ("open", 2)
    assert len(shop.texts("booking_cancelled")) == 1


def test_who_waits_for_the_business_is_not_confirmed_by_a_booking_over_there(shop: Shop, sender: Sender) -> None:
    slot_id = shop.booked(shop.person(), starts_at=AT)
    shop.sql(
        "UPDATE slots SET status = 'pending', pending_for = 'business', booked_at = NULL,"
        " pending_until = now() + interval '20 minutes' WHERE id = %s",
        slot_id,
    )
    assert sender.told("booked", AT) == "conflict"
    assert sender.reasons() == ["asks_here"]
    assert shop.state(slot_id)[0] == "pending"
    assert shop.texts("booking_confirmed") == []


def test_a_booking_waits_for_a_hold_to_end(shop: Shop, sender: Sender) -> None:
    slot_id = shop.held(shop.person(), seconds=60)
    starts = shop.value("SELECT starts_at FROM slots WHERE id = %s", slot_id)
    assert sender.told("booked", starts) == "waiting_hold"
    shop.sql("UPDATE slots SET held_until = now() - interval '1 second' WHERE id = %s", slot_id)
    shop.sql("UPDATE background_jobs SET run_at = now() WHERE name = 'handle_booking_delivery'")
    sender.run_jobs()
    assert sender.outcomes() == ["filled"]
    assert shop.state(slot_id)[0] == "booked"


def test_a_booking_over_one_of_ours_is_shown_to_a_person(shop: Shop, sender: Sender) -> None:
    slot_id = shop.booked(shop.person(), starts_at=AT)
    assert sender.told("booked", AT - timedelta(minutes=15)) == "conflict"
    assert shop.state(slot_id)[0] == "booked"
    shop.browser().post("/settings/booking-systems/dismissals", delivery=str(delivery_ids(shop, "conflict")[0]))
    assert sender.outcomes() == ["dismissed"]


def test_a_booking_where_we_have_nothing_is_noted(shop: Shop, sender: Sender) -> None:
    assert sender.told("booked", AT) == "noted"
    assert shop.value("SELECT count(*) FROM slots") == 0


# Order, repeats, moves


def test_created_after_cancelled_does_not_bring_it_back(shop: Shop, sender: Sender) -> None:
    early, late = written(now() - timedelta(minutes=9)), written(now() - timedelta(minutes=4))
    assert sender.told("cancelled", AT, sent_at=late) == "opened"
    assert sender.told("booked", AT, sent_at=early) == "out_of_date"
    assert slots_at(shop, AT) == [("open", "hook")]


def test_the_same_cancellation_told_twice_opens_once(shop: Shop, sender: Sender) -> None:
    shop.people(3)
    assert sender.told("cancelled", AT) == "opened"
    shop.sql("UPDATE slots SET status = 'cancelled'")
    assert sender.told("cancelled", AT) == "repeated"
    assert len(shop.texts()) == 3
    assert len(slots_at(shop, AT)) == 1


def test_a_time_that_somebody_else_booked_over_there_stays_shut(shop: Shop, sender: Sender) -> None:
    assert sender.told("booked", AT, uid="new") == "noted"
    assert sender.told("cancelled", AT, uid="old") == "left_alone"
    assert sender.reasons()[-1] == "taken_elsewhere"


def test_a_move_opens_the_time_that_it_leaves(shop: Shop, sender: Sender) -> None:
    later = AT + timedelta(hours=3)
    sender.told("booked", AT)
    assert sender.told("moved", later) == "opened"  # the line that it added for the old time
    assert (slots_at(shop, AT), slots_at(shop, later)) == ([("open", "hook")], [])


def test_a_move_of_a_booking_we_never_heard_of_says_where_it_was(shop: Shop, sender: Sender) -> None:
    later = AT + timedelta(hours=3)
    sender.told("moved", later, was={"starts_at": written(AT), "minutes": 30})
    assert slots_at(shop, AT) == [("open", "hook")]


def test_a_move_by_a_few_minutes_opens_nothing(shop: Shop, sender: Sender) -> None:
    sender.told("booked", AT)
    assert sender.told("moved", AT + timedelta(minutes=15)) == "left_alone"
    assert shop.value("SELECT count(*) FROM slots") == 0


def test_a_move_back_finds_its_time_again(shop: Shop, sender: Sender) -> None:
    later = AT + timedelta(hours=3)
    for kind, at in (("booked", AT), ("moved", later), ("moved", AT)):
        sender.told(kind, at)
    assert slots_at(shop, AT) == [("booked", "hook")]
    assert slots_at(shop, later) == [("open", "hook")]


def test_a_booking_that_goes_to_somebody_else_takes_their_slot_and_frees_the_first(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE staff_members SET display_name = 'Dr. Jones' WHERE id = %s", shop.other_staff_id)
    first = shop.slot(AT, status="open", round=1, opened_at=LONG_AGO)
    theirs = shop.slot(AT, status="open", round=1, opened_at=LONG_AGO, staff_member_id=shop.other_staff_id)
    assert sender.told("booked", AT) == "filled"
    sender.told("moved", AT, staff="Dr. Jones")
    assert (shop.state(first), shop.state(theirs)[0]) == (("open", 2), "booked")


def test_a_move_to_somebody_else_opens_the_time_of_who_had_it(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE staff_members SET display_name = 'Dr. Jones' WHERE id = %s", shop.other_staff_id)
    sender.told("booked", AT)
    assert sender.told("moved", AT + timedelta(hours=3), staff="Dr. Jones") == "opened"
    assert shop.sql("SELECT staff_member_id, starts_at FROM slots") == [(shop.staff_id, AT)]


def test_a_cancellation_that_names_nobody_is_of_whom_the_booking_was(shop: Shop, sender: Sender) -> None:
    sender.told("booked", AT)
    assert sender.told("cancelled", AT, staff="") == "opened"
    assert shop.value("SELECT staff_member_id FROM slots") == shop.staff_id


def test_a_move_of_somebody_unknown_opens_what_it_left_once_they_are_named(
    shop: Shop, sender: Sender, acting: Callable[..., Any]
) -> None:
    sender.told("booked", AT, staff="somebody")
    sender.told("moved", AT + timedelta(hours=3), staff="somebody")
    with acting(shop.owner):
        systems.name_staff(sender.id, "somebody", shop.staff_id)
    sender.run_jobs()
    assert slots_at(shop, AT) == [("open", "hook")]


def test_a_move_opens_nothing_where_the_business_says_so(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE booking_systems SET opens_moved = false")
    sender.told("booked", AT)
    assert sender.told("moved", AT + timedelta(hours=3)) == "left_alone"
    assert sender.told("cancelled", AT + timedelta(hours=3)) == "opened"


def test_a_move_never_frees_who_took_the_old_time_meanwhile(shop: Shop, sender: Sender) -> None:
    slot_id = shop.slot(AT, status="open", round=1, opened_at=LONG_AGO)
    sender.told("booked", AT)
    sender.told("moved", AT + timedelta(hours=3))
    assert shop.state(slot_id) == ("open", 2)
    request_id = shop.person()
    offer_id = shop.offer(slot_id, request_id, 2)
    shop.sql(
        "UPDATE slots SET status = 'booked', booked_offer_id = %s, booked_consumer_id = %s, booked_at = now()"
        " WHERE id = %s",
        offer_id, shop.consumer_of(request_id), slot_id,
    )  # fmt: skip
    assert sender.told("cancelled", AT + timedelta(hours=3)) == "opened"
    assert shop.state(slot_id) == ("booked", 2)


# Whose booking it is


def test_an_unknown_name_waits_until_somebody_says_who_it_is(
    shop: Shop, sender: Sender, acting: Callable[..., Any]
) -> None:
    for uid, hours in (("one", 0), ("two", 2)):
        assert (
            sender.told("cancelled", AT + timedelta(hours=hours), uid=uid, staff="JS@Clinic.example") == "waiting_staff"
        )
    with acting(shop.owner):
        assert systems.name_staff(sender.id, "js@clinic.example", shop.other_staff_id) == 2
    sender.run_jobs()
    assert sender.outcomes() == ["opened", "opened"]
    assert shop.value("SELECT count(*) FROM slots WHERE staff_member_id = %s", shop.other_staff_id) == 2
    # Asked once: from now on the name is known.
    assert sender.told("cancelled", AT + timedelta(hours=4), uid="three", staff="js@clinic.example") == "opened"


def test_a_waiting_cancellation_that_was_booked_again_meanwhile_opens_nothing(
    shop: Shop, sender: Sender, acting: Callable[..., Any]
) -> None:
    sender.told("cancelled", AT, staff="somebody", sent_at=written(now() - timedelta(minutes=9)))
    sender.told("booked", AT, staff="somebody", sent_at=written(now() - timedelta(minutes=1)))
    with acting(shop.owner):
        systems.name_staff(sender.id, "somebody", shop.staff_id)
    sender.run_jobs()
    assert sender.outcomes() == ["out_of_date", "noted"]
    assert shop.value("SELECT count(*) FROM slots") == 0


def test_a_team_of_one_is_not_asked(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE staff_members SET is_active = false WHERE id = %s", shop.other_staff_id)
    assert sender.told("cancelled", AT, staff="whoever") == "opened"


def test_somebody_who_takes_no_slots_gets_none(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE booking_systems SET staff_member_id = %s", shop.other_staff_id)
    shop.sql("UPDATE staff_members SET is_active = false WHERE id = %s", shop.other_staff_id)
    assert sender.told("cancelled", AT) == "refused"
    assert sender.reasons() == ["inactive"]


def test_an_address_for_one_person_needs_no_name(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE booking_systems SET staff_member_id = %s", shop.other_staff_id)
    sender.told("cancelled", AT, staff="Dr. Smith")
    assert shop.value("SELECT staff_member_id FROM slots") == shop.other_staff_id


# Unsigned


def test_more_unsigned_cancellations_than_allowed_wait_for_an_ok(shop: Shop, unsigned: Sender) -> None:
    shop.people(1)
    for number in range(7):
        unsigned.tell("cancelled", AT + timedelta(hours=number), uid=f"b-{number}")
    unsigned.run_jobs()
    assert unsigned.outcomes() == ["opened"] * 5 + ["waiting_approval"] * 2
    browser = shop.browser()
    assert "2 cancellations wait for your OK" in browser.get("/settings/booking-systems").text
    waiting = [str(one) for one in delivery_ids(shop, "waiting_approval")]
    assert browser.post("/settings/booking-systems/approvals", delivery=waiting).status_code == 303
    unsigned.run_jobs()
    assert unsigned.outcomes() == ["opened"] * 7


def test_more_unsigned_bookings_than_allowed_wait_for_an_ok(shop: Shop, unsigned: Sender) -> None:
    hours = [AT + timedelta(hours=number) for number in range(7)]
    slots = [shop.slot(at, status="open", round=1, opened_at=LONG_AGO) for at in hours]
    for number, at in enumerate(hours):
        unsigned.tell("booked", at, uid=f"b-{number}")
    unsigned.run_jobs()
    assert unsigned.outcomes() == ["filled"] * 5 + ["waiting_approval"] * 2
    assert [shop.state(slot)[0] for slot in slots] == ["booked"] * 5 + ["open"] * 2
    browser = shop.browser()
    shown = browser.get("/settings/booking-systems").text
    assert "2 bookings over there wait for your OK" in shown
    assert "Take these slots" in shown
    assert "Open these times" not in shown
    waiting = [str(one) for one in delivery_ids(shop, "waiting_approval")]
    browser.post("/settings/booking-systems/approvals", delivery=waiting)
    unsigned.run_jobs()
    assert [shop.state(slot)[0] for slot in slots] == ["booked"] * 7


def test_unsigned_bookings_and_cancellations_share_one_limit(shop: Shop, unsigned: Sender) -> None:
    for number in range(4):
        unsigned.tell("cancelled", AT + timedelta(hours=number), uid=f"c-{number}")
    unsigned.run_jobs()
    for number in range(2):
        unsigned.tell("booked", AT + timedelta(hours=number), uid=f"b-{number}")
    unsigned.run_jobs()
    assert unsigned.outcomes() == ["opened"] * 4 + ["filled", "waiting_approval"]


def test_one_unsigned_booking_does_not_take_a_whole_day(shop: Shop, unsigned: Sender) -> None:
    slots = [shop.slot(AT + timedelta(hours=number), status="open", round=1, opened_at=LONG_AGO) for number in range(6)]
    assert unsigned.told("booked", AT, booking={"minutes": 720}) == "waiting_approval"
    assert {shop.state(slot)[0] for slot in slots} == {"open"}


def test_an_unsigned_booking_where_nothing_is_open_asks_nobody(shop: Shop, unsigned: Sender) -> None:
    shop.sql("UPDATE booking_systems SET daily_limit = 0")
    assert unsigned.told("booked", AT) == "noted"


def test_signed_ones_are_not_limited(shop: Shop, sender: Sender) -> None:
    for number in range(7):
        sender.tell("cancelled", AT + timedelta(hours=number), uid=f"b-{number}")
    sender.run_jobs()
    assert sender.outcomes() == ["opened"] * 7


def test_an_approval_twice_opens_once(shop: Shop, unsigned: Sender, acting: Callable[..., Any]) -> None:
    shop.people(1)
    shop.sql("UPDATE booking_systems SET daily_limit = 0")
    assert unsigned.told("cancelled", AT) == "waiting_approval"
    waiting = delivery_ids(shop, "waiting_approval")
    with acting(shop.owner):
        assert (systems.approve(waiting), systems.approve(waiting)) == (1, 1)
    unsigned.run_jobs()
    assert (unsigned.outcomes(), len(shop.texts())) == (["opened"], 1)


# Once more


def test_a_stored_change_can_be_handled_once_more(shop: Shop, sender: Sender) -> None:
    beside = shop.slot(AT + timedelta(minutes=15))
    assert sender.told("cancelled", AT) == "left_alone"
    shop.sql("UPDATE slots SET status = 'cancelled' WHERE id = %s", beside)
    delivery_id = delivery_ids(shop, "left_alone")[0]
    assert shop.browser().post(f"/settings/booking-systems/deliveries/{delivery_id}/replay").status_code == 303
    sender.run_jobs()
    assert slots_at(shop, AT) == [("open", "hook")]


def test_handled_once_more_it_harms_nobody(shop: Shop, sender: Sender) -> None:
    shop.people(1)
    sender.told("cancelled", AT)
    for _ in range(2):
        shop.browser().post(
            f"/settings/booking-systems/deliveries/{delivery_ids(shop, sender.outcomes()[0])[0]}/replay"
        )
        sender.run_jobs()
    assert sender.reasons() == ["already_open"]
    assert (len(slots_at(shop, AT)), len(shop.texts())) == (1, 1)
