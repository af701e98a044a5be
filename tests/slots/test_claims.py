"""The claim page in every state, with every verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from nexapp.spine.clock import now
from tests.slots.consumer_world import Offer, World, confirm, hold, text_of

pytest_plugins = ["tests.slots.consumer_world"]
TAKEN = "Just taken — you stay on the list"


@pytest.fixture
def slot_id(world: World) -> UUID:
    return world.slot()


@pytest.fixture
def ana(world: World, slot_id: UUID) -> Offer:
    return world.offer(slot_id, world.person())


@pytest.fixture
def ben(world: World, slot_id: UUID) -> Offer:
    return world.offer(slot_id, world.person("+12125550124", "Ben Okafor"))


def test_the_page_says_all_and_changes_nothing(client: FlaskClient, world: World, ana: Offer) -> None:
    before = world.checksum()
    answer = client.get(ana.path)
    body = text_of(answer)
    assert answer.status_code == 200
    for piece in ("Downtown Dental", "Dr. Smith", "Cleaning", "30 minutes", "$120.00", "All times in Eastern Time"):
        assert piece in body
    assert " Eastern Time</time>" in body
    assert f'action="{ana.path}/hold"' in body
    assert "Ana" not in body
    assert len(answer.data) < 30_000
    assert client.head(ana.path).status_code == 200
    assert client.get(ana.path, headers={"HX-Request": "true"}).status_code == 200
    assert world.checksum() == before


def test_a_link_page_is_kept_from_others(client: FlaskClient, ana: Offer) -> None:
    headers = client.get(ana.path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Cache-Control"] == "no-store"
    assert "HX-Request" in headers["Vary"]
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("ask", [{"headers": {"HX-Request": "true"}}, {"query_string": {"fragment": "1"}}])
def test_the_fragment_is_the_inside_of_main(client: FlaskClient, ana: Offer, ask: dict[str, object]) -> None:
    body = text_of(client.get(ana.path, **ask))
    assert "<html" not in body
    assert "<main" not in body
    assert 'id="hold"' in body


def test_day_and_time_are_said_in_words(client: FlaskClient, world: World) -> None:
    starts = (now() + timedelta(days=1)).replace(minute=30, second=0, microsecond=0)
    offer = world.offer(world.slot(starts), world.person())
    assert "Tomorrow, " in text_of(client.get(offer.path)) or "Today, " in text_of(client.get(offer.path))
    assert ":30 " in text_of(client.get(offer.path))


def test_hold_confirm_and_be_booked(client: FlaskClient, world: World, slot_id: UUID, ana: Offer, ben: Offer) -> None:
    unsent = world.unsent_text(ben)
    answer = hold(client, ana)
    assert (answer.status_code, answer.headers["Location"]) == (303, ana.path)
    page = text_of(client.get(ana.path))
    assert "data-countdown" in page
    assert 'value="Ana Ruiz"' in page
    assert TAKEN in text_of(client.get(ben.path))
    assert confirm(client, ana, "Ana R.", "Left side").status_code == 303
    page = text_of(client.get(ana.path))
    assert "You're booked" in page
    assert "Ana" not in page
    row = world.sql("SELECT status, booked_name, booked_note, held_until, booked_consumer_id FROM slots")[0]
    assert row == ("booked", "Ana R.", "Left side", None, ana.person.consumer_id)
    assert world.value("SELECT status FROM messages WHERE id = %s", unsent) == "cancelled"
    assert world.events(slot_id) == ["held", "booked"]
    texts = world.sql("SELECT to_phone, lane, body FROM messages WHERE purpose = 'booking_confirmed'")
    assert [(text[0], text[1]) for text in texts] == [(ana.person.phone, 1)]
    assert "Downtown Dental" in texts[0][2]
    assert ana.path in texts[0][2]


def test_double_taps_are_harmless(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    assert [hold(client, ana).status_code for _ in range(3)] == [303, 303, 303]
    assert [confirm(client, ana).status_code for _ in range(3)] == [303, 303, 303]
    assert hold(client, ana).status_code == 303
    assert confirm(client, ana, "Somebody else").status_code == 303
    assert world.events(slot_id) == ["held", "booked"]
    assert world.value("SELECT booked_name FROM slots") == "Ana Ruiz"
    assert world.value("SELECT count(*) FROM messages WHERE purpose = 'booking_confirmed'") == 1


def test_the_second_person_is_told_and_nothing_changes(
    client: FlaskClient, world: World, ana: Offer, ben: Offer
) -> None:
    hold(client, ana)
    before = world.checksum()
    for verb in ("hold", "confirm", "release"):
        answer = client.post(f"{ben.path}/{verb}", data={"name": "Ben Okafor"})
        assert answer.status_code == (303 if verb == "release" else 409)
        if verb != "release":
            assert TAKEN in text_of(answer) or "Hold the time first" in text_of(answer)
            assert "Ana" not in text_of(answer)
    assert world.checksum() == before


def test_release_gives_it_to_the_others(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, ben: Offer
) -> None:
    hold(client, ana)
    answer = client.post(f"{ana.path}/release", follow_redirects=True)
    assert "You gave it back" in text_of(answer)
    assert client.post(f"{ana.path}/release").status_code == 303
    assert hold(client, ben).status_code == 303
    assert world.events(slot_id) == ["held", "released", "held"]


def test_booked_can_not_be_released_here(client: FlaskClient, ana: Offer, world: World, slot_id: UUID) -> None:
    hold(client, ana)
    confirm(client, ana)
    answer = client.post(f"{ana.path}/release")
    assert answer.status_code == 409
    assert "if you can&#39;t come" in text_of(answer)
    assert world.state(slot_id) == "booked"


def test_a_hold_that_ran_out_is_open_without_any_sweeper(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, ben: Offer
) -> None:
    hold(client, ana)
    world.let_hold_lapse(slot_id)
    assert 'id="hold"' in text_of(client.get(ben.path))
    assert hold(client, ben).status_code == 303
    assert world.events(slot_id) == ["held", "lapsed", "held"]
    assert world.value("SELECT lapsed_at IS NOT NULL FROM slot_offers WHERE id = %s", ana.id)
    late = confirm(client, ana)
    assert late.status_code == 409
    assert "ran out" in text_of(late)
    assert TAKEN in text_of(late)


def test_confirming_too_late_says_what_to_do(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    hold(client, ana)
    world.let_hold_lapse(slot_id)
    answer = confirm(client, ana)
    assert answer.status_code == 409
    assert "ran out" in text_of(answer)
    assert 'id="hold"' in text_of(answer)
    assert hold(client, ana).status_code == 303


def test_who_let_it_lapse_waits_while_others_want_it(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, ben: Offer
) -> None:
    client.post(f"{ben.path}/opened")
    hold(client, ana)
    world.let_hold_lapse(slot_id, 5)
    before = world.checksum()
    answer = hold(client, ana)
    assert answer.status_code == 409
    assert "you can hold it again at" in text_of(answer)
    assert world.checksum() == before
    assert 'id="hold"' not in text_of(client.get(ana.path))
    world.let_hold_lapse(slot_id, 61)
    assert hold(client, ana).status_code == 303


def test_the_expiry_job_opens_exactly_its_hold(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, run_jobs: Callable[[], None]
) -> None:
    world.sql("UPDATE organizations SET hold_seconds = 1")
    hold(client, ana)
    assert world.value("SELECT count(*) FROM background_jobs WHERE name = 'expire_hold' AND run_at > now()") == 1
    run_jobs()
    assert world.state(slot_id) == "held"
    world.let_hold_lapse(slot_id, 0)
    world.sql(
        "UPDATE background_jobs SET run_at = now(), arguments = arguments || "
        "jsonb_build_object('held_until', (SELECT held_until::text FROM slots))"
    )
    run_jobs()
    assert world.state(slot_id) == "open"
    assert world.events(slot_id) == ["held", "lapsed"]
    world.sql("UPDATE background_jobs SET status = 'queued'")
    hold(client, ana)
    run_jobs()
    assert world.state(slot_id) == "held"


def test_one_live_hold_for_each_person(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    other_slot = world.slot()
    other = world.offer(other_slot, ana.person)
    hold(client, ana)
    answer = hold(client, other)
    assert answer.status_code == 409
    assert "holding another time" in text_of(answer)
    assert ana.path in text_of(answer)
    assert world.state(other_slot) == "open"
    world.let_hold_lapse(slot_id)
    assert hold(client, other).status_code == 303
    assert (world.state(slot_id), world.state(other_slot)) == ("open", "held")
    assert world.events(slot_id) == ["held", "lapsed"]


@pytest.mark.parametrize(
    ("columns", "status", "sentence"),
    [
        ({"status": "cancelled"}, 410, "cancelled this time"),
        ({"status": "expired"}, 410, "This time has passed"),
        ({"status": "completed"}, 410, "This time has passed"),
        ({"status": "no_show"}, 410, "This time has passed"),
        ({"status": "draft"}, 410, "no longer offered"),
        ({"round": 2}, 410, "This link has ended"),
        ({"status": "booked", "booked_at": now()}, 409, TAKEN),
        ({"status": "pending", "pending_until": now() + timedelta(hours=1)}, 409, TAKEN),
    ],
)
def test_every_dead_end_explains_itself(
    client: FlaskClient, world: World, columns: dict[str, object], status: int, sentence: str
) -> None:
    offer = world.offer(world.slot(**columns), world.person())
    before = world.checksum()
    shown = client.get(offer.path)
    assert shown.status_code == (410 if status == 410 else 200)
    assert sentence in text_of(shown)
    for verb in ("hold", "confirm"):
        answer = client.post(f"{offer.path}/{verb}", data={"name": "X"})
        assert answer.status_code == (409 if verb == "confirm" and status == 409 else status)
        assert sentence in text_of(answer)
    assert client.post(f"{offer.path}/release").status_code == 303
    assert world.checksum() == before
    assert "Ana" not in text_of(shown)


def test_a_slot_that_began_is_past(client: FlaskClient, world: World) -> None:
    offer = world.offer(world.slot(now() - timedelta(minutes=1)), world.person())
    assert client.get(offer.path).status_code == 410
    assert hold(client, offer).status_code == 410


@pytest.mark.parametrize("token", ["x", "A" * 22, "%00", "..%2f..", "💥", "a" * 3000, "' OR 1=1 --"])
def test_an_unknown_link_explains_itself(client: FlaskClient, world: World, token: str) -> None:
    before = world.checksum()
    answer = client.get(f"/c/{token}")
    assert answer.status_code == 404
    for verb in ("hold", "confirm", "release", "stay"):
        assert client.post(f"/c/{token}/{verb}").status_code == 404
    assert client.post(f"/c/{token}/opened").status_code in {204, 404}
    assert world.checksum() == before


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
@pytest.mark.parametrize("verb", ["hold", "confirm", "release", "opened", "stay"])
def test_a_post_from_elsewhere_is_refused(
    client: FlaskClient, world: World, ana: Offer, verb: str, headers: dict[str, str]
) -> None:
    before = world.checksum()
    assert client.post(f"{ana.path}/{verb}", data={"name": "X"}, headers=headers).status_code == 403
    assert world.checksum() == before


@pytest.mark.parametrize(
    ("name", "note", "sentence"),
    [
        ("", "", "Type your name."),
        ("  \u200b ", "", "Type your name."),
        ("x" * 81, "", "At most 80"),
        ("Ana", "y" * 501, "At most 500"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, name: str, note: str, sentence: str
) -> None:
    hold(client, ana)
    before = world.checksum()
    answer = confirm(client, ana, name, note)
    body = text_of(answer)
    assert answer.status_code == 422
    assert sentence in body
    assert name.strip("\u200b ") in body
    assert note in body
    assert "data-fragment" not in body
    assert world.checksum() == before
    assert world.state(slot_id) == "held"


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien; DROP TABLE slots;--",
        "<script>alert(1)</script>",
        "Ana\x00Ruiz",
        "李小龍",
        "عائشة",
        "🤷‍♀️",
        "{{7*7}}",
        "\u202eevil",
    ],
)
def test_naughty_names_are_only_names(client: FlaskClient, world: World, ana: Offer, name: str) -> None:
    hold(client, ana)
    assert confirm(client, ana, name, name).status_code == 303
    stored = world.value("SELECT booked_name FROM slots")
    assert "\x00" not in stored
    assert "\u202e" not in stored
    assert "<script>alert" not in text_of(client.get(ana.path))


def test_opened_is_noted_once(client: FlaskClient, world: World, slot_id: UUID, ana: Offer) -> None:
    assert f'data-opened="{ana.path}/opened"' in text_of(client.get(ana.path))
    assert client.post(f"{ana.path}/opened").status_code == 204
    before = world.checksum()
    assert client.post(f"{ana.path}/opened").status_code == 204
    assert world.checksum() == before
    assert world.events(slot_id) == ["opened"]
    assert "data-opened" not in text_of(client.get(ana.path))


def test_a_booking_sets_the_list_aside_and_asks(client: FlaskClient, world: World, ana: Offer) -> None:
    hold(client, ana)
    confirm(client, ana)
    assert world.value("SELECT status FROM notify_requests") == "paused"
    assert 'id="stay"' in text_of(client.get(ana.path))
    answer = client.post(f"{ana.path}/stay", follow_redirects=True)
    assert "You are on the waiting list" in text_of(answer)
    assert world.value("SELECT status FROM notify_requests") == "active"
    assert client.post(f"{ana.path}/stay").status_code == 303


def test_a_booking_withdraws_what_else_was_on_its_way_to_the_person(
    client: FlaskClient, world: World, ana: Offer, ben: Offer
) -> None:
    later = world.slot()
    mine, his = (world.unsent_text(world.offer(later, offer.person)) for offer in (ana, ben))
    hold(client, ana)
    confirm(client, ana)
    assert world.value("SELECT status FROM messages WHERE id = %s", mine) == "cancelled"
    assert world.value("SELECT status FROM messages WHERE id = %s", his) == "queued"


@pytest.fixture
def broken_once(owner_sql: Callable[..., list[Any]]) -> Iterator[None]:
    """PostgreSQL breaks off the first change of a text, as it does with one of two that wait in a circle."""
    owner_sql("CREATE SEQUENCE circles")
    owner_sql("""
        CREATE FUNCTION break_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF nextval('public.circles') = 1 THEN RAISE deadlock_detected; END IF;
            RETURN NEW;
        END $$
    """)
    owner_sql("CREATE TRIGGER break_once BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION break_once()")
    yield
    owner_sql("DROP FUNCTION break_once CASCADE")
    owner_sql("DROP SEQUENCE circles")


def test_a_circle_with_the_sender_is_tried_again(
    client: FlaskClient, world: World, slot_id: UUID, ana: Offer, ben: Offer, broken_once: None
) -> None:
    unsent = world.unsent_text(ben)
    hold(client, ana)
    assert confirm(client, ana).status_code == 303
    assert world.value("SELECT last_value FROM circles") == 2
    assert world.state(slot_id) == "booked"
    assert world.value("SELECT status FROM messages WHERE id = %s", unsent) == "cancelled"


def test_another_business_is_not_touched(
    client: FlaskClient, world: World, other_world: World, slot_id: UUID, ana: Offer
) -> None:
    foreign_slot = other_world.slot()
    foreign_person = other_world.person("+12125550177", "Foreign")
    foreign = other_world.offer(foreign_slot, foreign_person)
    hold(client, ana)
    confirm(client, ana)
    assert other_world.state(foreign_slot) == "open"
    assert hold(client, foreign).status_code == 303
    rows = world.sql("SELECT DISTINCT org_id FROM slot_events WHERE slot_id = %s", slot_id)
    assert rows == [(world.org_id,)]
    assert "Pacific Time" in text_of(client.get(foreign.path))


def test_only_known_slots_may_be_followed(world: World, slot_id: UUID) -> None:
    from nexapp.spine.realtime import may_join

    with world.app.app_context():
        assert may_join(None, f"slot:topic-{slot_id.hex}")
        for name in ("slot:", "slot:unknown-topic-of-nobody", f"slot:topic-{slot_id.hex}:x", "slot:\x00" + "a" * 20):
            assert not may_join(None, name)
