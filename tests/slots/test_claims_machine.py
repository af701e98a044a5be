"""Everything that can happen to slots, in any order: what must always hold is looked at after each step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from nexapp.slots import opening, pending
from nexapp.slots.claim_errors import NotWaitingForAnswer
from nexapp.slots.errors import SlotChanged, TooLateToOffer
from nexapp.slots.tokens import claim_token
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.slots.consumer_world import World

pytest_plugins = ["tests.slots.consumer_world"]
REFUSED = (SlotChanged, TooLateToOffer, NotWaitingForAnswer)
BECOMES = {
    "opened": "open", "offered_again": "open", "freed": "open", "held": "held", "lapsed": "open", "released": "open",
    "pending": "pending", "booked": "booked", "declined": "open", "pending_lapsed": "open", "cancelled": "cancelled",
}  # fmt: skip
SLOTS, PEOPLE = st.integers(0, 3), st.integers(0, 2)
LINKS = st.integers(0, 3)
"""Which of a person's links to a slot, the newest first: old ones are tapped as well."""

# A booking that waits for its yes stands beside the one it is to replace.
DOUBLE = """
    SELECT count(*) FROM slots a JOIN slots b ON a.booked_consumer_id = b.booked_consumer_id AND a.id < b.id
        AND a.starts_at < b.ends_at AND a.ends_at > b.starts_at
    JOIN slot_offers f ON f.id = a.booked_offer_id JOIN slot_offers g ON g.id = b.booked_offer_id
    WHERE a.status IN ('booked', 'pending') AND b.status IN ('booked', 'pending')
      AND f.replaces_offer_id IS DISTINCT FROM g.id AND g.replaces_offer_id IS DISTINCT FROM f.id
"""
TORN = """
    SELECT count(*) FROM slots s
    LEFT JOIN slot_offers h ON h.id = s.held_by_offer_id LEFT JOIN slot_offers b ON b.id = s.booked_offer_id
    WHERE (s.status = 'held') <> (h.id IS NOT NULL) OR (s.status IN ('booked', 'pending')) <> (b.id IS NOT NULL)
        AND s.status <> 'cancelled'
       OR h.slot_id <> s.id OR h.round <> s.round OR h.consumer_id <> s.held_consumer_id
       OR b.slot_id <> s.id OR b.round <> s.round OR b.consumer_id <> s.booked_consumer_id
       OR (s.status = 'open' AND (s.booked_at IS NOT NULL OR s.booked_price_cents IS NOT NULL
           OR s.pending_for IS NOT NULL))
"""
TOLD_TWICE = """
    SELECT count(*) FROM (
        SELECT m.subject_id, count(*) AS texts, (
            SELECT count(*) FROM slot_events e WHERE e.offer_id = m.subject_id AND e.kind = 'booked') AS bookings
        FROM messages m WHERE m.purpose = 'booking_confirmed' GROUP BY m.subject_id
    ) x WHERE texts > bookings
"""


