"""Somebody whom the business put down: one text, and their own yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from nexapp.slots.invitations import accept_by_reply, text_invitations
from nexapp.slots.people_changes import put_back, take_off
from nexapp.slots.waiting_list import Wishes
from nexapp.slots.waiting_list_adding import Added, add_by_hand
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM
from tests.slots.merchant_world import Shop

Acting = Callable[..., Any]
PHONE = "+12125550123"


@pytest.fixture
def add(shop: Shop, acting: Acting) -> Callable[..., Added]:
    def run(phone: str = PHONE, name: str = "Ana Ruiz", at: Shop = shop) -> Added:
        with acting(at.owner):
            return add_by_hand(phone, name, Wishes(), "Asked at the counter on Friday")

    return run


def reply(shop: Shop, phone: str = PHONE, org_id: UUID | None = None) -> tuple[UUID, UUID]:
    """A text of theirs, as it was stored: who, and which."""
    consumer_id, inbound_id = shop.value("SELECT id FROM consumers WHERE phone = %s", phone), new_id()
    shop.insert(
        "inbound_messages", id=inbound_id, org_id=org_id, consumer_id=consumer_id, provider_sid=inbound_id.hex,
        from_phone=phone, to_phone="+15005550006", body="Yes!", handled_as="other",
    )  # fmt: skip
    return consumer_id, inbound_id


def accept(acting: Acting, shop: Shop, phone: str = PHONE, org_id: UUID | None = None) -> bool:
    with acting(SYSTEM):
        return accept_by_reply(*reply(shop, phone, org_id))


def status(shop: Shop, request_id: UUID) -> str:
    return str(shop.value("SELECT status FROM notify_requests WHERE id = %s", request_id))


def test_one_text_asks_and_their_yes_puts_them_on_the_list(
    shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    added = add()
    run_jobs()
    [(phone, body, _status)] = shop.texts("invitation")
    assert (phone, added.is_new, status(shop, added.request_id)) == (PHONE, True, "invited")
    assert all(word in body for word in ("Downtown Dental", "YES", "STOP"))

    assert accept(acting, shop, org_id=shop.org_id)
    assert status(shop, added.request_id) == "active"
    [(wording, source)] = shop.sql("SELECT wording, source FROM consents")
    assert (source, body in wording, "Yes!" in wording) == ("reply", True, True)
    [(_phone, welcome, _status)] = shop.texts("invitation_accepted")
    assert "/w/" in welcome
    assert not accept(acting, shop, org_id=shop.org_id), "a second yes answers nothing"


def test_nobody_is_asked_twice(
    shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    first = add()
    run_jobs()
    assert add() == Added(first.request_id, is_new=False)
    with acting(shop.owner):
        text_invitations(str(shop.org_id))
        assert take_off(first.request_id)
    assert not accept(acting, shop, org_id=shop.org_id), "they are off the list"
    assert add() == Added(first.request_id, is_new=False)
    run_jobs()
    assert status(shop, first.request_id) == "invited"
    assert len(shop.texts("invitation")) == 1


def test_who_left_is_not_asked_again(shop: Shop, add: Callable[..., Added], acting: Acting) -> None:
    added = add()
    shop.sql("UPDATE notify_requests SET status = 'left'")
    with pytest.raises(BadInput, match="left the list by themselves"):
        add()
    with acting(shop.owner):
        assert not put_back(added.request_id)
    assert status(shop, added.request_id) == "left"


def test_a_number_that_takes_no_texts_is_refused_with_nothing_written(shop: Shop, add: Callable[..., Added]) -> None:
    shop.insert("consumers", id=new_id(), phone=PHONE, time_zone="", region="US", opted_out_at="2026-01-01Z")
    with pytest.raises(BadInput, match="takes no texts"):
        add()
    for table in ("consumer_profiles", "notify_requests", "list_invitations"):
        assert shop.value(f"SELECT count(*) FROM {table}") == 0


def test_a_yes_speaks_to_the_business_that_texted_last(
    shop: Shop, other_shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    here, there = add(), add(at=other_shop)
    run_jobs()
    assert not accept(acting, shop, org_id=None), "two have asked, and neither texted last"
    assert accept(acting, shop, org_id=other_shop.org_id)
    assert (status(shop, here.request_id), status(shop, there.request_id)) == ("invited", "active")
    assert accept(acting, shop, org_id=None), "one question is left"


def test_quiet_hours_and_the_days_share_hold_invitations(
    shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    shop.sql("UPDATE organizations SET quiet_starts = '00:00', quiet_ends = '23:59:59'")
    add()
    run_jobs()
    assert shop.texts("invitation") == []
    shop.sql("UPDATE organizations SET quiet_starts = '00:00', quiet_ends = '00:00', daily_spend_cap = 4")
    for number in range(4):
        add(f"+1212555014{number}", f"Person {number}")
    run_jobs()
    assert len(shop.texts("invitation")) == 2, "half of the day's spending"


def test_the_schedule_asks_whom_nobody_asked_yet(shop: Shop, add: Callable[..., Added], acting: Acting,
                                                  run_jobs: Callable[[], None]) -> None:  # fmt: skip
    from nexapp.slots.invitations import text_all_invitations

    add()
    shop.sql("DELETE FROM background_jobs")
    with acting(SYSTEM):
        text_all_invitations()
    run_jobs()
    assert len(shop.texts("invitation")) == 1
