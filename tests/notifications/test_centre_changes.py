"""What people do with their notices: to their own alone, once, and back again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask

from nexapp.notifications.centre_actions import Acted, NoticeAction, register_action
from nexapp.notifications.centre_lines import day_words, snooze_choices
from nexapp.notifications.centre_words import done_words
from nexapp.spine.clock import now
from nexapp.spine.errors import NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import CHANNEL
from nexapp.spine.tenancy import Role
from tests.live import Heard
from tests.notifications.centre_world import change, column, given, titles, toast, undo, unread, words
from tests.people import Browser
from tests.slots.merchant_world import Shop

Sql = Callable[..., list[Any]]
VERBS = ["read", "unread", "archive", "unarchive", "snooze", "unsnooze", "delete", "seen", "acted"]
STATE = "read_at, archived_at, snoozed_until, deleted_at, seen_at, acted_at"


@pytest.fixture
def shop(app: Flask, owner_sql: Sql) -> Shop:
    return Shop(app, owner_sql)


@pytest.fixture
def ana(shop: Shop) -> Browser:
    return shop.browser(Role.STAFF)


@pytest.fixture
def ben(shop: Shop) -> Browser:
    return shop.browser(Role.OWNER)


def state(shop: Shop, notice: UUID) -> tuple[Any, ...]:
    return tuple(shop.sql(f"SELECT {STATE} FROM notifications WHERE id = %s", notice)[0])


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_touches_a_colleagues_notices(shop: Shop, ana: Browser, ben: Browser, verb: str) -> None:
    """Not even the owner of the business."""
    theirs = given(shop, ana, snoozed_until=now() + timedelta(hours=1) if verb == "unsnooze" else None)
    before = state(shop, theirs)
    answer = change(ben, verb, theirs)
    assert answer.status_code == (204 if verb in {"seen", "acted"} else 404)
    assert state(shop, theirs) == before


def test_nobody_reads_opens_or_answers_a_colleagues_notice(shop: Shop, ana: Browser, ben: Browser) -> None:
    theirs = given(shop, ana, "A secret")
    for path in (f"/notifications/{theirs}", f"/notifications/{theirs}/open"):
        assert ben.get(path).status_code == 404
    for path in (f"/notifications/{theirs}/open", f"/notifications/{theirs}/snooze",
                 f"/notifications/{theirs}/actions/call"):  # fmt: skip
        assert ben.post(path, until="2030-01-01T10:00").status_code == 404
    assert "A secret" not in ben.get("/notifications", q="secret").text
    assert "A secret" not in ben.get("/notifications", tab="unread", chosen=str(theirs), fragment=True).text
    assert "A secret" not in ben.get("/notifications/bell", fragment=True).text
    assert ben.post("/notifications/read-all", fragment=True).status_code == 204
    assert unread(ana) == 1


def test_of_a_mixed_choice_only_ones_own_change(shop: Shop, ana: Browser, ben: Browser) -> None:
    mine, theirs = given(shop, ben), given(shop, ana)
    done = change(ben, "archive", mine, theirs)
    assert toast(done)["text"] == "Archived."
    assert column(shop, theirs, "archived_at") is None
    undo(ben, done)
    assert column(shop, mine, "archived_at") is None


def test_an_undo_is_its_persons_alone_and_works_once(shop: Shop, ana: Browser, ben: Browser) -> None:
    notice = given(shop, ana)
    done = change(ana, "delete", notice)
    assert ana.get(f"/notifications/{notice}").status_code == 404
    assert undo(ben, done).status_code == 404
    assert undo(ana, done).status_code == 204
    assert undo(ana, done).status_code == 404
    assert titles(ana.get("/notifications")) == ["Ana booked"]


def test_an_undo_is_kept_for_an_hour(shop: Shop, ana: Browser) -> None:
    change(ana, "archive", given(shop, ana))
    shop.sql("UPDATE notification_undos SET created_at = now() - interval '61 minutes'")
    change(ana, "archive", given(shop, ana))
    assert shop.value("SELECT count(*) FROM notification_undos") == 1


def test_what_is_of_a_business_that_one_left_is_gone(shop: Shop, ana: Browser) -> None:
    notice = given(shop, ana)
    given(shop, ana, "About the account", org_id=None)
    shop.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", ana.actor.user_id)
    assert titles(ana.get("/notifications")) == ["About the account"]
    assert ana.get(f"/notifications/{notice}").status_code == 404
    assert unread(ana) == 1


def test_read_all_is_taken_back_exactly(shop: Shop, ana: Browser) -> None:
    known = given(shop, ana, "Known", read_at=now() - timedelta(days=1))
    for number in range(3):
        given(shop, ana, f"Fresh {number}")
    done = ana.post("/notifications/read-all", fragment=True)
    assert (toast(done)["text"], unread(ana)) == ("3 marked as read.", 0)
    undo(ana, done)
    assert unread(ana) == 3
    assert column(shop, known, "read_at") is not None
    ana.post("/notifications/read-all", fragment=True)
    assert toast(ana.post("/notifications/read-all", fragment=True)) == {
        "text": "Nothing was unread.", "kind": "success", "undo": None,
    }  # fmt: skip


def test_waking_and_archiving_are_taken_back(shop: Shop, ana: Browser) -> None:
    until = now() + timedelta(hours=5)
    asleep, away = given(shop, ana, snoozed_until=until), given(shop, ana, archived_at=now())
    done = change(ana, "unsnooze", asleep)
    assert column(shop, asleep, "snoozed_until") is None
    undo(ana, done)
    assert column(shop, asleep, "snoozed_until") == until
    undo(ana, change(ana, "unarchive", away))
    assert column(shop, away, "archived_at") is not None


PLACES = {
    "inbox": {}, "away": {"archived_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "asleep": {"snoozed_until": now() + timedelta(hours=5)},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("verb", ["archive", "snooze", "delete"])
def test_an_undo_leads_to_where_it_stood(shop: Shop, ana: Browser, verb: str, place: str) -> None:
    known, wild = given(shop, ana, **PLACES[place]), given(shop, ana, **PLACES[place])
    before = {tab: len(titles(ana.get("/notifications", tab=tab))) for tab in ("inbox", "snoozed", "archived")}
    slept = column(shop, known, "snoozed_until")
    done = change(ana, verb, known, wild)
    if verb == "archive" and place == "away":
        assert toast(done) == {}
        return
    undo(ana, done)
    assert {tab: len(titles(ana.get("/notifications", tab=tab))) for tab in before} == before
    assert column(shop, known, "snoozed_until") == slept


def test_what_should_have_come_back_meanwhile_is_back(shop: Shop, ana: Browser) -> None:
    asleep = given(shop, ana, snoozed_until=now() + timedelta(minutes=5))
    done = change(ana, "archive", asleep)
    shop.sql("UPDATE notification_undos SET until = now() - interval '1 minute'")
    undo(ana, done)
    assert (column(shop, asleep, "archived_at"), column(shop, asleep, "snoozed_until")) == (None, None)


def test_a_change_that_changes_nothing_says_nothing(shop: Shop, ana: Browser) -> None:
    notice = given(shop, ana, archived_at=now())
    assert toast(change(ana, "archive", notice)) == {}
    assert shop.value("SELECT count(*) FROM notification_undos") == 0


@pytest.mark.parametrize(
    "fields",
    [{"verb": "read"}, {"verb": "explode", "ids": str(new_id())}, {"ids": str(new_id())}, {"verb": "read", "ids": "x"},
     {"verb": "snooze", "ids": str(new_id()), "until": "soon"},
     {"verb": "snooze", "ids": str(new_id()), "until": "2020-01-01T00:00:00+00:00"},
     {"verb": "snooze", "ids": str(new_id()), "until": "9999-12-31T23:59:59-14:00"}],
)  # fmt: skip
def test_what_cant_be_read_is_refused(ana: Browser, fields: dict[str, str]) -> None:
    assert ana.post("/notifications/changes", **fields).status_code == 422


def test_plain_forms_lead_back_to_their_list_with_an_undo(shop: Shop, ana: Browser) -> None:
    done = change(ana, "archive", given(shop, ana), fragment=False, tab="unread")
    assert (done.status_code, done.location) == (303, "/notifications?tab=unread")
    shown = ana.get(done.location)
    assert "Archived. Undo" in words(shown)
    assert shown.text.count("/notifications/undos/") >= 1


def test_every_tab_hears_of_a_change(shop: Shop, ana: Browser, app: Flask) -> None:
    heard = Heard(app.extensions["redis"], CHANNEL)
    change(ana, "read", given(shop, ana))
    assert (f"user:{ana.actor.user_id}", "notices-changed") in heard
    heard.close()


def test_a_change_is_on_record_without_its_words(shop: Shop, ana: Browser) -> None:
    change(ana, "delete", given(shop, ana, "Very private"))
    row = shop.sql("SELECT action, user_id, changes FROM audit_entries WHERE action LIKE 'notifications.%%'")
    assert row == [("notifications.delete", ana.actor.user_id, {"count": 1})]


# Snooze


def coming_sunday(month: int) -> date:
    """The last Sunday of the next such month, when Berlin's clocks change."""
    today = now().date()
    ends = [date(year, month, 31) for year in (today.year, today.year + 1)]
    sundays = [end - timedelta(days=(end.weekday() + 1) % 7) for end in ends]
    return next(sunday for sunday in sundays if sunday > today + timedelta(days=1))


