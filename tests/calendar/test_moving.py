"""Moving a slot and taking it back: where it may go, who is told, and two people at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text

from nexapp.local.stack import Stack
from nexapp.slots import holds
from nexapp.slots.calendar.errors import CannotMove, CannotUndo, DayClosed, MovedMeanwhile, TimeBlocked
from nexapp.slots.errors import NotYourSlot, SlotOverlaps, TimeDoesNotExist, TimeHappensTwice
from nexapp.slots.moving import Aim, Moved, move_slot, undo_move
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
ZONE = ZoneInfo("America/New_York")


def day_ahead(days: int = 3) -> date:
    return now().astimezone(ZONE).date() + timedelta(days=days)


def at(hour: int, minute: int = 0, days: int = 3) -> datetime:
    return datetime.combine(day_ahead(days), time(hour, minute), tzinfo=ZONE)


def aim(shop: Shop, hour: int, minute: int = 0, *, days: int = 3, minutes: int = 30, staff: UUID | None = None) -> Aim:
    return Aim(staff or shop.staff_id, day_ahead(days), time(hour, minute), minutes)


def go(acting: Acting, shop: Shop, slot_id: UUID, to: Aim, sequence: int | None = None) -> Moved:
    with acting(shop.owner):
        return move_slot(slot_id, to, sequence)


def go_back(acting: Acting, shop: Shop, slot_id: UUID, move_id: UUID | None) -> Moved:
    assert move_id
    with acting(shop.owner):
        return undo_move(slot_id, move_id)


def stands(shop: Shop, slot_id: UUID) -> tuple[datetime, int, UUID]:
    starts, ends, staff = shop.sql("SELECT starts_at, ends_at, staff_member_id FROM slots WHERE id = %s", slot_id)[0]
    return starts, int((ends - starts).total_seconds() // 60), staff


def moved_texts(shop: Shop, state: str = "queued") -> list[str]:
    return [body for _, body, status in shop.texts("booking_moved") if status == state]


def test_a_draft_goes_where_it_is_put(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    moved = go(acting, shop, slot_id, aim(shop, 14, 15, minutes=45, staff=shop.other_staff_id))
    assert stands(shop, slot_id) == (at(14, 15), 45, shop.other_staff_id)
    assert moved.tells is False
    assert shop.value("SELECT sequence FROM slots") == 1
    assert shop.sql("SELECT kind FROM slot_events") == [("moved",)]
    assert shop.sql("SELECT action FROM audit_entries") == [("slot.moved",)]


def test_where_it_stands_already_nothing_happens(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    assert go(acting, shop, slot_id, aim(shop, 9)).move_id is None
    assert shop.value("SELECT sequence FROM slots") == 0
    assert shop.sql("SELECT 1 FROM slot_events") == []


def test_onto_a_taken_time_is_refused_and_names_what_is_there(shop: Shop, acting: Acting) -> None:
    slot_id, _other = shop.slot(at(9)), shop.slot(at(10))
    with pytest.raises(SlotOverlaps, match="already has a slot from 10:00"):
        go(acting, shop, slot_id, aim(shop, 10, 15))
    assert stands(shop, slot_id) == (at(9), 30, shop.staff_id)
    go(acting, shop, slot_id, aim(shop, 10, 15, staff=shop.other_staff_id))
    go(acting, shop, slot_id, aim(shop, 9, 30))


def test_over_itself_is_no_overlap(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    go(acting, shop, slot_id, aim(shop, 9, 15, minutes=60))
    assert stands(shop, slot_id)[:2] == (at(9, 15), 60)


def test_onto_a_blocked_time_or_a_closed_day_is_refused(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    shop.insert(
        "blocked_times", id=new_id(), org_id=shop.org_id, starts_on=day_ahead(-4), starts="12:00",
        ends_on=day_ahead(-4), ends="13:00", is_weekly=True, note="Lunch",
    )  # fmt: skip
    shop.insert("hour_exceptions", id=new_id(), org_id=shop.org_id, on_date=day_ahead(5), note="Holiday")
    with pytest.raises(TimeBlocked, match=r"12:00.PM to 1:00.PM is blocked \(Lunch\)"):
        go(acting, shop, slot_id, aim(shop, 12, 45))
    go(acting, shop, slot_id, aim(shop, 13))
    with pytest.raises(DayClosed, match=r"is closed \(Holiday\)"):
        go(acting, shop, slot_id, aim(shop, 9, days=5))
    assert stands(shop, slot_id)[0] == at(13)


def test_outside_the_hours_it_goes_with_a_warning(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    for weekday in range(7):
        shop.insert("opening_hours", id=new_id(), org_id=shop.org_id, weekday=weekday, opens="08:00", closes="17:00")
    assert go(acting, shop, slot_id, aim(shop, 16, 30)).outside is None
    assert "8:00" in str(go(acting, shop, slot_id, aim(shop, 16, 45)).outside)


@pytest.mark.parametrize("status", ["completed", "no_show", "expired", "cancelled"])
def test_what_has_ended_stays(shop: Shop, acting: Acting, status: str) -> None:
    slot_id = shop.slot(at(9), status=status)
    with pytest.raises(CannotMove):
        go(acting, shop, slot_id, aim(shop, 10))


def test_into_the_past_or_too_long_is_refused(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    for to in (aim(shop, 9, days=-1), aim(shop, 9, minutes=3), aim(shop, 9, minutes=721), aim(shop, 9, days=500)):
        with pytest.raises(BadInput):
            go(acting, shop, slot_id, to)
    over = shop.slot(now() - timedelta(hours=2), status="draft")
    with pytest.raises(CannotMove):
        go(acting, shop, over, aim(shop, 10))


def test_across_the_gap_and_into_the_hour_that_happens_twice(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    spring = next_sunday(3, 2)
    with pytest.raises(TimeDoesNotExist, match=r"The next time that does is 3:00"):
        go(acting, shop, slot_id, Aim(shop.staff_id, spring, time(2, 30), 30))
    go(acting, shop, slot_id, Aim(shop.staff_id, spring, time(1, 30), 60))
    starts, minutes, _ = stands(shop, slot_id)
    assert (starts.astimezone(UTC).hour, minutes) == (6, 60)
    autumn = next_sunday(11, 1)
    with pytest.raises(TimeHappensTwice):
        go(acting, shop, slot_id, Aim(shop.staff_id, autumn, time(1, 30), 60))
    go(acting, shop, slot_id, Aim(shop.staff_id, autumn, time(1, 30), 60, "second"))
    assert stands(shop, slot_id)[0].astimezone(UTC).hour == 6
    # Who only changes its length is not asked again.
    go(acting, shop, slot_id, Aim(shop.staff_id, autumn, time(1, 30), 30))
    assert stands(shop, slot_id)[0].astimezone(UTC).hour == 6


def next_sunday(month: int, number: int) -> date:
    """The nth Sunday of that month that lies ahead, within a year."""
    for year in (now().year, now().year + 1):
        first = date(year, month, 1)
        found = first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))
        if found > now().date() + timedelta(days=1):
            return found
    raise AssertionError


def test_who_booked_is_told_a_little_later_with_both_times(shop: Shop, acting: Acting) -> None:
    slot_id = shop.booked(shop.person(), starts_at=at(9))
    moved = go(acting, shop, slot_id, aim(shop, 14))
    assert moved.tells is True
    (body,) = moved_texts(shop)
    assert "9:00" in body
    assert "2:00" in body
    assert "/c/" in body
    assert shop.value("SELECT send_at > now() + interval '5 seconds' FROM messages WHERE purpose = 'booking_moved'")


def test_who_holds_it_is_told_and_keeps_the_hold(shop: Shop, acting: Acting) -> None:
    slot_id = shop.held(shop.person())
    assert go(acting, shop, slot_id, aim(shop, 15)).tells is True
    assert shop.state(slot_id)[0] == "held"


def test_who_was_booked_by_hand_is_not_texted(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9), status="booked", booked_name="Walk In", booked_at=now())
    assert go(acting, shop, slot_id, aim(shop, 14)).tells is False
    assert shop.texts("booking_moved") == []


def test_an_undo_in_time_tells_nobody(shop: Shop, acting: Acting) -> None:
    slot_id = shop.booked(shop.person(), starts_at=at(9))
    moved = go(acting, shop, slot_id, aim(shop, 14, staff=shop.other_staff_id, minutes=60))
    go_back(acting, shop, slot_id, moved.move_id)
    assert stands(shop, slot_id) == (at(9), 30, shop.staff_id)
    assert moved_texts(shop) == []
    assert len(moved_texts(shop, "cancelled")) == 1
    assert shop.value("SELECT sequence FROM slots") == 2


def test_an_undo_after_the_text_left_tells_again(shop: Shop, acting: Acting) -> None:
    slot_id = shop.booked(shop.person(), starts_at=at(9))
    moved = go(acting, shop, slot_id, aim(shop, 14))
    shop.sql("UPDATE messages SET status = 'sent' WHERE purpose = 'booking_moved'")
    assert go_back(acting, shop, slot_id, moved.move_id).tells is True
    (body,) = moved_texts(shop)
    assert body.index("2:00") < body.index("9:00")


def test_two_moves_in_a_row_are_one_text_from_where_the_client_knew_it(shop: Shop, acting: Acting) -> None:
    slot_id = shop.booked(shop.person(), starts_at=at(9))
    go(acting, shop, slot_id, aim(shop, 11))
    go(acting, shop, slot_id, aim(shop, 16))
    (body,) = moved_texts(shop)
    assert "9:00" in body
    assert "4:00" in body
    assert "11:00" not in body


def test_there_and_back_by_hand_tells_nobody(shop: Shop, acting: Acting) -> None:
    slot_id = shop.booked(shop.person(), starts_at=at(9))
    go(acting, shop, slot_id, aim(shop, 11, staff=shop.other_staff_id))
    go(acting, shop, slot_id, aim(shop, 9))
    assert moved_texts(shop) == []


def test_another_person_or_length_is_news_as_well(shop: Shop, acting: Acting) -> None:
    slot_id = shop.booked(shop.person(), starts_at=at(9))
    go(acting, shop, slot_id, aim(shop, 9, staff=shop.other_staff_id))
    assert "now with Dr. Patel" in moved_texts(shop)[0]
    shop.sql("UPDATE messages SET status = 'sent'")
    go(acting, shop, slot_id, aim(shop, 9, staff=shop.other_staff_id, minutes=20))
    assert "now takes 20 minutes" in moved_texts(shop)[0]


def test_offers_that_have_not_left_say_the_new_time(shop: Shop, acting: Acting) -> None:
    from nexapp.slots.opening import open_slot

    shop.people(3)
    slot_id = shop.slot(at(9))
    with acting(shop.owner):
        open_slot(slot_id)
    queued = [body for _, body, _ in shop.texts()]
    assert all("9:00" in body for body in queued)
    go(acting, shop, slot_id, aim(shop, 14, 45))
    bodies = [body for _, body, _ in shop.texts()]
    assert len(bodies) == len(queued) == 3
    assert all("2:45" in body and "9:00" not in body for body in bodies)
    assert shop.sql("SELECT DISTINCT expires_at FROM messages") == [(at(14, 45),)]


def test_an_undo_after_somebody_booked_is_refused(shop: Shop, acting: Acting) -> None:
    request_id = shop.person()
    slot_id = shop.slot(at(9), status="open", round=1, opened_at=now())
    offer_id = shop.offer(slot_id, request_id)
    moved = go(acting, shop, slot_id, aim(shop, 14))
    shop.sql(
        "UPDATE slots SET status = 'booked', booked_offer_id = %s, booked_consumer_id = %s, booked_at = now()",
        offer_id, shop.consumer_of(request_id),
    )  # fmt: skip
    with pytest.raises(CannotUndo, match="Somebody took it at its new time"):
        go_back(acting, shop, slot_id, moved.move_id)
    assert stands(shop, slot_id)[0] == at(14)


def test_an_undo_onto_a_time_that_was_taken_meanwhile_is_refused(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    moved = go(acting, shop, slot_id, aim(shop, 14))
    shop.slot(at(9, 15))
    with pytest.raises(SlotOverlaps):
        go_back(acting, shop, slot_id, moved.move_id)
    assert shop.value("SELECT undone_at FROM slot_moves") is None


def test_an_undo_is_for_the_last_move_once_and_soon(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    first = go(acting, shop, slot_id, aim(shop, 14))
    second = go(acting, shop, slot_id, aim(shop, 15))
    with pytest.raises(CannotUndo):
        go_back(acting, shop, slot_id, first.move_id)
    go_back(acting, shop, slot_id, second.move_id)
    go_back(acting, shop, slot_id, second.move_id)
    assert stands(shop, slot_id)[0] == at(14)
    third = go(acting, shop, slot_id, aim(shop, 16))
    shop.sql("UPDATE slot_moves SET created_at = now() - interval '11 minutes'")
    with pytest.raises(CannotUndo):
        go_back(acting, shop, slot_id, third.move_id)


def test_a_move_from_an_old_page_does_not_undo_anothers(shop: Shop, acting: Acting) -> None:
    slot_id = shop.slot(at(9))
    go(acting, shop, slot_id, aim(shop, 10), sequence=0)
    with pytest.raises(MovedMeanwhile):
        go(acting, shop, slot_id, aim(shop, 11), sequence=0)
    assert stands(shop, slot_id)[0] == at(10)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Each on a thread and a connection of its own."""
    gate, found = threading.Barrier(len(acts)), ["?"] * len(acts)

    def run(place: int) -> None:
        gate.wait()
        try:
            acts[place]()
            found[place] = "done"
        except Exception as error:
            found[place] = type(error).__name__

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_people_move_the_same_slot_at_once(shop: Shop, acting: Acting) -> None:
    for number in range(5):
        slot_id = shop.slot(at(9, days=3 + number))
        there = [aim(shop, hour, days=3 + number) for hour in (10, 11)]
        outcome = at_once(*(partial(go, acting, shop, slot_id, to, 0) for to in there))
        assert sorted(outcome) == ["MovedMeanwhile", "done"]
        assert stands(shop, slot_id)[0] == at(10 + outcome.index("done"), days=3 + number)


