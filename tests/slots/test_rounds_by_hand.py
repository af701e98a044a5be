"""People chosen by hand, and why anybody did or did not get a text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest

from nexapp.slots.explaining import why
from nexapp.slots.opening import cancel_slot, open_slot
from nexapp.slots.rounds_by_hand import list_choices, offer_by_hand
from nexapp.spine.clock import now
from nexapp.spine.errors import NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.people import Browser
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def test_wishes_may_be_overruled_and_nothing_else(shop: Shop, acting: Acting) -> None:
    fits, picky = shop.person("Fits"), shop.person("Picky", staff_member_id=shop.other_staff_id)
    gone, silent = shop.person("Gone", opted_out_at=now()), shop.person("Silent", consent=False)
    paused = shop.person("Paused", status="paused")
    full = shop.person("Full")
    for _ in range(3):
        shop.offer(shop.slot(), full, created_at=now())
    slot_id = shop.slot()
    with acting(shop.owner):
        choices, _after = list_choices(slot_id)
    assert {choice.name: (choice.reason, choice.barred) for choice in choices} == {
        "Fits": (None, None), "Picky": ("other_staff", None), "Gone": (None, "opted_out"),
        "Silent": (None, "no_consent"), "Paused": (None, "paused"), "Full": (None, "limits"),
    }  # fmt: skip
    with acting(shop.owner):
        chosen = offer_by_hand(slot_id, [fits, picky, gone, silent, paused, full])
    assert (chosen.texted, chosen.left_out) == (2, 4)
    assert shop.state(slot_id) == ("open", 1)
    assert len(shop.texts()) == 2
    assert shop.value("SELECT mode FROM slot_rounds WHERE slot_id = %s", slot_id) == "picked"


def test_chosen_beside_those_whom_the_round_asked_and_once(shop: Shop, acting: Acting) -> None:
    shop.person("Fits")
    picky = shop.person("Picky", staff_member_id=shop.other_staff_id)
    slot_id = shop.slot()
    with acting(shop.owner):
        open_slot(slot_id)
    assert shop.reason(slot_id, picky) == "other_staff"
    for texted in (1, 0):
        with acting(shop.owner):
            assert offer_by_hand(slot_id, [picky], 1).texted == texted
    assert shop.reason(slot_id, picky) is None
    assert len(shop.texts()) == 2


def test_people_of_another_business_cannot_be_chosen(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    stranger, slot_id = other_shop.person("Stranger"), shop.slot()
    with acting(shop.owner):
        assert offer_by_hand(slot_id, [stranger]).texted == 0
    with acting(other_shop.owner), pytest.raises(NotFound):
        list_choices(slot_id)


def test_choosing_on_the_page(shop: Shop, owner: Browser) -> None:
    ana, slot_id = shop.person("Ana Ruiz"), shop.slot()
    shop.person("Bob Stone", staff_member_id=shop.other_staff_id)
    page = owner.get(f"/slots/{slot_id}/picks").get_data(as_text=True)
    assert ("Ana Ruiz" in page, "Doesn't fit: wish for somebody else" in page) == (True, True)
    assert "Ana Ruiz" not in owner.get(f"/slots/{slot_id}/picks", q="bob").get_data(as_text=True)
    assert "Nobody found" in owner.get(f"/slots/{slot_id}/picks", q="zzz").get_data(as_text=True)
    assert "<html" not in owner.get(f"/slots/{slot_id}/picks", fragment=True).get_data(as_text=True)
    assert owner.post(f"/slots/{slot_id}/picks").status_code == 422
    assert owner.post(f"/slots/{slot_id}/picks", person=str(ana), round=0).status_code == 303
    assert len(shop.texts()) == 1
    shop.sql("UPDATE slots SET status = 'cancelled'")
    assert owner.post(f"/slots/{slot_id}/picks", person=str(ana)).status_code == 409
    assert shop.browser(Role.VIEWER).get(f"/slots/{slot_id}/picks").status_code == 403


def test_the_page_of_a_long_list_takes_few_statements(shop: Shop, owner: Browser, statements: list[str]) -> None:
    slot_id, counts = shop.slot(), []
    for size in (2, 90):
        shop.people(size)
        statements.clear()
        page = owner.get(f"/slots/{slot_id}/picks").get_data(as_text=True)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 22
    assert page.count('name="person"') == 40
    following = page.split('href="/slots/')[-1]
    assert "Next people" in page, following


def answer(shop: Shop, acting: Acting, slot_id: UUID, request_id: UUID) -> tuple[str, str]:
    with acting(shop.owner):
        found = why(slot_id, shop.consumer_of(request_id))
    return found.kind, found.sentence


def test_why_for_every_kind_of_pair(shop: Shop, acting: Acting) -> None:
    texted, picky = shop.person("Texted"), shop.person("Picky", staff_member_id=shop.other_staff_id)
    slot_id, draft = shop.slot(), shop.slot(now() + timedelta(days=9))
    with acting(shop.owner):
        open_slot(slot_id)
    late = shop.person("Late", created_at=now() + timedelta(minutes=1))
    known = shop.booked(shop.person("Known", status="left"), starts_at=now() + timedelta(days=20))
    assert answer(shop, acting, draft, texted)[0] == "not_opened"
    assert answer(shop, acting, slot_id, texted)[1].startswith("A text goes out at")
    assert answer(shop, acting, slot_id, picky) == ("skipped", "No text: wish for somebody else of the team.")
    assert answer(shop, acting, slot_id, late)[0] == "joined_later"
    assert answer(shop, acting, known, late)[0] == "joined_later"
    with acting(shop.owner):
        assert why(slot_id, new_id()).kind == "not_on_list"
        assert why(new_id(), shop.consumer_of(texted)).kind == "not_opened"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("sent", "no receipt"), ("delivered", "arrived"), ("undelivered", "did not arrive"), ("failed", "not be sent"),
        ("cancelled", "withdrawn"), ("suppressed", "no texts are wanted"), ("expired", "in time"), ("unknown", "known"),
    ],
)  # fmt: skip
def test_what_became_of_the_text(shop: Shop, acting: Acting, status: str, words: str) -> None:
    request_id, slot_id = shop.person(), shop.slot()
    with acting(shop.owner):
        open_slot(slot_id)
    shop.sql("UPDATE messages SET status = %s, sent_at = now()", status)
    if status == "suppressed":
        assert "used up its texts" in answer(shop, acting, slot_id, request_id)[1], "nobody opted out"
        shop.sql("UPDATE messages SET error = 'The person opted out.'")
    if status == "cancelled":
        assert "taken" not in answer(shop, acting, slot_id, request_id)[1]
    assert words in answer(shop, acting, slot_id, request_id)[1]


def test_in_line_and_gone_before_the_turn_came(shop: Shop, acting: Acting) -> None:
    shop.sql("UPDATE organizations SET offer_mode = 'in_turn'")
    second, slot_id = shop.people(2)[1], shop.slot()
    with acting(shop.owner):
        open_slot(slot_id)
    assert answer(shop, acting, slot_id, second)[1] == "Number 2 in line; a text goes out when the turn comes."
    with acting(shop.owner):
        cancel_slot(slot_id)
    assert "gone before" in answer(shop, acting, slot_id, second)[1]


def test_the_latest_round_answers_and_the_earlier_ones_stand_below(shop: Shop, acting: Acting) -> None:
    request_id, slot_id = shop.person(), shop.slot()
    with acting(shop.owner):
        open_slot(slot_id)
    shop.sql("UPDATE notify_requests SET staff_member_id = %s", shop.other_staff_id)
    with acting(shop.owner):
        open_slot(slot_id)
        found = why(slot_id, shop.consumer_of(request_id))
    assert (found.kind, found.state) == ("skipped", None)
    assert found.sentence == "No text: wish for somebody else of the team."
    assert found.lines[0].startswith("Round 1: ")


def test_another_business_learns_nothing(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    request_id, slot_id = shop.person(), shop.slot()
    with acting(shop.owner):
        open_slot(slot_id)
    with acting(other_shop.owner):
        assert why(slot_id, shop.consumer_of(request_id)).kind == "not_opened"


def test_did_ana_get_a_text(shop: Shop, owner: Browser) -> None:
    shop.person("Ana Ruiz", phone="+16465550101")
    slot_id = shop.slot()
    owner.post(f"/slots/{slot_id}/rounds", round=0)
    for search in ("ana", "555-0101"):
        page = owner.get(f"/slots/{slot_id}", who=search, fragment=True).get_data(as_text=True)
        assert "A text goes out at" in page
    assert "Nobody of that name" in owner.get(f"/slots/{slot_id}", who="zoe").get_data(as_text=True)


def test_the_slot_page_shows_whose_turn_it_is(shop: Shop, owner: Browser) -> None:
    shop.person("Ana Ruiz")
    shop.person("Bob Stone")
    slot_id = shop.slot()
    answer = owner.post(f"/slots/{slot_id}/rounds", round=0, mode="in_turn", fragment=True)
    page = answer.get_data(as_text=True)
    assert "Texting 1 of 2 people in line" in answer.headers["HX-Trigger"]
    assert "may answer now" in page
    assert "So far: 1 of 2 in line" in page
    shop.sql("UPDATE messages SET status = 'delivered', sent_at = now(), delivered_at = now()")
    assert "data-countdown" in owner.get(f"/slots/{slot_id}", fragment=True).get_data(as_text=True)