def test_a_typed_time_is_of_ones_own_clock(shop: Shop, ana: Browser) -> None:
    notice, path = given(shop, ana), "/notifications/{}/snooze"
    shop.sql("UPDATE users SET time_zone = 'Europe/Berlin' WHERE id = %s", ana.actor.user_id)
    autumn = f"{coming_sunday(10)}T02:30"
    refused = {
        f"{coming_sunday(3)}T02:30": "doesn&#39;t exist", autumn: "happens twice", "": "Enter a day and a time",
        "2020-01-01T12:00": "lies ahead", f"{now().year + 3}-01-01T09:00": "within a year",
    }  # fmt: skip
    for typed, why in refused.items():
        answer = ana.post(path.format(notice), fragment=True, until=typed)
        assert (answer.status_code, why in answer.text) == (422, True), (typed, answer.text)
    assert column(shop, notice, "snoozed_until") is None
    assert ana.post(path.format(notice), fragment=True, until=autumn, which="second").status_code == 204
    assert column(shop, notice, "snoozed_until") == datetime.fromisoformat(f"{autumn}+01:00")


def test_a_refused_time_stands_in_its_page_without_scripts(shop: Shop, ana: Browser) -> None:
    answer = ana.post(f"/notifications/{given(shop, ana)}/snooze", until="2020-01-01T09:00")
    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="snooze-error"' in answer.text
    assert 'value="2020-01-01T09:00"' in answer.text


