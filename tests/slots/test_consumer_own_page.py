"""/w/<token>: seeing, changing, pausing and leaving one's own place."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from nexapp.slots.times import today_in
from tests.slots.consumer_world import Person, World, confirm, hold, text_of

pytest_plugins = ["tests.slots.consumer_world"]
ZONE = "America/New_York"


@pytest.fixture
def ana(world: World) -> Person:
    return world.person()


@pytest.fixture
def path(world: World, ana: Person) -> str:
    return f"/w/{world.request_token(ana)}"


def shown(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(text_of(answer))


def status(world: World) -> tuple[Any, ...]:
    row: tuple[Any, ...] = world.sql("SELECT status, paused_until FROM notify_requests")[0]
    return row


def test_the_page_tells_and_changes_nothing(client: FlaskClient, world: World, path: str) -> None:
    before = world.checksum()
    body = shown(client, path)
    for piece in ("Downtown Dental", "everyone it suits is told at once", "Any time of the day"):
        assert piece in body
    assert "Ana" not in body
    assert "2125550123" not in body
    assert client.head(path).status_code == 200
    assert client.get(path).headers["Referrer-Policy"] == "no-referrer"
    assert world.checksum() == before


def test_live_offers_are_links(client: FlaskClient, world: World, ana: Person, path: str) -> None:
    live, gone, old = world.slot(), world.slot(status="cancelled"), world.slot(round=2)
    offers = [world.offer(slot, ana) for slot in (live, gone, old)]
    body = shown(client, path)
    assert [offer.path in body for offer in offers] == [True, False, False]


def test_wishes_can_be_changed(client: FlaskClient, world: World, path: str) -> None:
    data = {
        "time_range": "this_week", "windows-0-days": ["2", "3"], "windows-0-starts": "13:00", "windows-0-ends": "17:00",
        "minutes_needed": "60", "staff_member_id": str(world.staff_id),
    }  # fmt: skip
    answer = client.post(f"{path}/preferences", data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}?done=changed")
    body = shown(client, answer.headers["Location"])
    for piece in ("Saved.", "Wed, 1:00 PM to 5:00 PM", "Thu, 1:00 PM", "Dr. Smith", "60 minutes"):
        assert piece in body
    assert 'value="13:00"' in body
    assert client.post(f"{path}/preferences", data={"time_range": "any"}).status_code == 303
    assert world.value("SELECT count(*) FROM notify_windows") == 0


def test_refused_wishes_are_kept_in_the_form(client: FlaskClient, world: World, path: str) -> None:
    before = world.checksum()
    answer = client.post(f"{path}/preferences", data={"time_range": "any", "minutes_needed": "lots"})
    assert answer.status_code == 422
    assert 'value="lots"' in text_of(answer)
    assert client.post(f"{path}/preferences", data={"more": "1"}).status_code == 200
    assert world.checksum() == before


def test_pause_until_a_day_and_resume(client: FlaskClient, world: World, ana: Person, path: str) -> None:
    unsent = world.unsent_text(world.offer(world.slot(), ana))
    until = today_in(ZONE) + timedelta(days=5)
    assert client.post(f"{path}/pause", data={"until": until.isoformat()}).status_code == 303
    assert status(world) == ("paused", until)
    assert world.value("SELECT status FROM messages WHERE id = %s", unsent) == "cancelled"
    assert "Offers start again" in shown(client, path)
    assert client.post(f"{path}/resume").status_code == 303
    assert status(world) == ("active", None)
    assert client.post(f"{path}/resume").status_code == 303


@pytest.mark.parametrize("until", ["", "2001-01-01", "soon", "9999-12-31", "today"])
def test_a_pause_needs_a_day_to_come(client: FlaskClient, world: World, path: str, until: str) -> None:
    until = today_in(ZONE).isoformat() if until == "today" else until
    before = world.checksum()
    assert client.post(f"{path}/pause", data={"until": until}).status_code == 422
    assert world.checksum() == before


def test_leaving_and_coming_back(client: FlaskClient, world: World, ana: Person, path: str) -> None:
    unsent = world.unsent_text(world.offer(world.slot(), ana))
    answer = client.post(f"{path}/leave")
    assert "You left the list" in shown(client, answer.headers["Location"])
    assert status(world)[0] == "left"
    assert world.value("SELECT status FROM messages WHERE id = %s", unsent) == "cancelled"
    assert client.post(f"{path}/leave").status_code == 303
    assert client.post(f"{path}/resume").status_code == 303
    assert client.post(f"{path}/preferences", data={"time_range": "any"}).status_code == 303
    assert status(world)[0] == "left"
    assert "You're on the list" not in shown(client, f"{path}?done=joined"), "a kept address of the first day"
    wording_shown = shown(client, path)
    assert client.post(f"{path}/rejoin").status_code == 303
    assert status(world)[0] == "active"
    wording, source = world.sql("SELECT wording, source FROM consents")[0]
    assert wording in wording_shown
    assert source == "private_page"
    actions = [row[0] for row in world.sql("SELECT action FROM audit_entries ORDER BY id")]
    assert actions == ["waiting_list.left", "waiting_list.updated", "waiting_list.rejoined"]


def test_a_request_that_lapsed_waits_again_with_new_wishes(client: FlaskClient, world: World, path: str) -> None:
    world.sql("UPDATE notify_requests SET status = 'lapsed', time_range = 'today', ends_on = now() - interval '3 days'")
    assert "Your request ended" in shown(client, path)
    client.post(f"{path}/preferences", data={"time_range": "any"})
    assert world.sql("SELECT status, ends_on FROM notify_requests") == [("active", None)]


def test_an_opt_out_is_shown(client: FlaskClient, world: World, path: str) -> None:
    world.sql("UPDATE consumers SET opted_out_at = now()")
    assert "text START" in shown(client, path)


@pytest.mark.parametrize("token", ["x", "A" * 22, "%00", "💥", "a" * 2000])
@pytest.mark.parametrize("verb", ["", "/preferences", "/pause", "/resume", "/leave", "/rejoin"])
def test_an_unknown_link_explains_itself(client: FlaskClient, world: World, token: str, verb: str) -> None:
    before = world.checksum()
    answer = client.post(f"/w/{token}{verb}") if verb else client.get(f"/w/{token}")
    assert answer.status_code == 404
    assert world.checksum() == before


@pytest.mark.parametrize("verb", ["preferences", "pause", "resume", "leave", "rejoin"])
def test_a_post_from_elsewhere_is_refused(client: FlaskClient, world: World, path: str, verb: str) -> None:
    before = world.checksum()
    answer = client.post(f"{path}/{verb}", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert world.checksum() == before


def test_a_link_reaches_its_own_request_only(client: FlaskClient, world: World, other_world: World, path: str) -> None:
    other_world.person("+12125550177", "Foreign")
    before = world.sql("SELECT * FROM notify_requests WHERE org_id = %s", other_world.org_id)
    client.post(f"{path}/leave")
    client.post(f"{path}/rejoin")
    client.post(f"{path}/preferences", data={"time_range": "today"})
    assert world.sql("SELECT * FROM notify_requests WHERE org_id = %s", other_world.org_id) == before
    assert world.value("SELECT count(*) FROM consents WHERE org_id = %s", other_world.org_id) == 0


@pytest.mark.parametrize("stored", ["active", "paused", "lapsed"])
def test_who_lapsed_joins_again_whether_or_not_a_job_noticed(
    client: FlaskClient, world: World, path: str, stored: str
) -> None:
    yesterday = today_in(ZONE) - timedelta(days=1)
    world.sql("UPDATE notify_requests SET status = %s, time_range = 'dates', ends_on = %s", stored, yesterday)
    assert "Join the list again" in shown(client, path)
    answer = client.post(f"{path}/rejoin")
    body = shown(client, answer.headers["Location"])
    assert "everyone it suits is told at once" in body
    assert world.sql("SELECT status, ends_on FROM notify_requests") == [("active", None)]
    assert world.value("SELECT count(*) FROM consents") == 1


def test_who_leaves_after_booking_still_gets_the_confirmation(
    client: FlaskClient, world: World, ana: Person, path: str
) -> None:
    offer = world.offer(world.slot(), ana)
    hold(client, offer)
    confirm(client, offer)
    waiting = world.unsent_text(world.offer(world.slot(), ana))
    assert client.post(f"{path}/leave").status_code == 303
    assert world.value("SELECT status FROM messages WHERE id = %s", waiting) == "cancelled"
    assert world.value("SELECT status FROM messages WHERE purpose = 'booking_confirmed'") == "queued"


def test_the_place_in_line_is_told_where_there_is_a_line(client: FlaskClient, world: World) -> None:
    first, second = world.people(2)
    path = f"/w/{world.request_token(second)}"
    assert "everyone it suits is told at once" in unescape(text_of(client.get(path)))
    for mode in ("in_turn", "waves"):
        world.sql("UPDATE organizations SET offer_mode = %s", mode)
        assert "number 2 in line" in unescape(text_of(client.get(path)))
    world.sql("UPDATE notify_requests SET status = 'paused' WHERE id = %s", first.request_id)
    assert "number 1 in line" in unescape(text_of(client.get(path)))


def test_the_page_says_why_a_text_came_or_did_not(client: FlaskClient, world: World) -> None:
    ana, slot_id = world.person(), world.slot()
    path = f"/w/{world.request_token(ana)}?why=1"
    assert "No time has opened since you joined." in unescape(text_of(client.get(path)))
    world.insert(
        "slot_matches", org_id=world.org_id, slot_id=slot_id, round=1, notify_request_id=ana.request_id,
        consumer_id=ana.consumer_id, outcome="skipped", reason="limits",
    )  # fmt: skip
    body = unescape(text_of(client.get(path)))
    assert "limit" in body
    assert "No time has opened" not in body


def test_somebody_invited_reads_what_is_missing(client: FlaskClient, world: World) -> None:
    ana = world.person(status="invited")
    path = f"/w/{world.request_token(ana)}"
    assert "Reply YES" in unescape(text_of(client.get(path)))
    client.post(f"{path}/resume")
    assert world.value("SELECT status FROM notify_requests") == "invited"
