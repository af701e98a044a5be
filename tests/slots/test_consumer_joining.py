"""Joining a waiting list: the form, the code, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

from nexapp.slots.times import today_in
from tests.slots.consumer_world import World, text_of

pytest_plugins = ["tests.slots.consumer_world"]
FORM = "/b/downtown-dental"
ASK = "/b/downtown-dental/notify-requests"
ZONE = "America/New_York"
GOOD: dict[str, Any] = {"name": "Ana Ruiz", "phone": "(212) 555-0123", "consent": "y", "time_range": "any"}


@pytest.fixture
def join(client: FlaskClient, world: World, send_texts: Callable[[], None], phone: httpx.Client) -> Callable[..., Any]:
    """Send the form and enter the code that the phone got; the answer to the code."""

    def run(**changes: Any) -> Any:
        world.sql("UPDATE verification_codes SET created_at = created_at - interval '2 hours'")
        asked = client.post(ASK, data=GOOD | changes)
        assert asked.status_code == 303, text_of(asked)
        send_texts()
        return client.post(asked.headers["Location"], data={"code": newest_code(phone)})

    return run


def newest_code(phone: httpx.Client, number: str = "+12125550123") -> str:
    body = phone.get("/dev/phone/messages.json", params={"to": number}).json()[0]["body"]
    found = re.search(r"\b(\d{6})\b", body)
    assert found, body
    return found.group(1)


def test_the_page_asks_for_little_and_says_much(client: FlaskClient, world: World) -> None:
    before = world.checksum()
    answer = client.get(FORM)
    body = unescape(text_of(answer))
    assert answer.status_code == 200
    for piece in ("Downtown Dental", "Eastern Time", "Reply STOP", "HELP", "rates may apply", "/terms", "/privacy"):
        assert piece in body
    assert not re.search(r'name="consent"[^>]*checked', body)
    assert client.head(FORM).status_code == 200
    assert world.checksum() == before


@pytest.mark.parametrize("slug", ["nobody", "Downtown-Dental", "%00", "..", "💥", "a" * 500, "-x"])
def test_an_unknown_page_explains_itself(client: FlaskClient, world: World, slug: str) -> None:
    assert client.get(f"/b/{slug}").status_code in {404, 308}
    assert client.post(f"/b/{slug}/notify-requests", data=GOOD).status_code == 404


def test_a_business_may_have_no_public_page(client: FlaskClient, world: World) -> None:
    world.sql("UPDATE organizations SET public_page = false")
    assert client.get(FORM).status_code == 404
    assert client.post(ASK, data=GOOD).status_code == 404


def test_nothing_is_active_before_the_code(client: FlaskClient, world: World) -> None:
    asked = client.post(ASK, data=GOOD)
    assert asked.status_code == 303
    for table in ("notify_requests", "consents", "consumer_profiles", "consumers"):
        assert world.value(f"SELECT count(*) FROM {table}") == 0
    page = text_of(client.get(asked.headers["Location"]))
    assert "0123" in page
    assert "Ana" not in page


def test_the_code_puts_one_on_the_list(join: Callable[..., Any], client: FlaskClient, world: World) -> None:
    before = unescape(text_of(client.get(FORM)))
    answer = join()
    assert answer.status_code == 303
    assert "/w/" in answer.headers["Location"]
    assert "You're on the list" in unescape(text_of(client.get(answer.headers["Location"])))
    assert world.sql("SELECT status, time_range, ends_on, source FROM notify_requests") == [
        ("active", "any", None, "public_page")
    ]
    wording, kind, source, ip = world.sql("SELECT wording, kind, source, ip FROM consents")[0]
    assert wording in before
    assert (kind, source, ip) == ("waiting_list", "public_page", "127.0.0.1")
    assert world.value("SELECT name FROM consumer_profiles") == "Ana Ruiz"
    assert world.value("SELECT count(*) FROM audit_entries WHERE action = 'waiting_list.joined'") == 1


def test_the_answer_is_the_same_for_a_known_number_and_nothing_changes_before_the_code(
    client: FlaskClient, world: World
) -> None:
    world.person()
    before = world.sql("SELECT * FROM notify_requests, consumer_profiles, consumers")
    known = client.post(ASK, data=GOOD | {"name": "Mallory", "time_range": "today"})
    unknown = client.post(ASK, data=GOOD | {"phone": "(212) 555-0199"})
    assert known.status_code == unknown.status_code == 303
    pages = [text_of(client.get(answer.headers["Location"])) for answer in (known, unknown)]
    plain = [re.sub(r"[0-9a-f-]{36}|0123|0199|\d\d:\d\d:\d\d\S*|datetime=\S+|data-now=\S+", "", page) for page in pages]
    assert re.sub(r"until [^<]*", "", plain[0]) == re.sub(r"until [^<]*", "", plain[1])
    assert world.sql("SELECT * FROM notify_requests, consumer_profiles, consumers") == before
    assert world.value("SELECT count(*) FROM consents") == 0


def test_a_second_form_updates_and_says_so(join: Callable[..., Any], client: FlaskClient, world: World) -> None:
    first = join(**{"windows-0-days": "0", "windows-0-starts": "09:00", "windows-0-ends": "12:00"})
    again = join(name="Ana R.", phone="+1 212-555-0123", time_range="today")
    assert again.headers["Location"].split("?")[0] == first.headers["Location"].split("?")[0]
    assert "on the list already" in text_of(client.get(again.headers["Location"]))
    assert world.sql("SELECT count(*), min(time_range), min(ends_on) FROM notify_requests") == [
        (1, "today", today_in(ZONE))
    ]
    assert world.value("SELECT count(*) FROM notify_windows") == 0
    assert world.value("SELECT count(*) FROM consents") == 2
    assert world.value("SELECT name FROM consumer_profiles") == "Ana R."


def test_this_week_ends_on_sunday(join: Callable[..., Any], world: World) -> None:
    join(time_range="this_week")
    ends = world.value("SELECT ends_on FROM notify_requests")
    assert ends.weekday() == 6
    assert timedelta(0) <= ends - today_in(ZONE) < timedelta(days=7)


def test_wishes_are_kept_and_windows_merged(join: Callable[..., Any], world: World) -> None:
    first, last = today_in(ZONE) + timedelta(days=2), today_in(ZONE) + timedelta(days=9)
    join(
        **{
            "time_range": "dates", "starts_on": first.isoformat(), "ends_on": last.isoformat(),
            "windows-0-days": ["0", "1"], "windows-0-starts": "09:00", "windows-0-ends": "12:00",
            "windows-1-days": ["1"], "windows-1-starts": "11:00 am", "windows-1-ends": "5 PM",
            "windows-2-days": ["5"],
            "staff_member_id": str(world.staff_id), "service_id": str(world.service_id), "minutes_needed": "45",
        }
    )  # fmt: skip
    row = world.sql("SELECT starts_on, ends_on, staff_member_id, service_id, minutes_needed FROM notify_requests")[0]
    assert row == (first, last, world.staff_id, world.service_id, 45)
    windows = world.sql("SELECT weekday, starts::text, ends::text FROM notify_windows ORDER BY 1, 2")
    assert windows == [(0, "09:00:00", "12:00:00"), (1, "09:00:00", "17:00:00"), (5, "00:00:00", "23:59:00")]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Type your name"),
        ({"name": "x" * 81}, "At most 80"),
        ({"name": "\u200b"}, "Type your name"),
        ({"phone": ""}, "phone number"),
        ({"phone": "12"}, "number"),
        ({"phone": "911"}, "number"),
        ({"phone": "hello"}, "not a phone number"),
        ({"phone": "9" * 400}, "too long"),
        ({"consent": ""}, "Tick the box"),
        ({"time_range": "sometime"}, "choice"),
        ({"time_range": "dates"}, "Choose the last day"),
        ({"time_range": "dates", "ends_on": "2001-01-01"}, "has passed"),
        ({"time_range": "dates", "ends_on": "tomorrow"}, "Type a date"),
        ({"time_range": "dates", "starts_on": "2099-01-02"}, "more than a year"),
        ({"windows-0-starts": "12:00", "windows-0-ends": "09:00"}, "after the start"),
        ({"windows-0-starts": "25:00"}, "Type a time"),
        ({"windows-0-days": "9"}, "valid"),
        ({"minutes_needed": "-3"}, "whole number"),
        ({"minutes_needed": "9999999999999999999999"}, "whole number"),
        ({"minutes_needed": "30.5"}, "whole number"),
        ({"party_size": "0"}, "whole number"),
        ({"staff_member_id": "1; DROP TABLE slots"}, "Choose one"),
        ({"service_id": "00000000-0000-0000-0000-000000000000"}, "Choose one"),
    ],
)
def test_what_can_not_be_used_gets_a_sentence_and_is_kept(
    client: FlaskClient, world: World, changes: dict[str, str], sentence: str
) -> None:
    before = world.checksum()
    answer = client.post(ASK, data=GOOD | {"name": "Zoë Q."} | changes)
    body = unescape(text_of(answer))
    assert answer.status_code == 422
    assert sentence in body
    if "name" not in changes:
        assert 'value="Zoë Q."' in body
    if "phone" not in changes:
        assert "(212) 555-0123" in body
    assert world.checksum() == before


def test_another_business_staff_can_not_be_chosen(client: FlaskClient, world: World, other_world: World) -> None:
    answer = client.post(ASK, data=GOOD | {"staff_member_id": str(other_world.staff_id)})
    assert answer.status_code == 422
    assert "Choose one" in text_of(answer)


@pytest.mark.parametrize("name", ["O'Brien", "<b>Ana</b>", "A\x00na", "李小龍", "{{7*7}}", "%(name)s", "🤷‍♀️"])
def test_naughty_names_arrive_as_names(join: Callable[..., Any], client: FlaskClient, world: World, name: str) -> None:
    answer = join(name=name)
    assert answer.status_code == 303
    assert world.value("SELECT name FROM consumer_profiles") == name.replace("\x00", "")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_another_row_of_times_costs_nothing(client: FlaskClient, world: World) -> None:
    before = world.checksum()
    answer = client.post(ASK, data=GOOD | {"more": "1", "windows-1-starts": "10:00", "name": "Kept"})
    assert answer.status_code == 200
    assert len(re.findall(r'name="windows-\d-starts"', text_of(answer))) == 2
    assert 'value="10:00"' in text_of(answer)
    assert 'value="Kept"' in text_of(answer)
    assert world.checksum() == before


def test_wrong_codes_are_counted_and_the_right_one_is_spent(
    client: FlaskClient, world: World, send_texts: Callable[[], None], phone: httpx.Client
) -> None:
    asked = client.post(ASK, data=GOOD).headers["Location"]
    send_texts()
    right = newest_code(phone)
    wrong = "111111" if right != "111111" else "222222"
    for _ in range(3):
        assert client.post(asked, data={"code": wrong}).status_code == 422
    assert client.post(asked, data={"code": ""}).status_code == 422
    assert world.value("SELECT attempts FROM verification_codes") == 3
    assert client.post(asked, data={"code": f" {right[:3]}-{right[3:]} "}).status_code == 303
    assert client.post(asked, data={"code": right}).status_code in {410, 422}
    assert world.value("SELECT count(*) FROM consents") == 1


def test_five_wrong_codes_end_it(
    client: FlaskClient, world: World, send_texts: Callable[[], None], phone: httpx.Client
) -> None:
    asked = client.post(ASK, data=GOOD).headers["Location"]
    send_texts()
    right = newest_code(phone)
    for number in range(5):
        client.post(asked, data={"code": f"{(int(right) + number + 1) % 1_000_000:06d}"})
    assert client.post(asked, data={"code": right}).status_code == 422
    assert world.value("SELECT count(*) FROM notify_requests") == 0


def test_asking_too_often_is_said_in_the_form(client: FlaskClient, world: World) -> None:
    asked = client.post(ASK, data=GOOD)
    again = client.post(ASK, data=GOOD)
    assert again.status_code == 429
    assert "Retry-After" in again.headers
    assert 'value="Ana Ruiz"' in text_of(again)
    resend = client.post(f"{asked.headers['Location']}/codes")
    assert resend.status_code == 429
    world.sql("UPDATE verification_codes SET created_at = now() - interval '31 seconds'")
    fresh = client.post(f"{asked.headers['Location']}/codes")
    assert fresh.status_code == 303
    assert "Another code is on its way" in text_of(client.get(fresh.headers["Location"]))


def test_codes_of_another_business_are_unknown_here(client: FlaskClient, world: World, other_world: World) -> None:
    asked = client.post(ASK, data=GOOD).headers["Location"]
    code_id = asked.rsplit("/", 1)[-1]
    before = world.checksum()
    for path in (f"/b/harbor-barbers/notify-requests/{code_id}", f"/b/harbor-barbers/notify-requests/{code_id}/codes"):
        assert client.post(path, data={"code": "000000"}).status_code == 410
    assert world.checksum() == before


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_from_elsewhere_is_refused(client: FlaskClient, world: World, headers: dict[str, str]) -> None:
    assert client.post(ASK, data=GOOD, headers=headers).status_code == 403
    assert world.value("SELECT count(*) FROM verification_codes") == 0


def test_an_opted_out_number_gets_its_code_and_is_told_afterwards(
    join: Callable[..., Any], client: FlaskClient, world: World
) -> None:
    world.insert(
        "consumers", id="00000000-0000-7000-8000-000000000001", phone="+12125550123", time_zone=ZONE, region="US-NY",
        opted_out_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert "START" not in text_of(client.get(client.post(ASK, data=GOOD).headers["Location"]))
    answer = join()
    assert "text START" in text_of(client.get(answer.headers["Location"]))
    assert world.value("SELECT opted_out_at IS NOT NULL FROM consumers")


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "0x", ""])
def test_a_row_with_an_odd_number_is_no_row(client: FlaskClient, world: World, number: str) -> None:
    odd = {f"windows-{number}-starts": "09:00", "windows-1-starts": "13:00"}
    assert client.post(ASK, data=GOOD | odd).status_code == 303
    windows = world.value("SELECT payload -> 'wishes' -> 'windows' FROM verification_codes")
    assert {starts for _weekday, starts, _ends in windows} == {"13:00:00"}