def test_two_slots_that_swap_places_at_once_neither_wait_nor_meet(shop: Shop, acting: Acting) -> None:
    one, other = shop.slot(at(9)), shop.slot(at(10))
    outcome = at_once(lambda: go(acting, shop, one, aim(shop, 10)), lambda: go(acting, shop, other, aim(shop, 9)))
    assert outcome == ["SlotOverlaps", "SlotOverlaps"]


def test_a_move_against_a_hold_keeps_both(shop: Shop, acting: Acting) -> None:
    """The hold is on the slot, whatever its time: who took it hears of the move, or sees the new time."""
    request_id = shop.person()
    slot_id = shop.slot(at(9), status="open", round=1, opened_at=now())
    offer_id = shop.offer(slot_id, request_id)
    consumer = Actor(Role.LINK, shop.org_id)

    def hold() -> None:
        with acting(consumer):
            holds.hold(offer_id)

    outcome = at_once(hold, lambda: go(acting, shop, slot_id, aim(shop, 14)))
    assert outcome == ["done", "done"]
    assert stands(shop, slot_id)[0] == at(14)
    assert shop.state(slot_id)[0] == "held"


def test_staff_move_their_own_and_only_to_themselves(shop: Shop, acting: Acting) -> None:
    john = shop.browser(Role.STAFF, shop.staff_id).actor
    own, others = shop.slot(at(9)), shop.slot(at(9), staff_member_id=shop.other_staff_id)
    with acting(john):
        move_slot(own, aim(shop, 10))
    for slot_id, to in ((others, aim(shop, 11)), (own, aim(shop, 12, staff=shop.other_staff_id))):
        with acting(john), pytest.raises(NotYourSlot):
            move_slot(slot_id, to)


