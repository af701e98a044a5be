"""Writing texts down as a business, not as the system."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.messaging.consumers import ensure_consumer, ensure_consumers
from nexapp.messaging.lanes import ANSWERS, OFFERS
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.messaging.conftest import MakeBusiness

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]


def person_of(org: Any, phone: str, owner_sql: Sql, acting: Acting) -> Any:
    with acting(Actor(Role.LINK, org)):
        consumer_id = ensure_consumer(phone)
    owner_sql("INSERT INTO consumer_profiles (org_id, consumer_id) VALUES (%s, %s)", org, consumer_id)
    return consumer_id


def test_an_opted_out_person_gets_a_suppressed_row(make_business: MakeBusiness, owner_sql: Sql, acting: Acting) -> None:
    org = make_business()
    who = person_of(org, "+15558880001", owner_sql, acting)
    owner_sql("UPDATE consumers SET opted_out_at = now() WHERE id = %s", who)
    with acting(Actor(Role.STAFF, org)):
        queue_messages([NewMessage("+15558880001", "x", "slot_available", lane, who) for lane in (OFFERS, ANSWERS)])
    assert owner_sql("SELECT lane, status, org_id, error FROM messages ORDER BY lane") == [
        (1, "queued", org, None),
        (3, "suppressed", org, "The person opted out."),
    ]


def test_a_business_cancels_its_own_only(make_business: MakeBusiness, owner_sql: Sql, acting: Acting) -> None:
    subject = new_id()
    for org in (one := make_business(), make_business("Other")):
        with acting(Actor(Role.STAFF, org)):
            queue_messages([NewMessage("+15558880002", "x", "test", OFFERS, subject_kind="slot", subject_id=subject)])
    with acting(Actor(Role.STAFF, one)):
        assert cancel_queued("slot", [subject]) == 1
    assert owner_sql("SELECT status FROM messages WHERE org_id <> %s", one) == [("queued",)]


def test_many_at_once_in_the_order_given(make_business: MakeBusiness, owner_sql: Sql, acting: Acting) -> None:
    later = now() + timedelta(hours=8)
    texts = [
        NewMessage(f"+1555{n:07}", f"text {n}", "test", OFFERS, send_at=later if n % 2 else None) for n in range(2500)
    ]
    with acting(Actor(Role.STAFF, make_business())):
        ids = queue_messages(texts)
    bodies = dict(owner_sql("SELECT id, body FROM messages"))
    assert [bodies[row] for row in ids] == [text.body for text in texts]
    assert owner_sql("SELECT count(*) FROM messages WHERE send_at = %s", later) == [(1250,)]


def test_too_long_a_text_is_refused(make_business: MakeBusiness, acting: Acting) -> None:
    with pytest.raises(ValueError, match="at most"), acting(Actor(Role.STAFF, make_business())):
        queue_messages([NewMessage("+15558880003", "x" * 1601, "test", OFFERS)])


def test_nothing_to_queue(make_business: MakeBusiness, acting: Acting) -> None:
    with acting(Actor(Role.STAFF, make_business())):
        assert queue_messages([]) == []


def test_the_bell_rings_for_what_is_due(app: Flask, make_business: MakeBusiness, acting: Acting) -> None:
    redis, org = app.extensions["redis"], make_business()
    with acting(Actor(Role.STAFF, org)):
        queue_messages([NewMessage("+15558880004", "x", "test", OFFERS, send_at=now() + timedelta(hours=1))])
    assert not redis.exists("bell:messages")
    with acting(Actor(Role.STAFF, org)):
        queue_messages([NewMessage("+15558880004", "x", "test", OFFERS)])
        assert not redis.exists("bell:messages")
    assert redis.exists("bell:messages")


def test_a_number_is_one_consumer(make_business: MakeBusiness, acting: Acting, owner_sql: Sql) -> None:
    found = []
    for org in (make_business(), make_business("Other")):
        with acting(Actor(Role.LINK, org)):
            found.append(ensure_consumers(["+13055550123", "+12125550123", "+13055550123"]))
    assert found[0] == found[1]
    assert dict(owner_sql("SELECT phone, region FROM consumers")) == {"+13055550123": "US-FL", "+12125550123": "US-NY"}
