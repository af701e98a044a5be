"""The bell and the centre as pages: what is listed, for whom, in what order, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.notifications.centre_world import (
    change,
    column,
    days,
    given,
    given_at,
    news,
    next_address,
    titles,
    toast,
    undo,
    unread,
    words,
)
from tests.people import Browser
from tests.slots.merchant_world import Shop

Sql = Callable[..., list[Any]]


@pytest.fixture
def shop(app: Flask, owner_sql: Sql) -> Shop:
    return Shop(app, owner_sql)


@pytest.fixture
def ana(shop: Shop) -> Browser:
    return shop.browser(Role.STAFF)


@pytest.fixture
def ben(shop: Shop) -> Browser:
    return shop.browser(Role.STAFF)


def test_the_inbox_shows_ones_own_and_the_newest_first(shop: Shop, ana: Browser, ben: Browser) -> None:
    given(shop, ana, "First")
    given(shop, ben, "Of Ben")
    given(shop, ana, "Second")
    page = ana.get("/notifications")
    assert page.status_code == 200
    assert titles(page) == ["Second", "First"]
    assert titles(ana.get("/notifications", fragment=True)) == ["Second", "First"]
    assert "<html" not in ana.get("/notifications", fragment=True).text
    assert unread(ana) == 2
    assert unread(ben) == 1


def test_the_bell_stands_on_every_page_with_its_number(shop: Shop, ana: Browser) -> None:
    assert "Notifications 9" not in words(ana.get("/slots"))
    for number in range(101):
        given(shop, ana, f"Notice {number}")
    shown = ana.get("/slots")
    assert 'id="bell-button" href="/notifications"' in shown.text
    assert "Notifications 99+ unread" in words(shown)


def test_each_view_holds_what_it_says(shop: Shop, ana: Browser) -> None:
    later = now() + timedelta(hours=5)
    given(shop, ana, "Fresh")
    given(shop, ana, "Known", read_at=now())
    given(shop, ana, "Asleep", snoozed_until=later)
    given(shop, ana, "Put away", archived_at=now())
    given(shop, ana, "Gone", deleted_at=now())
    given(shop, ana, "A part", folded_into=given(shop, ana, "Three together", parts=3))
    shown = {tab: set(titles(ana.get("/notifications", tab=tab))) for tab in ("inbox", "unread", "snoozed", "archived")}
    assert shown == {
        "inbox": {"Fresh", "Known", "Three together"}, "unread": {"Fresh", "Three together"}, "snoozed": {"Asleep"},
        "archived": {"Put away"},
    }  # fmt: skip


def test_an_empty_view_says_what_will_be_there(ana: Browser) -> None:
    said = {
        "": "All caught up",
        "unread": "Nothing unread",
        "snoozed": "Nothing snoozed",
        "archived": "Nothing archived",
    }
    for tab, sentence in said.items():
        assert sentence in words(ana.get("/notifications", tab=tab))
    assert "Everything was sent" in words(ana.get("/notifications/not-sent"))
    assert "Nothing found" in words(ana.get("/notifications", q="zzz"))


def test_search_and_type_narrow_the_list(shop: Shop, ana: Browser) -> None:
    given(shop, ana, "100% booked_up")
    given(shop, ana, "Ana booked", message="With Dr. Patel")
    given(shop, ana, "Import done", type="scan_complete")
    assert titles(ana.get("/notifications", q="0% B")) == ["100% booked_up"]
    assert titles(ana.get("/notifications", q="patel")) == ["Ana booked"]
    assert len(titles(ana.get("/notifications", type="scan_complete"))) == 1
    assert len(titles(ana.get("/notifications", type="no such type"))) == 3, "what can't be read is left out"


def test_pages_follow_each_other_without_gap_or_double(shop: Shop, ana: Browser) -> None:
    for number in range(60):
        at = now() - timedelta(days=(59 - number) // 20) + timedelta(milliseconds=number)
        given_at(shop, ana, at, f"Notice {number:02}")
    seen: list[str] = []
    address, headings = "/notifications", []
    while address:
        page = ana.get(address, fragment=True)
        seen += titles(page)
        headings += days(page)
        address = next_address(page)
    assert seen == [f"Notice {number:02}" for number in reversed(range(60))]
    assert headings[:2] == ["Today", "Yesterday"]
    assert len(headings) == len(set(headings)) == 3, "a day that goes on has one heading"


def test_a_list_that_was_made_longer_is_fetched_anew_as_long(shop: Shop, ana: Browser) -> None:
    for number in range(60):
        given(shop, ana, f"Notice {number:02}")
    again = ana.get("/notifications", fragment=True, shown="50")
    assert len(titles(again)) == 50
    given(shop, ana, "Brand new")
    again = ana.get("/notifications", fragment=True, shown="50")
    assert titles(again)[:2] == ["Brand new", "Notice 59"]
    rest = titles(ana.get(next_address(again), fragment=True))
    assert sorted([*titles(again), *rest]) == sorted(["Brand new", *(f"Notice {n:02}" for n in range(60))])
    assert len(titles(ana.get("/notifications", fragment=True, shown="9" * 5000))) == 25


def test_looking_changes_nothing_and_reading_is_posted(shop: Shop, ana: Browser) -> None:
    notice = given(shop, ana)
    page = ana.get(f"/notifications/{notice}")
    assert "Tomorrow at 9:30 with Dr. Smith" in words(page)
    assert "<html" not in ana.get(f"/notifications/{notice}", fragment=True).text
    ana.get(f"/notifications/{notice}/open")
    assert (column(shop, notice, "read_at"), unread(ana)) == (None, 1)
    assert change(ana, "read", notice).status_code == 204
    assert unread(ana) == 0


def test_what_is_looked_at_stays_among_the_unread(shop: Shop, ana: Browser) -> None:
    given(shop, ana, "Older")
    chosen = given(shop, ana, "Chosen")
    given(shop, ana, "Newer")
    change(ana, "read", chosen)
    assert titles(ana.get("/notifications", tab="unread", fragment=True)) == ["Newer", "Older"]
    shown = ana.get("/notifications", tab="unread", chosen=str(chosen), fragment=True)
    assert titles(shown) == ["Newer", "Chosen", "Older"]
    change(ana, "archive", chosen)
    shown = ana.get("/notifications", tab="unread", chosen=str(chosen), fragment=True)
    assert titles(shown) == ["Newer", "Older"]


def test_a_notice_opens_to_its_parts(shop: Shop, ana: Browser) -> None:
    whole = given(shop, ana, "2 bookings", parts=2, action_url=None)
    for name in ("Zoe", "Yann"):
        given(shop, ana, f"{name} booked", folded_into=whole)
    shown = words(ana.get(f"/notifications/{whole}"))
    assert "Together in this notice" in shown
    assert "Yann booked" in shown
    assert titles(ana.get("/notifications")) == ["2 bookings"]


def test_with_elite_the_urgent_stands_first(shop: Shop, ana: Browser) -> None:
    shop.sql("UPDATE organizations SET tier = 'elite'")
    given(shop, ana, "Burning", priority="high")
    given(shop, ana, "Put out", priority="high", read_at=now())
    for number in range(40):
        given(shop, ana, f"Notice {number:02}")
    page = ana.get("/notifications")
    assert (titles(page)[:2], days(page)) == (["Burning", "Notice 39"], ["Urgent", "Today"])
    seen, address = titles(page), next_address(page)
    while address:
        rest = ana.get(address, fragment=True)
        seen, address = [*seen, *titles(rest)], next_address(rest)
    assert len(seen) == len(set(seen)) == 42
    assert titles(ana.get("/notifications/bell", fragment=True))[:2] == ["Burning", "Notice 39"]
    assert titles(ana.get("/notifications", q="notice"))[0] == "Notice 39"
    shop.sql("UPDATE organizations SET tier = 'pro'")
    assert titles(ana.get("/notifications"))[0] == "Notice 39"
    assert titles(ana.get("/notifications/bell", fragment=True))[0] == "Notice 39"


def test_what_also_went_out_and_what_did_not_stands_below(shop: Shop, ana: Browser) -> None:
    notice = given(shop, ana)
    shop.insert(
        "messages", id=new_id(), org_id=shop.org_id, channel="email", lane=3, purpose="notice", to_phone="", body="x",
        to_email="ana@example.com", segments=0, status="delivered", notification_id=notice, user_id=ana.actor.user_id,
    )  # fmt: skip
    shop.insert(
        "notification_skips", id=new_id(), user_id=ana.actor.user_id, org_id=shop.org_id, type="slot_booked",
        channel="push", reason="no_device", title="Ana booked", notification_id=notice,
    )  # fmt: skip
    shown = words(ana.get(f"/notifications/{notice}"))
    assert "E-mail Delivered" in shown
    assert "Push: No browser or phone of yours gets pushes yet." in shown


def test_what_was_not_sent_is_listed_with_its_reason(shop: Shop, ana: Browser, ben: Browser) -> None:
    for number in range(30):
        shop.insert(
            "notification_skips", id=new_id(), user_id=ana.actor.user_id, org_id=shop.org_id, type="slot_booked",
            channel="email", reason="quiet_hours", title=f"Held {number}", held_until=now() + timedelta(hours=2),
        )  # fmt: skip
    page = ana.get("/notifications/not-sent")
    assert "Held 29" in words(page)
    assert "E-mail: Held until your quiet hours end. Until" in words(page)
    assert "Held 0 " not in words(page)
    assert "Held 0 " in words(ana.get(next_address(page)))
    assert "Held" not in words(ben.get("/notifications/not-sent"))


def test_the_panel_lists_the_latest(shop: Shop, ana: Browser) -> None:
    for number in range(20):
        given(shop, ana, f"Notice {number}")
    panel = ana.get("/notifications/bell", fragment=True)
    assert titles(panel) == [f"Notice {number}" for number in reversed(range(5, 20))]
    assert "20 unread" in words(panel)
    assert ana.get("/notifications/bell").location == "/notifications"


def test_a_page_hears_what_came_since_it_last_asked(shop: Shop, ana: Browser, ben: Browser) -> None:
    start = now()
    given_at(shop, ana, start - timedelta(days=1), "Long ago")
    given(shop, ben, "Of Ben")
    given(shop, ana, "One")
    given(shop, ana, "Two <b>", read_at=None)
    given(shop, ana, "Read elsewhere", read_at=now())
    assert news(ana, start)[-2:] == ["One", "Two <b>"]
    assert "Of Ben" not in news(ana, start)
    assert news(ana, start - timedelta(days=2)) == [], "who was away so long looks at the number"
    for unreadable in ("", "x", "2026-01-01T00:00:00", "9999-12-31T23:59:59+00:00"):
        assert ana.get("/notifications/count", fragment=True, since=unreadable).status_code == 200


def test_the_cost_of_each_page_does_not_grow(shop: Shop, ana: Browser, statements: list[str]) -> None:
    def count(path: str, fragment: bool = False) -> int:
        ana.get(path, fragment=fragment)
        statements.clear()
        ana.get(path, fragment=fragment)
        return len(statements)

    def counts(first: Any) -> dict[str, int]:
        pages = ["/notifications", "/notifications?tab=unread", "/notifications?q=notice", "/notifications/not-sent",
                 f"/notifications/{first}"]  # fmt: skip
        pieces = ["/notifications", "/notifications/bell", "/notifications/count", f"/notifications/{first}"]
        return {path: count(path) for path in pages} | {f"{path} piece": count(path, True) for path in pieces}

    first = given(shop, ana)
    before = counts(first)
    for number in range(80):
        given(shop, ana, f"Notice {number}")
        shop.insert(
            "notification_skips", id=new_id(), user_id=ana.actor.user_id, org_id=shop.org_id, type="slot_booked",
            reason="tier", title=f"Skip {number}",
        )  # fmt: skip
    assert counts(first) == before
    assert before["/notifications/count piece"] <= 4, before
    assert max(before.values()) <= 14, before


def test_everything_can_be_taken_back(shop: Shop, ana: Browser) -> None:
    known, fresh = given(shop, ana, "Known", read_at=now()), given(shop, ana, "Fresh")
    for verb, gone_from in (("archive", "inbox"), ("delete", "inbox"), ("snooze", "inbox")):
        done = change(ana, verb, known, fresh)
        assert toast(done)["text"].startswith("2 ")
        assert titles(ana.get("/notifications", tab=gone_from)) == []
        assert undo(ana, done).status_code == 204
        assert set(titles(ana.get("/notifications"))) == {"Known", "Fresh"}
        assert unread(ana) == 1, f"{verb}: only what was unread is unread again"
