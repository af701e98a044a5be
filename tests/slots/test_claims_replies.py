"""Answers by text: a yes takes the newest live time, two ask which, a no lets go, and late ones are told so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from nexapp.messaging.events import InboundTextReceived
from nexapp.slots.replies import answer_reply, read
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM
from tests.slots.consumer_world import Offer, Person, World, confirm, hold

pytest_plugins = ["tests.slots.consumer_world"]


class Texting:
    """Texts between people and us, as the webhook's handler leaves them."""

    def __init__(self, world: World, acting: Any, run_jobs: Callable[[], None]) -> None:
        self.world, self.acting, self.run_jobs = world, acting, run_jobs

    def offer(self, world: World, person: Person, slot_id: UUID | None = None) -> Offer:
        offer = world.offer(slot_id or world.slot(), person)
        message = world.unsent_text(offer)
        self.world.sql("UPDATE messages SET status = 'delivered', attempts = 1, sent_at = now() WHERE id = %s", message)
        return offer

    def write(self, person: Person, body: str, *, times: int = 1) -> UUID:
        inbound_id = new_id()
        self.world.insert(
            "inbound_messages", id=inbound_id, org_id=self.world.org_id, consumer_id=person.consumer_id,
            provider_sid=f"SM{inbound_id.hex}", from_phone=person.phone, to_phone="+15550001111", body=body,
            handled_as="other", needs_review=True,
        )  # fmt: skip
        for _ in range(times):
            with self.acting(SYSTEM):
                answer_reply(InboundTextReceived(inbound_id, person.consumer_id, self.world.org_id, body.upper()))
            self.run_jobs()
        return inbound_id

    def handled(self, inbound_id: UUID) -> tuple[str, bool]:
        row = self.world.sql("SELECT handled_as, needs_review FROM inbound_messages WHERE id = %s", inbound_id)[0]
        return row[0], row[1]

    def answers(self, purpose: str) -> list[str]:
        rows = self.world.sql("SELECT body FROM messages WHERE purpose = %s ORDER BY id", purpose)
        return [row[0] for row in rows]


@pytest.fixture
def texting(world: World, acting: Any, run_jobs: Callable[[], None]) -> Texting:
    return Texting(world, acting, run_jobs)


@pytest.fixture
def ana(world: World) -> Person:
    return world.person()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("YES", "yes"), ("Y", "yes"), ("YES PLEASE", "yes"), ("YES, PLEASE", "yes"), ("YEAH", "yes"),
        ("NO", "no"), ("NO THANKS", "no"), ("NOT THIS ONE", "no"), ("CAN'T, SORRY", "no"), ("2", "number"),
        ("2 PLEASE", "number"), ("YES 2", "number"), ("YES BUT LATER", "unclear"), ("NO PROBLEM", "unclear"),
        ("NO 2", "unclear"), ("10", "unclear"), ("OK", "unclear"), ("", "unclear"), ("YESTERDAY", "unclear"),
        ("IS 2 STILL FREE", "unclear"),
    ],
)  # fmt: skip
def test_what_a_reply_says(word: str, kind: str) -> None:
    assert read(word).kind == kind


def test_yes_holds_and_confirms_the_one_live_offer(world: World, texting: Texting, ana: Person) -> None:
    offer = texting.offer(world, ana)
    inbound = texting.write(ana, "Yes")
    assert world.sql("SELECT status, booked_offer_id, booked_name FROM slots") == [("booked", offer.id, "Ana Ruiz")]
    assert texting.handled(inbound) == ("claimed", False)
    assert len(texting.answers("booking_confirmed")) == 1
    assert world.events(world.value("SELECT id FROM slots")) == ["held", "booked"]


def test_yes_twice_and_handled_twice_books_once(world: World, texting: Texting, ana: Person) -> None:
    texting.offer(world, ana)
    texting.write(ana, "YES", times=3)
    again = texting.write(ana, "yes")
    assert texting.handled(again) == ("claimed", False)
    assert len(texting.answers("booking_confirmed")) == 1
    assert texting.answers("claim_answer") == []