def test_another_business_finds_nothing(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    slot_id, own = shop.slot(at(9)), other_shop.slot(at(9))
    moved = go(acting, shop, slot_id, aim(shop, 10))
    with acting(other_shop.owner), pytest.raises(NotFound):
        move_slot(slot_id, aim(other_shop, 11))
    with acting(other_shop.owner), pytest.raises(NotFound):
        undo_move(slot_id, moved.move_id or new_id())
    with acting(other_shop.owner), pytest.raises(NotFound):
        undo_move(own, moved.move_id or new_id())
    with acting(other_shop.owner), pytest.raises(BadInput):
        move_slot(own, aim(shop, 11))


def test_an_undo_onto_a_time_blocked_since_is_refused(shop: Shop, acting: Acting) -> None:
    old, since = shop.slot(at(9)), shop.slot(at(15))
    lunch: dict[str, Any] = {"org_id": shop.org_id, "starts_on": day_ahead(), "ends_on": day_ahead()}
    shop.insert("blocked_times", id=new_id(), **lunch, starts="09:00", ends="10:00")
    moves = {slot_id: go(acting, shop, slot_id, aim(shop, 16 + n)).move_id for n, slot_id in enumerate((old, since))}
    shop.insert("blocked_times", id=new_id(), **lunch, starts="15:00", ends="15:45", note="Training")
    with pytest.raises(CannotUndo, match=r"is blocked \(Training\)"):
        go_back(acting, shop, since, moves[since])
    # The one that was there before stood in nobody's way.
    go_back(acting, shop, old, moves[old])
    assert stands(shop, old)[0] == at(9)


def test_a_move_does_not_wait_for_a_count_of_the_figures(shop: Shop, acting: Acting, services: Stack) -> None:
    """New rows that point at the slot hold its key until their unit ends; that is no change of it."""
    slot_id = shop.slot(at(9), status="open", round=1, opened_at=now())
    with psycopg.connect(services.owner_url) as other:
        other.execute("SELECT 1 FROM slots WHERE id = %s FOR KEY SHARE", [slot_id])
        with acting(shop.owner):
            db.session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            move_slot(slot_id, aim(shop, 14))
    assert stands(shop, slot_id)[0] == at(14)
