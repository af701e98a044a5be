"""The list and the people on it, as the business sees and changes them."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.people import Browser
from tests.slots.merchant_world import Shop

NEW = {"name": "Ana Ruiz", "phone": "(212) 555-0123", "source": "Asked at the counter", "time_range": "any"}
CROWD = """
    WITH people AS (
        INSERT INTO consumers (id, phone, time_zone, region)
        SELECT gen_random_uuid(), '+1646' || lpad(n::text, 7, '0'), 'America/New_York', 'US-NY'
        FROM generate_series(1, %(people)s) n RETURNING id, phone
    ), named AS (
        INSERT INTO consumer_profiles (org_id, consumer_id, name)
        SELECT %(org)s, id, 'Person ' || right(phone, 7) FROM people RETURNING consumer_id
    )
    INSERT INTO notify_requests (id, org_id, consumer_id, token_hash, status)
    SELECT gen_random_uuid(), %(org)s, consumer_id, decode(md5(consumer_id::text), 'hex'), 'active' FROM named
"""


@pytest.fixture
def owner(shop: Shop) -> Browser:
    return shop.browser()


def words(answer: Any) -> str:
    return unescape(answer.get_data(as_text=True))


def story(owner: Browser, request_id: Any) -> str:
    answer = owner.get(f"/waiting-list/{request_id}")
    assert answer.status_code == 200
    return words(answer)


def test_adding_somebody_leads_to_their_page(shop: Shop, owner: Browser) -> None:
    assert "How did they ask for it?" in words(owner.get("/waiting-list/new"))
    answer = owner.post("/waiting-list/people", **NEW, **{"windows-0-days": "1", "windows-0-starts": "9 am"})
    assert answer.status_code == 303
    page = words(owner.get(answer.location))
    for piece in ("Ana Ruiz", "(212) 555-0123", 'data-state="invited"', "Asked at the counter", "The owner", "Tue"):
        assert piece in page
    again = owner.post("/waiting-list/people", **NEW)
    assert again.location == answer.location
    assert shop.value("SELECT count(*) FROM notify_requests") == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"phone": "12"}, "too short"),
        ({"source": " "}, "Say how they asked"),
        ({"name": ""}, "Type a name."),
        ({"name": "n" * 81}, "At most 80 characters"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    shop: Shop, owner: Browser, typed: dict[str, str], sentence: str
) -> None:
    answer = owner.post("/waiting-list/people", **{**NEW, **typed})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert "(212) 555-0123" in words(answer) or "phone" in typed
    assert shop.value("SELECT count(*) FROM consumers") == 0


def test_a_number_that_takes_no_texts_stays_off_the_list(shop: Shop, owner: Browser) -> None:
    shop.insert("consumers", id=new_id(), phone="+12125550123", time_zone="", region="US", opted_out_at="2026-01-01Z")
    answer = owner.post("/waiting-list/people", **NEW)
    assert answer.status_code == 422
    assert "takes no texts" in words(answer)
    assert shop.value("SELECT count(*) FROM consumer_profiles") == 0


def test_the_story_has_offers_bookings_no_shows_and_why(shop: Shop, owner: Browser) -> None:
    ana = shop.person("Ana Ruiz")
    shop.booked(ana)
    missed = shop.booked(ana)
    shop.sql("UPDATE slots SET status = 'no_show' WHERE id = %s", missed)
    skipped = shop.slot()
    shop.insert(
        "slot_matches", org_id=shop.org_id, slot_id=skipped, round=1, notify_request_id=ana,
        consumer_id=shop.consumer_of(ana), outcome="skipped", reason="too_short",
    )  # fmt: skip
    page = story(owner, ana)
    for piece in ("Need for more time", 'data-state="no_show"', 'data-state="booked"', "Agreed on the public page"):
        assert piece in page
    assert f"/inbox/{shop.consumer_of(ana)}" in page
    assert "1 no-show" in words(owner.get("/waiting-list"))


def test_wishes_pause_removal_and_undo(shop: Shop, owner: Browser) -> None:
    ana = shop.person("Ana Ruiz")
    base = f"/waiting-list/{ana}"
    wished = {"name": "Ana R.", "time_range": "any", "minutes_needed": "45"}
    overlapping = {"windows-0-days": "0", "windows-0-starts": "09:00", "windows-0-ends": "11:00",
                   "windows-1-days": "0", "windows-1-starts": "10:00", "windows-1-ends": "12:00"}  # fmt: skip
    assert owner.post(f"{base}/preferences", **wished, **overlapping).status_code == 303
    page = story(owner, ana)
    assert "Ana R." in page
    assert "45 minutes" in page
    assert "Mon 9:00 AM \u2013 12:00 PM" in page
    assert owner.post(f"{base}/preferences", **{**wished, "minutes_needed": "2"}).status_code == 422
    assert owner.post(f"{base}/pause", until="2020-01-01").status_code == 422
    assert owner.post(f"{base}/pause", until="2027-01-15").status_code == 303
    assert 'data-state="paused"' in story(owner, ana)
    owner.post(f"{base}/resumption")
    assert 'data-state="active"' in story(owner, ana)
    owner.post(f"{base}/removal")
    owner.post(f"{base}/removal")
    assert "You took them off the list." in story(owner, ana)
    owner.post(f"{base}/return")
    assert 'data-state="active"' in story(owner, ana)
    actions = [row[0] for row in shop.sql("SELECT action FROM audit_entries ORDER BY id")]
    assert [a for a in actions if "waiting_list" in a] == [
        f"waiting_list.{verb}" for verb in ("updated", "paused", "resumed", "taken_off", "put_back")
    ]


def test_viewers_look_and_others_people_are_nobodys(shop: Shop, other_shop: Shop, owner: Browser) -> None:
    ana, theirs = shop.person("Ana Ruiz"), other_shop.person("Zoe Zander")
    viewer = shop.browser(Role.VIEWER)
    page = story(viewer, ana)
    assert "Take off the list" not in page
    for path in ("pause", "removal", "return", "resumption", "preferences"):
        assert viewer.post(f"/waiting-list/{ana}/{path}").status_code == 403
        assert owner.post(f"/waiting-list/{theirs}/{path}", until="2027-01-15", name="x").status_code == 404
    assert viewer.get("/waiting-list/new").status_code == 403
    assert owner.get(f"/waiting-list/{theirs}").status_code == 404
    assert "Zoe" not in words(owner.get("/waiting-list", q="zoe"))


def test_states_are_filters(shop: Shop, owner: Browser) -> None:
    for state in ("active", "invited", "paused", "lapsed", "left"):
        shop.person(f"The {state}", status=state)
    shop.person("The opted out", opted_out_at="2026-01-01Z")
    for state in ("active", "invited", "paused", "lapsed", "left"):
        page = words(owner.get("/waiting-list", state=state, fragment=True))
        assert page.count("The ") == (2 if state == "active" else 1), state
    assert "The opted out" in words(owner.get("/waiting-list", state="opted_out", fragment=True))
    everybody = words(owner.get("/waiting-list", fragment=True))
    assert "The left" not in everybody
    assert "The invited" in everybody
    assert owner.get("/waiting-list", state="'; DROP").status_code == 200
    assert "Nobody here" in words(
        owner.get("/waiting-list", state="left", after="2027-01-01T00:00+00:00_" + str(new_id()))
    )


def test_ten_thousand_people_are_searched_by_index(shop: Shop, owner: Browser, statements: list[str]) -> None:
    import psycopg

    crowd = {"org": shop.org_id, "people": 10_000}
    with psycopg.connect(shop.app.extensions["settings"].database_url, autocommit=True) as connection:
        connection.execute(CROWD, crowd)
        connection.execute("ANALYZE consumers, consumer_profiles, notify_requests")
    owner.get("/waiting-list")
    asked: dict[str, int] = {}
    for name, query in {"page": {}, "name": {"q": "person 00090"}, "digits": {"q": "646000777"}}.items():
        statements.clear()
        page = words(owner.get("/waiting-list", **query))
        assert page.count('data-label="Phone"') == {"page": 50, "name": 50, "digits": 10}[name]
        asked[name] = len(statements)
    assert max(asked.values()) <= 7, asked
    assert asked["page"] == asked["name"]


def test_a_person_is_read_in_few_statements(shop: Shop, owner: Browser, statements: list[str]) -> None:
    few, many = shop.person("Few"), shop.person("Many")
    for _ in range(5):
        shop.booked(many)
    counts = []
    for request_id in (few, many):
        owner.get("/slots")
        statements.clear()
        story(owner, request_id)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 15


def test_the_story_knows_texts_about_several_slots(shop: Shop, owner: Browser) -> None:
    ana, slot_id, text_id = shop.person("Ana Ruiz"), shop.slot(status="open", round=1), new_id()
    shop.insert(
        "messages", id=text_id, org_id=shop.org_id, consumer_id=shop.consumer_of(ana), lane=3, purpose="several_slots",
        to_phone="+16465550101", body="2 times", segments=1, status="undelivered", attempts=1, subject_id=new_id(),
    )  # fmt: skip
    shop.offer(slot_id, ana, message_id=text_id)
    shop.insert(
        "slot_matches", org_id=shop.org_id, slot_id=slot_id, round=1, notify_request_id=ana,
        consumer_id=shop.consumer_of(ana), outcome="offered",
    )  # fmt: skip
    assert 'data-state="undelivered"' in story(owner, ana)
