"""Somebody whom the business put down: one text, and their own yes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from nexapp.local.stack import Stack
from nexapp.messaging.events import InboundTextReceived
from nexapp.messaging.spending import CAP_REACHED
from nexapp.slots.invitations import accept_by_reply, text_all_invitations, text_invitations
from nexapp.slots.people_changes import put_back, take_off
from nexapp.slots.replies import answer_reply
from nexapp.slots.waiting_list import Wishes, join
from nexapp.slots.waiting_list_adding import Added, add_by_hand
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role
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


def accept(acting: Acting, shop: Shop, phone: str = PHONE, org_id: UUID | None = None) -> UUID | None:
    with acting(SYSTEM):
        return accept_by_reply(*reply(shop, phone, org_id))


def says(acting: Acting, shop: Shop, word: str, org_id: UUID | None) -> tuple[str, UUID | None]:
    """What was made of a reply, and whose it is by now."""
    consumer_id, inbound_id = reply(shop, org_id=org_id)
    with acting(SYSTEM):
        answer_reply(InboundTextReceived(inbound_id, consumer_id, org_id, word))
    row = shop.sql("SELECT handled_as, org_id FROM inbound_messages WHERE id = %s", inbound_id)[0]
    return row[0], row[1]


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
    shop.sql("UPDATE messages SET status = 'delivered', attempts = 1")
    with acting(shop.owner):
        text_invitations(str(shop.org_id))
        assert take_off(first.request_id)
    assert not accept(acting, shop, org_id=shop.org_id), "they are off the list"
    assert add() == Added(first.request_id, is_new=False, is_back=True)
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
    add()
    shop.sql("DELETE FROM background_jobs")
    with acting(SYSTEM):
        text_all_invitations()
    run_jobs()
    assert len(shop.texts("invitation")) == 1


def test_a_go_that_waited_for_another_asks_nobody_again(
    shop: Shop, add: Callable[..., Added], acting: Acting, services: Stack
) -> None:
    """Two workers take the same minute: the second sees what the first wrote, however long it stood in line."""
    add()
    lock = "pg_advisory_xact_lock(hashtextextended('invite:' || %s, 0))"

    def go() -> None:
        with acting(shop.owner):
            text_invitations(str(shop.org_id))

    second = threading.Thread(target=go)
    with psycopg.connect(services.owner_url) as first:
        first.execute(f"SELECT {lock}", (str(shop.org_id),))
        second.start()
        for _ in range(100):
            if shop.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                break
            time.sleep(0.05)
        shop.sql("UPDATE list_invitations SET message_id = %s, texted_at = now()", new_id())
    second.join()
    assert shop.texts("invitation") == []


def test_who_is_taken_off_leaves_or_joins_first_is_not_asked(
    shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    added = add()
    run_jobs()
    with acting(shop.owner):
        take_off(added.request_id)
    assert [status for _to, _body, status in shop.texts("invitation")] == ["cancelled"]
    with acting(shop.owner):
        put_back(added.request_id)
    with acting(SYSTEM):
        text_all_invitations()
    run_jobs()
    assert [status for _to, _body, status in shop.texts("invitation")] == ["cancelled", "queued"]
    with acting(Actor(Role.LINK, shop.org_id)):
        join(PHONE, "Ana", Wishes(), "I agree", None)
    assert [status for _to, _body, status in shop.texts("invitation")] == ["cancelled", "cancelled"]


def test_the_days_share_is_counted_in_segments(
    shop: Shop, add: Callable[..., Added], run_jobs: Callable[[], None]
) -> None:
    shop.sql("UPDATE organizations SET name = %s, daily_spend_cap = 8", "Zoë\u2019s Salon")
    for number in range(4):
        add(f"+1212555014{number}")
    run_jobs()
    assert {row[0] for row in shop.sql("SELECT segments FROM messages")} == {3}
    assert len(shop.texts("invitation")) == 1, "half of eight segments pays for one"


def test_those_who_sleep_keep_nobody_waiting(
    shop: Shop, add: Callable[..., Added], run_jobs: Callable[[], None]
) -> None:
    there = now().astimezone(ZoneInfo("Asia/Tokyo"))
    shop.sql(
        "UPDATE organizations SET quiet_starts = %s, quiet_ends = %s, daily_spend_cap = 4",
        (there - timedelta(hours=1)).time(), (there + timedelta(hours=1)).time(),
    )  # fmt: skip
    for number in range(3):
        add(f"+1212555014{number}")
    shop.sql("UPDATE consumers SET time_zone = 'Asia/Tokyo' WHERE phone <> '+12125550142'")
    run_jobs()
    assert [to for to, _body, _status in shop.texts("invitation")] == ["+12125550142"]


def test_a_question_that_the_cap_held_back_is_asked_another_day(
    shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    add()
    run_jobs()
    shop.sql("UPDATE messages SET status = 'suppressed', error = %s", CAP_REACHED)
    for days, texts in ((0, 1), (1, 2)):
        shop.sql("UPDATE list_invitations SET texted_at = now() - %s * interval '1 day'", days)
        with acting(SYSTEM):
            text_all_invitations()
        run_jobs()
        assert len(shop.texts("invitation")) == texts


def test_a_suspended_business_asks_nobody(shop: Shop, add: Callable[..., Added], run_jobs: Callable[[], None]) -> None:
    shop.sql("UPDATE organizations SET suspended_at = now()")
    add()
    run_jobs()
    assert shop.texts("invitation") == []


def test_a_yes_to_a_later_offer_of_another_business_is_no_consent(
    shop: Shop, other_shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    added = add()
    run_jobs()
    other_shop.insert(
        "messages", id=new_id(), org_id=other_shop.org_id, lane=3, purpose="slot_available", to_phone=PHONE,
        body="A time is open.", segments=1, status="delivered", attempts=1, subject_id=new_id(),
    )  # fmt: skip
    assert accept(acting, shop, org_id=other_shop.org_id) is None
    assert status(shop, added.request_id) == "invited"
    assert shop.value("SELECT count(*) FROM consents") == 0


def test_a_yes_belongs_to_the_business_that_asked(
    shop: Shop, other_shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    add()
    run_jobs()
    assert says(acting, shop, "YES", other_shop.org_id) == ("joined", shop.org_id)


def test_a_no_is_the_last_word(
    shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None]
) -> None:
    added = add()
    run_jobs()
    assert says(acting, shop, "NO THANKS", None) == ("declined", shop.org_id)
    run_jobs()
    assert status(shop, added.request_id) == "left"
    assert shop.value("SELECT count(*) FROM consents") == 0
    assert shop.value("SELECT count(*) FROM messages") == 1, "nothing more is said"
    with acting(shop.owner):
        assert not put_back(added.request_id)
    with pytest.raises(BadInput, match="left the list by themselves"):
        add()
    assert "They answered no on" in shop.browser().get(f"/waiting-list/{added.request_id}").get_data(as_text=True)


@pytest.mark.parametrize(("word", "made_of", "after"), [("YES", "joined", "active"), ("NO", "declined", "left")])
def test_an_invitation_that_came_last_is_what_is_answered(
    shop: Shop, other_shop: Shop, add: Callable[..., Added], acting: Acting, run_jobs: Callable[[], None],
    word: str, made_of: str, after: str,
) -> None:  # fmt: skip
    """An offer of another business still stands: it is neither taken nor let go by that."""
    there, slot_id, text_id = add(at=other_shop), other_shop.slot(status="open", round=1, opened_at=now()), new_id()
    other_shop.sql("UPDATE notify_requests SET status = 'active'")
    other_shop.insert(
        "messages", id=text_id, org_id=other_shop.org_id, lane=3, purpose="slot_available", to_phone=PHONE, attempts=1,
        body="A time is open.", segments=1, status="delivered", subject_id=new_id(), attempted_at=now(),
    )  # fmt: skip
    other_shop.offer(slot_id, there.request_id, message_id=text_id)
    here = add()
    run_jobs()
    shop.sql("UPDATE messages SET attempts = 1, attempted_at = now() WHERE org_id = %s", shop.org_id)
    assert says(acting, shop, word, shop.org_id) == (made_of, shop.org_id)
    run_jobs()
    assert status(shop, here.request_id) == after
    assert other_shop.state(slot_id) == ("open", 1)
    assert other_shop.value("SELECT passed_at FROM slot_offers") is None