@pytest.mark.parametrize("hour", range(24))
def test_choices_lie_ahead_and_in_order(app: Flask, hour: int) -> None:
    with time_machine.travel(datetime(2026, 3, 28, hour, 17, tzinfo=UTC)), app.test_request_context():
        choices = snooze_choices("Europe/Berlin")
        times = [choice.at for choice in choices]
        assert all(at > now() for at in times)
        assert [choice.words for choice in choices][-2:] == ["Tomorrow", "Next week"]
        assert times[-2:] == sorted(times[-2:])
        assert all(at - now() <= timedelta(days=9) for at in times)


def test_days_are_called_what_people_call_them(app: Flask) -> None:
    today = datetime(2026, 11, 20).date()
    with app.test_request_context():
        said = {days: day_words(today - timedelta(days=days), today) for days in (0, 1, 2, 6, 7, 25, 400)}
    assert said == {
        0: "Today", 1: "Yesterday", 2: "Wednesday 18 November", 6: "Saturday 14 November", 7: "Earlier in November",
        25: "October", 400: "October 2025",
    }  # fmt: skip


def test_one_and_several_are_said_apart(app: Flask) -> None:
    with app.test_request_context():
        assert [done_words("snooze", count) for count in (1, 2)] == ["Snoozed.", "2 snoozed."]


# Opening, and quick actions