def test_a_killed_workers_second_run_of_the_claim_says_nothing_twice(
    world: World, texting: Texting, ana: Person, run_jobs: Callable[[], None]
) -> None:
    texting.offer(world, ana)
    texting.write(ana, "YES")
    world.sql("UPDATE background_jobs SET status = 'queued', leased_by = NULL WHERE name = 'claim_by_reply'")
    run_jobs()
    assert len(texting.answers("booking_confirmed")) == 1
    assert world.events(world.value("SELECT id FROM slots")) == ["held", "booked"]


def test_yes_that_comes_too_late_is_told(client: FlaskClient, world: World, texting: Texting, ana: Person) -> None:
    slot_id = world.slot()
    texting.offer(world, ana, slot_id)
    ben = world.offer(slot_id, world.person("+12125550124", "Ben"))
    hold(client, ben)
    inbound = texting.write(ana, "YES")
    assert texting.handled(inbound) == ("too_late", False)
    assert "was just taken. You stay on the list." in texting.answers("claim_answer")[0]
    assert "Ben" not in texting.answers("claim_answer")[0]
    world.slot()
    texting.write(ana, "YES")
    assert "Other open times: " in texting.answers("claim_answer")[1]
    confirm(client, ben, "Ben")
    assert world.state(slot_id) == "booked"


def test_a_yes_days_later_is_for_a_person_to_read(world: World, texting: Texting, ana: Person) -> None:
    offer = texting.offer(world, ana)
    world.sql("UPDATE slots SET status = 'cancelled'")
    world.sql("UPDATE messages SET sent_at = now() - interval '2 days' WHERE subject_id = %s", offer.id)
    assert texting.handled(texting.write(ana, "YES")) == ("other", True)


def test_the_inbox_keeps_open_what_a_person_has_to_read(world: World, texting: Texting, ana: Person) -> None:
    texting.offer(world, ana)
    texting.write(ana, "YES")
    assert world.value("SELECT done_at IS NOT NULL FROM conversations")
    texting.write(ana, "may I bring my dog?")
    assert world.value("SELECT done_at IS NULL FROM conversations")
    texting.write(ana, "YES")
    assert world.value("SELECT done_at IS NULL FROM conversations")


@pytest.mark.parametrize("body", ["maybe", "when exactly?", "7"])
def test_what_is_unclear_waits_for_a_person(world: World, texting: Texting, ana: Person, body: str) -> None:
    texting.offer(world, ana)
    assert texting.handled(texting.write(ana, body)) == ("other", True)
    assert world.value("SELECT status FROM slots") == "open"


def test_two_live_offers_ask_which_and_the_number_books_that_one(world: World, texting: Texting, ana: Person) -> None:
    first, second = texting.offer(world, ana), texting.offer(world, ana)
    asked = texting.write(ana, "YES")
    assert texting.handled(asked) == ("asked_which", False)
    question = texting.answers("which_time")[0]
    assert "Reply 1 for " in question
    assert "; 2 for " in question
    assert world.sql("SELECT DISTINCT status FROM slots") == [("open",)]
    chosen = world.value("SELECT offer_id FROM reply_choices WHERE number = 2")
    assert chosen == first.id, "the newest is named first"
    assert texting.handled(texting.write(ana, "2")) == ("claimed", False)
    assert world.value("SELECT booked_offer_id FROM slots WHERE status = 'booked'") == first.id
    assert texting.handled(texting.write(ana, "3")) == ("other", True)
    assert second.id != first.id


def test_a_choice_that_went_meanwhile_is_told(client: FlaskClient, world: World, texting: Texting, ana: Person) -> None:
    gone = world.slot()
    texting.offer(world, ana, gone)
    texting.offer(world, ana)
    texting.write(ana, "YES")
    hold(client, world.offer(gone, world.person("+12125550124", "Ben")))
    assert texting.handled(texting.write(ana, "2")) == ("too_late", False)
    assert "was just taken. You stay on the list." in texting.answers("claim_answer")[0]


