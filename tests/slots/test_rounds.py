"""In turn, in waves, by a job: who is asked when, and that nothing is done twice or for a slot that is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from nexapp.slots import holds, pending, rounds
from nexapp.slots.opening import cancel_slot, open_slot, open_slots
from nexapp.slots.rounds import advance_round, pass_turn
from nexapp.slots.rounds_rows import Asking
from nexapp.spine.jobs.ledger import enqueue
from nexapp.spine.tenancy import Actor, Role
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
Run = Callable[[], None]


def mode(shop: Shop, name: str, **settings: int) -> None:
    values = {"offer_mode": name, **settings}
    shop.sql(f"UPDATE organizations SET {', '.join(f'{k} = %s' for k in values)}", *values.values())


def opened(shop: Shop, acting: Acting, slot_id: UUID | None = None, how: Asking | None = None) -> UUID:
    found = slot_id or shop.slot()
    with acting(shop.owner):
        open_slot(found, how=how)
    return found


def asked(shop: Shop, slot_id: UUID) -> list[str]:
    """Who was asked so far, in order."""
    rows = shop.sql(
        "SELECT p.name FROM slot_offers f JOIN consumer_profiles p USING (org_id, consumer_id)"
        " WHERE f.slot_id = %s ORDER BY f.turn, f.created_at, p.name",
        slot_id,
    )
    return [row[0] for row in rows]


def sent(shop: Shop, ago: timedelta, delivered: timedelta | None = None) -> None:
    """All texts that wait left so long ago; `delivered` ago the receipt came."""
    shop.sql(
        "UPDATE messages SET status = %s, attempts = 1, sent_at = now() - %s::interval,"
        " delivered_at = now() - %s::interval WHERE status = 'queued'",
        "sent" if delivered is None else "delivered", ago, delivered,
    )  # fmt: skip


def look(shop: Shop, run_jobs: Run) -> None:
    """The moment has come that the round wants to look again."""
    shop.sql("UPDATE background_jobs SET run_at = now() WHERE status = 'queued' AND name = 'advance_round'")
    run_jobs()


def state(shop: Shop, slot_id: UUID) -> str:
    return str(shop.value("SELECT state FROM slot_rounds WHERE slot_id = %s ORDER BY round DESC LIMIT 1", slot_id))


MINUTE = timedelta(minutes=1)


def test_in_turn_asks_the_longest_waiting_and_prints_the_order(shop: Shop, acting: Acting) -> None:
    mode(shop, "in_turn")
    people = shop.people(5)
    slot_id = shop.slot()
    with acting(shop.owner):
        result = open_slot(slot_id)
    assert (result.texted, result.in_line) == (1, 4)
    assert asked(shop, slot_id) == ["Person 0"]
    assert "You are number 1 of 5" in shop.texts()[0][1]
    places = shop.sql("SELECT notify_request_id, place FROM slot_matches WHERE slot_id = %s ORDER BY place", slot_id)
    assert places == [(person, place) for place, person in enumerate(people, 1)]


@pytest.mark.parametrize(
    ("ago", "delivered", "goes_on"),
    [
        (9 * MINUTE, 9 * MINUTE, False),
        (11 * MINUTE, 10.1 * MINUTE, True),
        (11 * MINUTE, None, False),
        (14 * MINUTE, None, False),
        (15.1 * MINUTE, None, True),
        (14 * MINUTE, 5 * MINUTE, False),
        (15.1 * MINUTE, 2 * MINUTE, True),
    ],
)
def test_the_next_after_ten_minutes_from_the_receipt_or_fifteen_from_the_sending(
    shop: Shop, acting: Acting, run_jobs: Run, ago: timedelta, delivered: timedelta | None, goes_on: bool
) -> None:
    mode(shop, "in_turn")
    shop.people(3)
    slot_id = opened(shop, acting)
    sent(shop, ago, delivered)
    look(shop, run_jobs)
    assert len(asked(shop, slot_id)) == 1 + goes_on
    look(shop, run_jobs)
    assert len(asked(shop, slot_id)) == 1 + goes_on, "the second has not had their turn yet"


def test_a_turn_begins_when_the_text_leaves(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(2)
    slot_id = opened(shop, acting)
    shop.sql("UPDATE messages SET created_at = now() - interval '1 hour', send_at = now() - interval '1 hour'")
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0"]


@pytest.mark.parametrize("status", ["failed", "undelivered", "suppressed", "expired"])
def test_a_text_that_reaches_nobody_ends_the_turn(shop: Shop, acting: Acting, run_jobs: Run, status: str) -> None:
    mode(shop, "in_turn")
    shop.people(2)
    slot_id = opened(shop, acting)
    shop.sql("UPDATE messages SET status = %s, attempts = 1", status)
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0", "Person 1"]


def test_a_no_goes_on_at_once_and_only_once(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(4)
    slot_id = opened(shop, acting)
    offer_id = shop.value("SELECT id FROM slot_offers WHERE slot_id = %s", slot_id)
    for _ in range(2):
        with acting(Actor(Role.LINK, shop.org_id)):
            pass_turn(offer_id)
    run_jobs()
    run_jobs()
    assert asked(shop, slot_id) == ["Person 0", "Person 1"]


def test_another_business_cannot_pass_a_turn(shop: Shop, other_shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(2)
    slot_id = opened(shop, acting)
    offer_id = shop.value("SELECT id FROM slot_offers WHERE slot_id = %s", slot_id)
    with acting(other_shop.owner):
        pass_turn(offer_id)
        enqueue("advance_round", org_id=shop.org_id, slot_id=slot_id, round=1)
    run_jobs()
    assert asked(shop, slot_id) == ["Person 0"]
    assert shop.value("SELECT passed_at FROM slot_offers WHERE id = %s", offer_id) is None


def held(shop: Shop, acting: Acting, slot_id: UUID) -> UUID:
    offer_id: UUID = shop.value("SELECT id FROM slot_offers WHERE slot_id = %s ORDER BY turn DESC LIMIT 1", slot_id)
    with acting(Actor(Role.LINK, shop.org_id)):
        holds.hold(offer_id)
    return offer_id


def test_a_hold_stops_the_line_and_its_lapse_goes_on_at_once(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(3)
    slot_id = opened(shop, acting)
    held(shop, acting, slot_id)
    sent(shop, 20 * MINUTE, 20 * MINUTE)
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0"], "somebody holds it"
    shop.sql("UPDATE slots SET held_until = now() - interval '1 second'")
    shop.sql("UPDATE background_jobs SET run_at = now(), arguments = jsonb_set(arguments, '{held_until}', to_jsonb("
             "(SELECT held_until FROM slots)::text)) WHERE name = 'expire_hold'")  # fmt: skip
    run_jobs()
    assert asked(shop, slot_id) == ["Person 0", "Person 1"]


def test_giving_it_back_goes_on_at_once(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(3)
    slot_id = opened(shop, acting)
    offer_id = held(shop, acting, slot_id)
    with acting(Actor(Role.LINK, shop.org_id)):
        holds.release(offer_id)
    run_jobs()
    assert asked(shop, slot_id) == ["Person 0", "Person 1"]


def test_nobody_is_asked_once_it_is_taken(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(3)
    slot_id = opened(shop, acting)
    offer_id = held(shop, acting, slot_id)
    with acting(Actor(Role.LINK, shop.org_id)):
        holds.confirm(offer_id, "Ana", None)
    sent(shop, 20 * MINUTE)
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0"]
    assert state(shop, slot_id) == "done"


def test_a_cancelled_slot_and_an_older_round_ask_nobody(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(3)
    cancelled, again = opened(shop, acting), opened(shop, acting, shop.slot(staff_member_id=shop.other_staff_id))
    sent(shop, 20 * MINUTE)
    with acting(shop.owner):
        cancel_slot(cancelled)
        open_slot(again)
    shop.sql("UPDATE messages SET status = 'failed' WHERE status = 'queued'")
    look(shop, run_jobs)
    assert asked(shop, cancelled) == ["Person 0"]
    assert shop.sql("SELECT round, count(*) FROM slot_offers WHERE slot_id = %s GROUP BY 1 ORDER BY 1", again) == [
        (1, 1), (2, 2),
    ]  # fmt: skip


def test_a_step_that_runs_twice_asks_once(shop: Shop, acting: Acting) -> None:
    mode(shop, "in_turn")
    shop.people(4)
    slot_id = opened(shop, acting)
    sent(shop, 20 * MINUTE)
    step = shop.value("SELECT step FROM slot_rounds WHERE slot_id = %s", slot_id)
    for _ in range(3):
        with acting(Actor(Role.SYSTEM)):
            advance_round(str(shop.org_id), str(slot_id), 1, step)
    assert asked(shop, slot_id) == ["Person 0", "Person 1"]


def dying_worker(acting: Acting, shop: Shop, slot_id: UUID, step: int) -> None:
    with acting(Actor(Role.SYSTEM)):
        advance_round(str(shop.org_id), str(slot_id), 1, step)
        raise SystemExit


def test_a_worker_that_dies_in_a_step_leaves_nothing_of_it(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "waves", wave_size=2)
    shop.people(6)
    slot_id = opened(shop, acting)
    sent(shop, 20 * MINUTE)
    step = shop.value("SELECT step FROM slot_rounds WHERE slot_id = %s", slot_id)
    with pytest.raises(SystemExit):
        dying_worker(acting, shop, slot_id, step)
    assert len(asked(shop, slot_id)) == 2
    look(shop, run_jobs)
    assert len(asked(shop, slot_id)) == 4


def test_rounds_need_no_redis(shop: Shop, app: Flask, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(2)
    slot_id = opened(shop, acting)
    app.extensions["redis"].flushdb()
    sent(shop, 20 * MINUTE)
    look(shop, run_jobs)
    assert len(asked(shop, slot_id)) == 2


def test_a_round_whose_job_failed_for_good_is_looked_at_again(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    shop.people(2)
    slot_id = opened(shop, acting)
    sent(shop, 20 * MINUTE)
    shop.sql("UPDATE background_jobs SET status = 'failed' WHERE name = 'advance_round'")
    shop.sql("UPDATE slot_rounds SET next_at = now() - interval '2 minutes'")
    with acting(Actor(Role.SYSTEM)):
        rounds.revive_rounds()
    run_jobs()
    assert len(asked(shop, slot_id)) == 2


def test_waves(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "waves", wave_size=2, wave_minutes=30)
    shop.people(5)
    slot_id = opened(shop, acting)
    assert len(asked(shop, slot_id)) == 2
    assert "number" not in shop.texts()[0][1]
    for minutes, people in ((29, 2), (31, 4)):
        sent(shop, minutes * MINUTE, minutes * MINUTE)
        shop.sql(
            "UPDATE messages SET sent_at = now() - %s::interval, delivered_at = now() - %s::interval",
            minutes * MINUTE,
            minutes * MINUTE,
        )
        look(shop, run_jobs)
        assert len(asked(shop, slot_id)) == people
    sent(shop, 40 * MINUTE)
    look(shop, run_jobs)
    assert (len(asked(shop, slot_id)), state(shop, slot_id)) == (5, "asking")
    sent(shop, 40 * MINUTE)
    look(shop, run_jobs)
    assert state(shop, slot_id) == "done"


def test_a_slot_may_ask_otherwise_than_the_business(shop: Shop, acting: Acting) -> None:
    shop.people(4)
    slot_id = opened(shop, acting, how=Asking("waves", 3))
    assert len(asked(shop, slot_id)) == 3
    assert shop.value("SELECT mode FROM slot_rounds WHERE slot_id = %s", slot_id) == "waves"


def test_who_does_not_fit_any_more_is_passed_over(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    mode(shop, "in_turn")
    people = shop.people(6)
    slot_id = opened(shop, acting)
    gone, opted_out, paused = people[1:4]
    shop.sql("UPDATE notify_requests SET status = 'left' WHERE id = %s", gone)
    shop.sql("UPDATE consumers SET opted_out_at = now() WHERE id = %s", shop.consumer_of(opted_out))
    shop.sql("UPDATE notify_requests SET status = 'paused' WHERE id = %s", paused)
    sent(shop, 20 * MINUTE)
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0", "Person 4"]
    assert [shop.reason(slot_id, person) for person in (gone, opted_out, paused)] == ["lapsed", "opted_out", "paused"]
    assert "You are number 5 of 6" in shop.texts()[1][1]


def test_who_is_awake_is_asked_before_who_sleeps(shop: Shop, acting: Acting) -> None:
    from nexapp.spine.clock import now

    mode(shop, "in_turn")
    asleep, awake = shop.person("Asleep"), shop.person("Awake")
    by_hour = {(now().hour + offset) % 24: f"Etc/GMT{-offset:+}" for offset in range(-11, 13)}
    shop.sql("UPDATE organizations SET quiet_starts = '21:00', quiet_ends = '08:00', time_zone = %s", by_hour[12])
    shop.sql("UPDATE consumers SET time_zone = %s, region = '' WHERE id = %s", by_hour[12], shop.consumer_of(awake))
    shop.sql("UPDATE consumers SET time_zone = %s, region = '' WHERE id = %s", by_hour[2], shop.consumer_of(asleep))
    slot_id = opened(shop, acting, shop.slot(now() + timedelta(days=4)))
    assert asked(shop, slot_id) == ["Awake"]


def confirmation(shop: Shop) -> None:
    shop.sql("UPDATE organizations SET requires_confirmation = true")


@pytest.mark.parametrize("lapsed", [False, True])
def test_who_was_not_texted_for_a_booking_that_came_to_nothing_is_texted_after_all(
    shop: Shop, acting: Acting, run_jobs: Run, lapsed: bool
) -> None:
    confirmation(shop)
    shop.people(4)
    slot_id = opened(shop, acting)
    shop.sql("UPDATE messages SET status = 'sent', attempts = 1, sent_at = now() WHERE subject_id IN"
             " (SELECT id FROM slot_offers ORDER BY id LIMIT 1)")  # fmt: skip
    offer_id = shop.value("SELECT id FROM slot_offers ORDER BY id LIMIT 1")
    with acting(Actor(Role.LINK, shop.org_id)):
        holds.hold(offer_id)
        holds.confirm(offer_id, "Ana", None)
    assert sorted(status for _, _, status in shop.texts()) == ["cancelled", "cancelled", "cancelled", "sent"]
    paused = shop.value("SELECT notify_request_id FROM slot_offers ORDER BY id DESC LIMIT 1")
    shop.sql("UPDATE notify_requests SET status = 'paused' WHERE id = %s", paused)
    if lapsed:
        shop.sql("UPDATE slots SET pending_until = now() - interval '1 second'")
    with acting(shop.owner):
        pending.lapse_pending(str(slot_id)) if lapsed else pending.decline(slot_id)
    run_jobs()
    run_jobs()
    assert sorted(status for _, _, status in shop.texts()) == ["cancelled", "queued", "queued", "sent"]


def test_a_long_list_is_gone_through_by_a_job(
    shop: Shop, acting: Acting, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexapp.slots.rounds.SHORT_LIST", 5)
    monkeypatch.setattr("nexapp.slots.rounds_rows.AT_ONCE", 4)
    shop.people(10)
    slot_id = shop.slot()
    with acting(shop.owner):
        result = open_slot(slot_id)
    assert (result.listed, result.texted, state(shop, slot_id)) == (10, 0, "matching")
    run_jobs()
    assert len(asked(shop, slot_id)) == 10
    assert state(shop, slot_id) == "done"
    assert shop.sql("SELECT turn, count(*) FROM slot_offers GROUP BY 1 ORDER BY 1") == [(1, 4), (2, 4), (3, 2)]


def test_a_long_list_stops_when_it_is_taken(
    shop: Shop, acting: Acting, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexapp.slots.rounds.SHORT_LIST", 5)
    monkeypatch.setattr("nexapp.slots.rounds_rows.AT_ONCE", 4)
    shop.people(10)
    slot_id = opened(shop, acting)
    for step in (1, 2):
        with acting(Actor(Role.SYSTEM)):
            advance_round(str(shop.org_id), str(slot_id), 1, step)
    offer_id = held(shop, acting, slot_id)
    with acting(Actor(Role.LINK, shop.org_id)):
        holds.confirm(offer_id, "Ana", None)
    run_jobs()
    assert len(asked(shop, slot_id)) in {4, 8}
    assert {status for _, _, status in shop.texts()} == {"cancelled"}


def test_who_is_late_to_give_it_back_is_not_asked_again_and_again(shop: Shop, acting: Acting) -> None:
    mode(shop, "in_turn")
    shop.people(2)
    slot_id = opened(shop, acting)
    shop.sql("UPDATE slots SET status = 'pending', pending_until = now() - interval '1 minute'")
    with acting(Actor(Role.SYSTEM)):
        advance_round(str(shop.org_id), str(slot_id), 1)
    assert shop.value("SELECT next_at > now() + interval '5 seconds' FROM slot_rounds")


def test_a_declined_booking_goes_on_with_its_own_wave(shop: Shop, acting: Acting, run_jobs: Run) -> None:
    confirmation(shop)
    mode(shop, "waves", wave_size=2)
    shop.people(4)
    slot_id = opened(shop, acting)
    offer_id = shop.value("SELECT id FROM slot_offers ORDER BY id LIMIT 1")
    shop.sql("UPDATE messages SET status = 'sent', attempts = 1, sent_at = now() WHERE subject_id = %s", offer_id)
    with acting(Actor(Role.LINK, shop.org_id)):
        holds.hold(offer_id)
        holds.confirm(offer_id, "Ana", None)
    shop.sql("DELETE FROM background_jobs")
    with acting(shop.owner):
        pending.decline(slot_id)
    due = "SELECT name FROM background_jobs WHERE status = 'queued' AND name <> 'figures_catch_up' AND run_at <= now()"
    assert shop.sql(due) == [("requeue_withdrawn",)], "the next are asked after it only"
    run_jobs()
    assert len(asked(shop, slot_id)) == 2
    assert sorted(status for _, _, status in shop.texts()) == ["queued", "sent"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE notify_requests SET status = 'paused', paused_until = NULL WHERE id = %s",
        "UPDATE notify_requests SET status = 'left' WHERE id = %s",
        "UPDATE consumers SET opted_out_at = now() WHERE id = (SELECT consumer_id FROM notify_requests WHERE id = %s)",
    ],
)
def test_who_waits_no_more_keeps_nobody_waiting(shop: Shop, acting: Acting, run_jobs: Run, change: str) -> None:
    mode(shop, "in_turn")
    first, _second = shop.people(2)
    slot_id = opened(shop, acting)
    sent(shop, MINUTE, delivered=MINUTE / 2)
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0"]
    assert shop.value("SELECT next_at <= now() + interval '1 minute' FROM slot_rounds"), "seen within a minute"
    shop.sql(change, first)
    look(shop, run_jobs)
    assert asked(shop, slot_id) == ["Person 0", "Person 1"]


def test_long_lists_opened_together_are_one_text_each(
    shop: Shop, acting: Acting, run_jobs: Run, monkeypatch: pytest.MonkeyPatch, send_texts: Run
) -> None:
    monkeypatch.setattr("nexapp.slots.rounds.SHORT_LIST", 5)
    shop.people(6)
    slots = [shop.slot(), shop.slot()]
    with acting(shop.owner):
        open_slots(slots)
    with acting(Actor(Role.SYSTEM)):
        advance_round(str(shop.org_id), str(slots[0]), 1, 1)
    send_texts()
    assert {status for _, _, status in shop.texts()} == {"queued"}, "the other list may take them in"
    page = shop.browser().get(f"/slots/{slots[0]}").get_data(as_text=True)
    assert "quiet hours" not in page
    run_jobs()
    assert shop.texts() == []
    assert len(shop.texts("several_slots")) == 6
    shop.sql("UPDATE messages SET send_at = now()")
    opened(shop, acting)
    run_jobs()
    alone = "SELECT bool_and(send_at <= now()) FROM messages"
    assert shop.value(alone), "one list alone is held up by nothing"
