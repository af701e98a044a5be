"""Several slots reach a person as one text, which opens a page to choose from; each slot keeps its own offer."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from nexapp.slots import holds
from nexapp.slots.opening import cancel_slot, free_slot, open_slot, open_slots
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Actor, Role
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]


def slots(shop: Shop, count: int = 3) -> list[UUID]:
    return [shop.slot(now() + timedelta(days=2, hours=hour)) for hour in range(count)]


def texts(shop: Shop) -> list[tuple[str, str]]:
    return shop.sql("SELECT purpose, status FROM messages ORDER BY created_at, id")


def page_of(shop: Shop) -> str:
    body: str = shop.value("SELECT body FROM messages WHERE purpose = 'several_slots'")
    found = re.search(r"/s/[\w-]+", body)
    assert found, body
    return found[0]


def test_opened_together_they_are_one_text_each(shop: Shop, acting: Acting, client: FlaskClient) -> None:
    shop.people(4)
    ids = slots(shop)
    with acting(shop.owner):
        opened = open_slots(ids)
    assert [each.texted for each in opened] == [4, 4, 4]
    assert texts(shop) == [("several_slots", "queued")] * 4
    assert shop.value("SELECT count(DISTINCT message_id) FROM slot_offers") == 4
    assert "3 times" in shop.value("SELECT body FROM messages LIMIT 1")
    html = client.get(page_of(shop)).get_data(as_text=True)
    assert html.count('href="/c/') == 3
    assert "3 times are free" in html


def test_who_fits_one_alone_gets_its_own_text(shop: Shop, acting: Acting) -> None:
    ids = [*slots(shop, 1), shop.slot(now() + timedelta(days=3), staff_member_id=shop.other_staff_id)]
    shop.person("Both")
    shop.person("One", staff_member_id=shop.other_staff_id)
    with acting(shop.owner):
        open_slots(ids)
    assert sorted(texts(shop)) == [("several_slots", "queued"), ("slot_available", "queued")]


def test_slots_that_cannot_be_opened_are_left_out(shop: Shop, acting: Acting) -> None:
    shop.people(1)
    fine, soon, gone = shop.slot(), shop.slot(now() + timedelta(minutes=3)), shop.slot(status="cancelled")
    with acting(shop.owner):
        assert [each.slot_id for each in open_slots([gone, soon, fine])] == [fine]


def test_a_text_that_still_waits_takes_the_next_slot_in(shop: Shop, acting: Acting, client: FlaskClient) -> None:
    shop.people(2)
    for slot_id in slots(shop):
        with acting(shop.owner):
            open_slot(slot_id)
    assert texts(shop) == [("several_slots", "queued")] * 2
    assert "3 times" in shop.value("SELECT body FROM messages LIMIT 1")
    assert client.get(page_of(shop)).get_data(as_text=True).count('href="/c/') == 3


def test_a_text_that_left_stays_as_it_was(shop: Shop, acting: Acting) -> None:
    shop.people(1)
    first, second = slots(shop, 2)
    with acting(shop.owner):
        open_slot(first)
    shop.sql("UPDATE messages SET status = 'sending', attempts = 1")
    with acting(shop.owner):
        open_slot(second)
    assert texts(shop) == [("slot_available", "sending"), ("slot_available", "queued")]


def test_a_slot_that_is_taken_leaves_the_texts_that_wait(shop: Shop, acting: Acting) -> None:
    shop.people(2)
    ids = slots(shop)
    with acting(shop.owner):
        open_slots(ids)
    with acting(shop.owner):
        cancel_slot(ids[0])
    assert "2 times" in shop.value("SELECT body FROM messages LIMIT 1")
    for slot_id in ids[1:]:
        with acting(shop.owner):
            cancel_slot(slot_id)
    assert texts(shop) == [("several_slots", "cancelled")] * 2


def test_words_that_may_be_out_are_never_changed(shop: Shop, acting: Acting) -> None:
    shop.people(2)
    ids = slots(shop)
    with acting(shop.owner):
        open_slots(ids)
    shop.sql("UPDATE messages SET status = 'sending', attempts = 1")
    with acting(shop.owner):
        cancel_slot(ids[0])
    assert "3 times" in shop.value("SELECT body FROM messages LIMIT 1")


def test_the_page_shows_what_is_taken_and_what_is_mine(shop: Shop, acting: Acting, client: FlaskClient) -> None:
    first, second = shop.people(2)
    ids = slots(shop)
    with acting(shop.owner):
        open_slots(ids)
    for number, request_id in enumerate((first, second)):
        offer_id = shop.value("SELECT id FROM slot_offers WHERE slot_id = %s AND notify_request_id = %s", ids[number],
                              request_id)  # fmt: skip
        with acting(Actor(Role.LINK, shop.org_id)):
            holds.hold(offer_id)
    links = [
        re.search(r"/s/[\w-]+", body)
        for (body,) in shop.sql(
            "SELECT m.body FROM messages m JOIN notify_requests r USING (consumer_id) WHERE r.id = %s", first
        )
    ]
    assert links[0]
    html = client.get(links[0][0]).get_data(as_text=True)
    assert ("Yours" in html, "Taken" in html, html.count('href="/c/')) == (True, True, 2)
    fragment = client.get(links[0][0], headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in fragment
    assert "1 time is free" in fragment


def test_seeing_the_page_counts_and_fetching_it_does_not(shop: Shop, acting: Acting, client: FlaskClient) -> None:
    shop.people(1)
    with acting(shop.owner):
        open_slots(slots(shop))
    address = page_of(shop)
    client.get(address)
    assert shop.value("SELECT count(opened_at) FROM slot_offers") == 0
    for _ in range(2):
        assert client.post(f"{address}/opened").status_code == 204
    assert shop.value("SELECT count(opened_at) FROM slot_offers") == 3
    assert shop.value("SELECT count(*) FROM slot_events WHERE kind = 'opened' AND consumer_id IS NOT NULL") == 3


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_nobody_has(client: FlaskClient, method: str) -> None:
    address = "/s/AAAAAAAAAAAAAAAAAAAAAA"
    answer = client.get(address) if method == "get" else client.post(f"{address}/opened")
    assert answer.status_code == (404 if method == "get" else 204)


def test_together_they_count_as_one_text_of_the_day(shop: Shop, acting: Acting) -> None:
    shop.people(1)
    shop.sql("UPDATE organizations SET daily_offer_cap = 2")
    with acting(shop.owner):
        open_slots(slots(shop))
    shop.sql("UPDATE messages SET status = 'sent', attempts = 1, sent_at = now()")
    later = shop.slot(now() + timedelta(days=5))
    with acting(shop.owner):
        assert open_slot(later).texted == 1


def test_two_businesses_never_share_a_text(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    request_id = shop.person()
    consumer_id = shop.consumer_of(request_id)
    other_shop.insert("consumer_profiles", org_id=other_shop.org_id, consumer_id=consumer_id, name="Ana")
    other_shop.insert("consents", id=request_id, org_id=other_shop.org_id, consumer_id=consumer_id,
                      kind="waiting_list", wording="Yes", source="public_page")  # fmt: skip
    other_shop.insert("notify_requests", id=consumer_id, org_id=other_shop.org_id, consumer_id=consumer_id,
                      token_hash=b"x")  # fmt: skip
    for business in (shop, other_shop):
        with acting(business.owner):
            open_slot(business.slot())
    assert texts(shop) == [("slot_available", "queued")] * 2


def test_a_few_statements_whatever_the_number_of_people(shop: Shop, acting: Acting, statements: list[str]) -> None:
    asked: list[Any] = []
    for size in (2, 30):
        shop.people(size)
        ids = [shop.slot(now() + timedelta(days=20 + size, hours=n)) for n in range(2)]
        statements.clear()
        with acting(shop.owner):
            open_slots(ids)
        asked.append(len(statements))
        shop.sql("UPDATE messages SET status = 'sent', attempts = 1, sent_at = now() - interval '3 days'")
    assert asked[0] == asked[1] < 60


def test_a_freed_slot_joins_a_text_that_waits(shop: Shop, acting: Acting) -> None:
    waits, booked = shop.people(2)
    with acting(shop.owner):
        open_slot(shop.slot())
    slot_id = shop.booked(booked, starts_at=now() + timedelta(days=6))
    with acting(shop.owner):
        free_slot(slot_id)
    assert shop.value("SELECT purpose FROM messages m JOIN notify_requests r USING (consumer_id) WHERE r.id = %s"
                      " AND m.purpose IN ('slot_available', 'several_slots')", waits) == "several_slots"  # fmt: skip