def test_two_businesses_offers_are_kept_apart(world: World, other_world: World, texting: Texting, ana: Person) -> None:
    mine = texting.offer(world, ana)
    other_world.insert("consumer_profiles", org_id=other_world.org_id, consumer_id=ana.consumer_id, name="A.")
    request = new_id()
    other_world.insert(
        "notify_requests", id=request, org_id=other_world.org_id, consumer_id=ana.consumer_id, token_hash=b"there"
    )
    theirs = texting.offer(other_world, Person(ana.phone, "A.", ana.consumer_id, request))
    texting.write(ana, "YES")
    assert world.value("SELECT org_id FROM messages WHERE purpose = 'which_time'") is None
    assert world.sql("SELECT org_id, offer_id FROM reply_choices ORDER BY number") == [
        (other_world.org_id, theirs.id), (world.org_id, mine.id),
    ]  # fmt: skip
    chosen = texting.write(ana, "1")
    assert world.value("SELECT org_id FROM inbound_messages WHERE id = %s", chosen) == other_world.org_id
    assert world.value("SELECT booked_name FROM slots WHERE status = 'booked'") == "A."


def test_yes_confirms_what_is_held_already(client: FlaskClient, world: World, texting: Texting, ana: Person) -> None:
    held = texting.offer(world, ana)
    texting.offer(world, ana)
    hold(client, held)
    assert texting.handled(texting.write(ana, "YES")) == ("claimed", False)
    assert world.value("SELECT booked_offer_id FROM slots WHERE status = 'booked'") == held.id


def test_no_lets_go_and_stays_on_the_list(world: World, texting: Texting, ana: Person) -> None:
    offer = texting.offer(world, ana)
    assert texting.handled(texting.write(ana, "No thanks", times=2)) == ("declined", False)
    assert world.value("SELECT passed_at IS NOT NULL FROM slot_offers WHERE id = %s", offer.id)
    assert world.value("SELECT status FROM notify_requests") == "active"
    assert texting.handled(texting.write(ana, "YES")) == ("claimed", False)
    assert world.value("SELECT status FROM slots") == "booked"


def test_a_no_without_an_offer_is_for_a_person_to_read(texting: Texting, ana: Person) -> None:
    assert texting.handled(texting.write(ana, "NO")) == ("other", True)


def test_yes_where_the_business_confirms_says_so(world: World, texting: Texting, ana: Person) -> None:
    world.sql("UPDATE organizations SET requires_confirmation = true")
    texting.offer(world, ana)
    texting.write(ana, "YES")
    assert world.value("SELECT status FROM slots") == "pending"
    assert "confirms each booking and answers by" in texting.answers("claim_answer")[0]


def test_yes_where_a_booking_system_books_leads_there(world: World, texting: Texting, ana: Person) -> None:
    world.sql("UPDATE organizations SET uses_booking_system = true, booking_url = 'https://book.example.com'")
    offer = texting.offer(world, ana)
    texting.write(ana, "YES")
    assert world.value("SELECT pending_for FROM slots") == "booking_system"
    assert offer.path in texting.answers("claim_answer")[0]


def test_yes_to_a_time_that_crosses_a_booking_is_told(
    client: FlaskClient, world: World, texting: Texting, ana: Person
) -> None:
    offer = texting.offer(world, ana)
    texting.write(ana, "YES")
    starts = world.value("SELECT starts_at FROM slots")
    world.insert("staff_members", id=offer.id, org_id=world.org_id, display_name="Dr. Patel")
    texting.offer(world, ana, world.slot(starts, staff_member_id=offer.id))
    assert texting.handled(texting.write(ana, "YES")) == ("too_late", False)
    assert "another booking at that time" in texting.answers("claim_answer")[0]


def test_an_unsent_text_is_no_offer_yet(world: World, texting: Texting, ana: Person) -> None:
    world.unsent_text(world.offer(world.slot(), ana))
    assert texting.handled(texting.write(ana, "YES")) == ("other", True)
    assert world.value("SELECT status FROM slots") == "open"