class Slots(RuleBasedStateMachine):
    """Three people, four slots of which two are at the same time, one business."""

    app: Flask
    sql: Callable[..., list[Any]]
    acting: Callable[[Actor], AbstractContextManager[None]]
    run_jobs: Callable[[], None]

    @initialize(confirms=st.booleans())
    def begin(self, confirms: bool) -> None:
        self.sql("TRUNCATE organizations, consumers, background_jobs, messages CASCADE")
        self.world = World(self.app, self.sql)
        self.world.business(
            requires_confirmation=confirms, quiet_starts="00:00", quiet_ends="00:00", daily_offer_cap=20
        )  # fmt: skip
        self.client = self.app.test_client()
        self.booked: dict[UUID, tuple[UUID, int]] = {}
        self.people = [self._person(number) for number in range(3)]
        self.slots = [self._slot(hours) for hours in (5, 5, 7, 9)]

    def _person(self, number: int) -> UUID:
        person = self.world.person(f"+1212555012{number}", f"Person {number}")
        self.world.insert(
            "consents", id=new_id(), org_id=self.world.org_id, consumer_id=person.consumer_id, kind="waiting_list",
            wording="Yes", source="public_page",
        )  # fmt: skip
        return person.consumer_id

    def _slot(self, hours: int) -> UUID:
        staff = new_id()
        self.world.insert("staff_members", id=staff, org_id=self.world.org_id, display_name=f"Dr. {staff}")
        starts = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        slot_id = self.world.slot(starts, status="draft", round=0, staff_member_id=staff)
        self._merchant(lambda: opening.open_slot(slot_id))
        return slot_id

    def _merchant(self, act: Callable[[], object]) -> None:
        try:
            with self.acting(Actor(Role.OWNER, self.world.org_id)):
                act()
        except REFUSED:
            pass
        self.run_jobs()

    def _path(self, person: int, slot: int, link: int) -> str:
        rows = self.sql(
            "SELECT id FROM slot_offers WHERE consumer_id = %s AND slot_id = %s ORDER BY round DESC, id DESC",
            self.people[person], self.slots[slot],
        )  # fmt: skip
        with self.app.app_context():
            return f"/c/{claim_token(rows[min(link, len(rows) - 1)][0])}" if rows else "/c/AAAAAAAAAAAAAAAAAAAAAA"

    def _post(self, path: str, **data: str) -> None:
        status = self.client.post(path, data=data).status_code
        assert status in {303, 404, 409, 410}, (path, status)
        self.run_jobs()

    @rule(person=PEOPLE, slot=SLOTS, link=LINKS)
    def hold(self, person: int, slot: int, link: int) -> None:
        self._post(f"{self._path(person, slot, link)}/hold")

    @rule(person=PEOPLE, slot=SLOTS, link=LINKS)
    def confirm(self, person: int, slot: int, link: int) -> None:
        self._post(f"{self._path(person, slot, link)}/confirm", name=f"Person {person}")

    @rule(person=PEOPLE, slot=SLOTS)
    def hold_and_confirm(self, person: int, slot: int) -> None:
        self.hold(person, slot, 0)
        self.confirm(person, slot, 0)

    @rule(person=PEOPLE)
    def want_both_at_once(self, person: int) -> None:
        self.hold_and_confirm(person, 0)
        self.hold_and_confirm(person, 1)

    @rule(person=PEOPLE, slot=SLOTS, link=LINKS)
    def release(self, person: int, slot: int, link: int) -> None:
        self._post(f"{self._path(person, slot, link)}/release")

    @rule(person=PEOPLE, slot=SLOTS, link=LINKS)
    def cancel(self, person: int, slot: int, link: int) -> None:
        self._post(f"{self._path(person, slot, link)}/cancellation", reason="ill")

    @rule(person=PEOPLE, slot=SLOTS, link=LINKS, to=SLOTS)
    def move(self, person: int, slot: int, link: int, to: int) -> None:
        self._post(f"{self._path(person, slot, link)}/move", time=self._name(to))

    @rule(person=PEOPLE, slot=SLOTS, link=LINKS, to=SLOTS)
    def take_other(self, person: int, slot: int, link: int, to: int) -> None:
        self._post(f"{self._path(person, slot, link)}/other-times", time=self._name(to))

    @rule(slot=SLOTS)
    def let_the_hold_run_out(self, slot: int) -> None:
        self.world.let_hold_lapse(self.slots[slot], 90)

    @rule()
    def let_jobs_find_what_ran_out(self) -> None:
        self.sql("UPDATE slots SET pending_until = now() - interval '1 second' WHERE status = 'pending'")
        self.sql("UPDATE background_jobs SET run_at = now() WHERE name IN ('expire_hold', 'lapse_pending')")
        self.run_jobs()

    @rule(slot=SLOTS)
    def approve(self, slot: int) -> None:
        self._merchant(lambda: pending.approve(self.slots[slot]))

    @rule(slot=SLOTS)
    def decline(self, slot: int) -> None:
        self._merchant(lambda: pending.decline(self.slots[slot]))

    @rule(slot=SLOTS)
    def free(self, slot: int) -> None:
        self._merchant(lambda: opening.free_slot(self.slots[slot]))

    @rule(slot=SLOTS)
    def offer_again(self, slot: int) -> None:
        self._merchant(lambda: opening.open_slot(self.slots[slot]))

    @rule(slot=SLOTS)
    def cancel_slot(self, slot: int) -> None:
        if slot == 3:
            self._merchant(lambda: opening.cancel_slot(self.slots[slot]))

    @rule(slot=SLOTS, cents=st.integers(1, 50_000))
    def change_the_price(self, slot: int, cents: int) -> None:
        self.sql("UPDATE slots SET price_cents = %s WHERE id = %s", cents, self.slots[slot])

    def _name(self, slot: int) -> str:
        return str(self.world.value("SELECT public_token FROM slots WHERE id = %s", self.slots[slot]))

    @invariant()
    def one_winner_and_nothing_torn(self) -> None:
        assert self.sql(TORN) == [(0,)]
        holds = self.sql("SELECT count(*) FROM slots WHERE status = 'held' GROUP BY held_consumer_id")
        assert all(count == 1 for (count,) in holds)

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        assert self.sql(DOUBLE) == [(0,)]

    @invariant()
    def the_price_that_was_booked_stands(self) -> None:
        rows = self.sql(
            "SELECT id, booked_offer_id, booked_price_cents FROM slots WHERE status IN ('pending', 'booked')"
        )
        known, self.booked = self.booked, {row[0]: (row[1], row[2]) for row in rows}
        for slot_id, (offer_id, cents) in self.booked.items():
            assert cents is not None
            if known.get(slot_id, (None, 0))[0] == offer_id:
                assert known[slot_id][1] == cents

    @invariant()
    def the_history_tells_the_state(self) -> None:
        rows = self.sql(
            "SELECT s.id, s.status, e.kind FROM slots s JOIN slot_events e ON e.slot_id = s.id ORDER BY s.id, e.id"
        )
        told = {slot_id: (status, BECOMES[kind]) for slot_id, status, kind in rows if kind in BECOMES}
        assert all(status == said for status, said in told.values()), told

    @invariant()
    def nobody_is_told_twice(self) -> None:
        assert self.sql(TOLD_TWICE) == [(0,)]


def test_whatever_happens_the_rules_hold(
    app: Flask, owner_sql: Callable[..., list[Any]], acting: Any, run_jobs: Callable[[], None]
) -> None:
    def machine() -> Slots:
        made = Slots()
        made.app, made.sql, made.acting, made.run_jobs = app, owner_sql, acting, run_jobs
        return made

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # Each step is a request: what fails is shown as it was found.
            phases=[Phase.reuse, Phase.generate],
        ),
    )
