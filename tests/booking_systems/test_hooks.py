"""The door: who may post, what is taken, and that it is stored once and quickly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.booking_systems.senders import KEY, Sender, sign, slots_at, soon, written
from tests.slots.merchant_world import Shop

AT = soon()


def body(kind: str = "cancelled", **more: Any) -> bytes:
    booking = {"id": "b-1", "starts_at": written(AT), "minutes": 30, "staff": "Dr. Smith", **more}
    return json.dumps({"id": "e-1", "type": kind, "booking": booking}).encode()


def test_a_signed_cancellation_opens_its_time_and_texts_the_list(shop: Shop, sender: Sender) -> None:
    shop.people(2)
    assert sender.post(body()).status_code == 202
    assert slots_at(shop, AT) == []  # the answer comes first, the work after it
    sender.run_jobs()
    assert slots_at(shop, AT) == [("open", "hook")]
    assert sender.outcomes() == ["opened"]
    assert len(shop.texts()) == 2


def test_an_unknown_address_is_not_found(app: Flask) -> None:
    answer = app.test_client().post("/hooks/in/" + "A" * 22, data=body(), content_type="application/json")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json" or answer.is_json


@pytest.mark.parametrize("kind", ["cal_com", "calendly", "square", "generic"])
def test_what_is_not_signed_right_is_refused(app: Flask, shop: Shop, run_jobs: Callable[[], None], kind: str) -> None:
    sender = Sender(app, shop, kind, run=run_jobs)
    wrong = sign(kind, "another key", body(), sender.url)
    other_body = sign(kind, KEY, body() + b" ", sender.url)
    for headers in ({}, wrong, other_body, dict.fromkeys(wrong, ""), dict.fromkeys(wrong, "é")):
        assert sender.post(body(), headers=headers).status_code == 401, headers
    assert shop.value("SELECT count(*) FROM booking_deliveries") == 0


def test_calendlys_old_signature_is_refused(app: Flask, shop: Shop, run_jobs: Callable[[], None]) -> None:
    sender = Sender(app, shop, "calendly", run=run_jobs)
    old = sign("calendly", KEY, body(), sender.url, at=time.time() - 181)
    young = sign("calendly", KEY, body(), sender.url, at=time.time() - 120)
    assert sender.post(body(), headers=old).status_code == 401
    assert sender.post(body(), headers=young).status_code != 401


def test_squares_signature_belongs_to_one_address(app: Flask, shop: Shop, run_jobs: Callable[[], None]) -> None:
    sender = Sender(app, shop, "square", run=run_jobs)
    elsewhere = sign("square", KEY, body(), sender.url + "x")
    assert sender.post(body(), headers=elsewhere).status_code == 401


UNREADABLE = [
    b"",
    b"not json",
    b"[]",
    b'"text"',
    b"[" * 200_000,
    b'{"type": "cancelled", "booking": NaN}',
    b'{"type": "cancelled", "x": 1e999, "booking": {}}',
    b'{"type": "test", "x": "\\u0000"}',
    b'{"type": "test", "x": "\\ud800"}',
    b"\xff\xfe\x00",
    b'{"type": "nothing known"}',
    b'{"type": "cancelled"}',
    body(starts_at="soon"),
    body(starts_at="9999-12-31T23:59:59Z"),
    body(starts_at="0001-01-01T00:00:00+14:00"),
    body(minutes=-5),
    body(minutes=True),
    body(id=""),
    body(id="x" * 501),
    body(time_zone="Mars/Base"),
    body(starts_at="2027-03-14T02:30:00"),  # the clocks of New York jump over it
]


def test_what_cannot_be_read_is_refused_and_not_kept(shop: Shop, sender: Sender) -> None:
    for raw in UNREADABLE:
        assert sender.post(raw).status_code == 422, raw[:80]
    assert shop.value("SELECT count(*) FROM booking_deliveries") == 0
    assert sender.post(b'{"type": "test"}').status_code == 202


def test_size_and_kind_are_checked(sender: Sender) -> None:
    large = b'{"type": "test", "x": "' + b"x" * 1_000_000 + b'"}'
    assert sender.post(large).status_code == 413
    assert sender.post(body(), content_type="application/x-www-form-urlencoded").status_code == 415
    assert sender.post(body(), content_type="text/plain").status_code == 415
    assert sender.app.test_client().get(sender.path).status_code == 405


def test_an_unsigned_sender_has_less_room(sender: Sender, unsigned: Sender) -> None:
    raw = b'{"type": "test", "x": "' + b"x" * 40_000 + b'"}'
    assert sender.post(raw).status_code == 202
    assert unsigned.post(raw).status_code == 413
    assert unsigned.post(b'{"type": "test", "x": "' + b"x" * 30_000 + b'"}').status_code == 202


def test_a_browser_cannot_be_made_to_post(sender: Sender) -> None:
    forged = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert sender.post(body(), headers=forged | sign("generic", KEY, body(), sender.url)).status_code == 403


def test_a_repeat_is_stored_once(shop: Shop, sender: Sender) -> None:
    for _ in range(3):
        assert sender.post(body()).status_code == 202
    sender.run_jobs()
    assert sender.outcomes() == ["opened"]
    assert len(slots_at(shop, AT)) == 1


def test_twenty_at_once_open_one_slot(shop: Shop, sender: Sender, run_jobs: Callable[[], None]) -> None:
    shop.people(1)
    gate, statuses = threading.Barrier(20), []

    def post(number: int) -> None:
        # Half of them the very same post, half the same booking told again under another event.
        raw = body() if number % 2 else body().replace(b'"e-1"', f'"e-{number}"'.encode())
        gate.wait()
        statuses.append(sender.post(raw).status_code)

    run(post, 20)
    assert set(statuses) == {202}
    run(lambda _number: run_jobs(), 3)
    assert len(slots_at(shop, AT)) == 1
    # Told again, or told earlier and handled later: neither opens anything.
    assert set(sender.outcomes()) <= {"opened", "repeated", "out_of_date"}
    assert sender.outcomes().count("opened") == 1
    assert len(shop.texts()) == 1


def test_the_answer_asks_few_things_however_long_the_list_is(shop: Shop, sender: Sender, statements: list[str]) -> None:
    """How soon it comes is a line of the bench."""
    shop.people(30)
    sender.post(body("booked", id="warm-up"))
    statements.clear()
    for number in range(9):
        raw = body(id=f"b-{number}").replace(b'"e-1"', f'"f-{number}"'.encode())
        assert sender.post(raw).status_code == 202
    assert len(statements) <= 9 * 5


def test_an_unsigned_sender_is_held_back_after_many(shop: Shop, unsigned: Sender) -> None:
    shop.sql(
        "INSERT INTO booking_deliveries (id, org_id, booking_system_id, action, signed, payload)"
        " SELECT gen_random_uuid(), %s, %s, 'other', false, '{}' FROM generate_series(1, 120)",
        shop.org_id, unsigned.id,
    )  # fmt: skip
    answer = unsigned.post(body())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")


def test_another_business_address_touches_only_its_own(
    app: Flask, shop: Shop, other_shop: Shop, run_jobs: Callable[[], None], sender: Sender
) -> None:
    theirs = Sender(app, other_shop, "generic", run=run_jobs)
    slot_id = shop.slot(AT, status="booked", booked_at=AT.replace(year=2020), round=1)
    assert theirs.told("cancelled", AT) == "opened"
    assert shop.state(slot_id) == ("booked", 1)
    assert slots_at(other_shop, AT) == [("open", "hook")]
    assert sender.outcomes() == []


def test_a_new_address_ends_the_old_one(shop: Shop, sender: Sender) -> None:
    assert shop.browser().post(f"/settings/booking-systems/{sender.id}/address").status_code == 303
    assert sender.post(body()).status_code == 404


def test_nothing_is_kept_of_a_suspended_business(shop: Shop, sender: Sender) -> None:
    shop.sql("UPDATE organizations SET suspended_at = now() WHERE id = %s", shop.org_id)
    assert sender.post(body()).status_code == 404


def test_old_deliveries_are_forgotten(app: Flask, shop: Shop, sender: Sender, acting: Any) -> None:
    from nexapp.slots.booking_systems.deliveries import forget_old
    from nexapp.spine.tenancy import SYSTEM

    sender.told("cancelled", AT)
    shop.sql("UPDATE booking_deliveries SET created_at = now() - interval '91 days'")
    for _ in range(2):
        with acting(SYSTEM):
            forget_old()
    assert shop.value("SELECT count(*) FROM booking_deliveries") == 0
    assert slots_at(shop, AT)[0][0] == "open"


def run(act: Callable[[int], Any], count: int) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