def test_a_yes_to_a_colleagues_own_words_is_for_them_to_read(world: World, texting: Texting, ana: Person) -> None:
    texting.offer(world, ana)
    world.insert("users", id=world.staff_id, phone="+13055550100", name="Olivia")
    world.insert(
        "messages", id=new_id(), org_id=world.org_id, consumer_id=ana.consumer_id, lane=1, purpose="reply",
        to_phone=ana.phone, body="Does three suit you?", segments=1, status="delivered", attempts=1,
        created_by=world.staff_id,
    )  # fmt: skip
    assert texting.handled(texting.write(ana, "YES")) == ("other", True)
    assert world.value("SELECT status FROM slots") == "open"


@pytest.mark.parametrize("purpose", ["reminder", "booking_confirmed", "booking_moved"])
@pytest.mark.parametrize("word", ["YES", "No, sorry"])
def test_who_answers_a_reminder_means_the_booking(
    world: World, texting: Texting, ana: Person, purpose: str, word: str
) -> None:
    offer = texting.offer(world, ana)
    world.insert(
        "messages", id=new_id(), org_id=world.org_id, consumer_id=ana.consumer_id, lane=2, purpose=purpose,
        to_phone=ana.phone, body="Reminder", segments=1, status="sent", attempts=1,
    )  # fmt: skip
    assert texting.handled(texting.write(ana, word)) == ("other", True)
    assert world.value("SELECT status FROM slots") == "open"
    assert world.value("SELECT passed_at FROM slot_offers WHERE id = %s", offer.id) is None
    texting.offer(world, ana)
    assert texting.handled(texting.write(ana, word))[0] != "other", "an offer that came after it"


def test_no_is_for_what_came_last(world: World, texting: Texting, ana: Person) -> None:
    first, last = texting.offer(world, ana), texting.offer(world, ana)
    world.sql("UPDATE messages SET sent_at = now() - interval '10 minutes' WHERE subject_id = %s", first.id)
    texting.write(ana, "NO")
    assert world.sql("SELECT id FROM slot_offers WHERE passed_at IS NOT NULL") == [(last.id,)]
    texting.write(ana, "NO")
    assert world.value("SELECT count(*) FROM slot_offers WHERE passed_at IS NOT NULL") == 2


def test_no_is_for_all_the_times_of_one_text(world: World, texting: Texting, ana: Person) -> None:
    first, second = texting.offer(world, ana), world.offer(world.slot(), ana)
    world.sql(
        "UPDATE slot_offers SET message_id = (SELECT message_id FROM slot_offers WHERE id = %s) WHERE id = %s",
        first.id, second.id,
    )  # fmt: skip
    texting.write(ana, "NO")
    assert world.value("SELECT count(*) FROM slot_offers WHERE passed_at IS NOT NULL") == 2


def test_a_yes_that_is_refused_keeps_nothing_from_the_others(world: World, texting: Texting, ana: Person) -> None:
    mine = texting.offer(world, ana)
    texting.write(ana, "YES")
    world.insert("staff_members", id=mine.id, org_id=world.org_id, display_name="Dr. Patel")
    slot_id = world.slot(world.value("SELECT starts_at FROM slots"), staff_member_id=mine.id)
    other = texting.offer(world, ana, slot_id)
    world.sql("UPDATE slot_offers SET replaces_offer_id = %s WHERE id = %s", mine.id, other.id)
    assert texting.handled(texting.write(ana, "YES")) == ("too_late", False)
    assert world.state(slot_id) == "open"


def test_a_yes_locks_the_person_before_the_slot(
    world: World, texting: Texting, ana: Person, statements: list[str]
) -> None:
    texting.offer(world, ana)
    statements.clear()
    texting.write(ana, "YES")
    locks = [n for n, statement in enumerate(statements) if "'bookings:'" in statement]
    slots = [n for n, statement in enumerate(statements) if "UPDATE slots" in statement]
    assert locks[0] < slots[0]