def test_opening_reads_and_leads_to_the_record(shop: Shop, ana: Browser) -> None:
    notice = given(shop, ana)
    opened = ana.post(f"/notifications/{notice}/open")
    assert (opened.status_code, opened.location, unread(ana)) == (303, "/slots", 0)
    assert column(shop, notice, "acted_at") is not None


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/nowhere-at-all", "/\\evil.example", None]
)
def test_opening_never_leads_away(shop: Shop, ana: Browser, address: str | None) -> None:
    notice = given(shop, ana, action_url=address)
    assert ana.post(f"/notifications/{notice}/open").location == f"/notifications/{notice}"


def test_what_is_of_another_business_opens_there(shop: Shop, ana: Browser, app: Flask, owner_sql: Sql) -> None:
    second = Shop(app, owner_sql, name="Uptown Dental")
    shop.insert("memberships", id=new_id(), org_id=second.org_id, user_id=ana.actor.user_id, role="staff")
    notice = given(second, ana, "Zoe booked")
    assert "Uptown Dental" in words(ana.get("/notifications"))
    assert "Open in Uptown Dental" in words(ana.get(f"/notifications/{notice}"))
    assert ana.post(f"/notifications/{notice}/open").location == "/slots"
    chosen = "SELECT org_id FROM user_sessions WHERE user_id = %s"
    assert shop.value(chosen, ana.actor.user_id) == second.org_id


def test_quick_actions_are_checked_before_they_are_shown(shop: Shop, ana: Browser) -> None:
    good = [{"kind": "call", "phone": "+15551230001"}, {"kind": "text", "phone": "+15551230001"},
            {"kind": "email", "email": "zoe@example.com"}, {"kind": "go", "url": "/slots"}]  # fmt: skip
    bad = [{"kind": "call", "phone": "javascript:1"}, {"kind": "go", "url": "https://evil.example"}, {"kind": "none"},
           {"kind": "email", "email": "a@b?bcc=everybody"}, "nonsense", {}]  # fmt: skip
    shown = ana.get(f"/notifications/{given(shop, ana, details={'actions': good})}").text
    for address in ("tel:+15551230001", "sms:+15551230001", "mailto:zoe@example.com"):
        assert f'href="{address}"' in shown
    plain = ana.get(f"/notifications/{given(shop, ana, details={'actions': bad})}").text
    assert "data-acts" not in plain
    assert "evil" not in plain
    for odd in ({"actions": "x"}, {"actions": None}, {}):
        assert ana.get(f"/notifications/{given(shop, ana, details=odd)}").status_code == 200


@pytest.fixture
def followed_up() -> list[UUID]:
    """What the registered action was done for."""
    done: list[UUID] = []

    def act(notice: Any) -> Acted:
        if notice.subject_id is None:
            raise NotFound
        done.append(notice.subject_id)
        return Acted("Follow-up done.", "/follow-ups/undo")

    register_action(NoticeAction("test_done", "Done", "check", act))
    return done


def test_a_registered_action_is_done_in_place(shop: Shop, ana: Browser, followed_up: list[UUID]) -> None:
    subject = new_id()
    notice = given(shop, ana, subject_id=subject, details={"actions": [{"kind": "test_done"}]})
    path = f"/notifications/{notice}/actions/test_done"
    assert path in ana.get("/notifications/bell", fragment=True).text
    done = ana.post(path, fragment=True)
    assert toast(done) == {"text": "Follow-up done.", "kind": "success", "undo": "/follow-ups/undo"}
    assert (followed_up, unread(ana)) == ([subject], 0)


def test_an_action_that_was_not_offered_is_refused(shop: Shop, ana: Browser, followed_up: list[UUID]) -> None:
    viewer = shop.browser(Role.VIEWER)
    offered = {"actions": [{"kind": "test_done"}]}
    for browser, details in ((ana, {}), (viewer, offered)):
        notice = given(shop, browser, subject_id=new_id(), details=details)
        assert "test_done" not in browser.get(f"/notifications/{notice}").text
        assert browser.post(f"/notifications/{notice}/actions/test_done").status_code == 404
    assert followed_up == []
