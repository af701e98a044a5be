"""The first text from a business to a person: named, with the way out, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.messaging.lanes import ANSWERS, CODES, OFFERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.segments import measure
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.messaging.conftest import MakeBusiness

Sql = Callable[..., list[Any]]
ANA, BEN = "+15551230001", "+15551230002"


@pytest.fixture
def write(app: Flask, owner_sql: Sql) -> Callable[..., list[str]]:
    """Queue texts to numbers; the bodies as they were written, in order."""

    def texts(org_id: UUID | None, *to: str, body: str = "A time is open.", **more: Any) -> list[str]:
        given = {"purpose": "test", "lane": OFFERS, **more}
        actor = Actor(Role.OWNER, org_id) if org_id else SYSTEM
        with app.app_context(), unit_of_work(actor):
            ids = queue_messages([NewMessage(to_phone=phone, body=body, **given) for phone in to])
        found = dict(owner_sql("SELECT id, body FROM messages WHERE id = ANY(%s)", ids))
        return [found[written] for written in ids]

    return texts


FIRST = "Downtown Dental: A time is open. Reply STOP to opt out."


def test_only_the_first_text_introduces(write: Callable[..., list[str]], make_business: MakeBusiness) -> None:
    org, other = make_business(), make_business("Elsewhere")
    assert write(org, ANA, BEN, ANA) == [FIRST, FIRST, "A time is open."]
    assert write(org, ANA) == ["A time is open."]
    assert write(other, ANA) == ["Elsewhere: A time is open. Reply STOP to opt out."]


def test_segments_are_those_of_the_whole_text(
    write: Callable[..., list[str]], make_business: MakeBusiness, owner_sql: Sql
) -> None:
    [body] = write(make_business("Zahnärztin Łucja"), ANA, body="x" * 140)
    assert owner_sql("SELECT segments FROM messages") == [(measure(body).segments,)] == [(3,)]


@pytest.mark.parametrize(
    ("state", "attempts", "is_first"),
    [
        ("queued", 0, False),
        ("delivered", 1, False),
        ("failed", 1, False),
        ("cancelled", 0, True),
        ("suppressed", 0, True),
        ("expired", 0, True),
    ],
)
def test_what_never_left_introduced_nobody(
    write: Callable[..., list[str]], make_business: MakeBusiness, owner_sql: Sql,
    state: str, attempts: int, is_first: bool,
) -> None:  # fmt: skip
    org = make_business()
    write(org, ANA)
    owner_sql("UPDATE messages SET status = %s, attempts = %s", state, attempts)
    assert write(org, ANA) == [FIRST if is_first else "A time is open."]


def test_complete_texts_stay_as_they_are(write: Callable[..., list[str]], make_business: MakeBusiness) -> None:
    org = make_business()
    said = "Downtown Dental: you're on. Reply STOP to end."
    assert write(org, ANA, body=said) == [said]
    assert write(org, BEN, body="You won't get any more.", purpose="opted_out", lane=ANSWERS) == [
        "You won't get any more."
    ]
    assert write(None, BEN, body="Your code is 1.", purpose="sign_in_code", lane=CODES) == ["Your code is 1."]


def test_a_message_knows_which_wording_wrote_it(
    write: Callable[..., list[str]], make_business: MakeBusiness, owner_sql: Sql
) -> None:
    org, old, own, turn = make_business(), new_id(), new_id(), new_id()
    for template_id, purpose, version, current in (
        (old, "slot_available", 1, False), (own, "slot_available", 2, True), (turn, "in_turn", 1, True),
    ):  # fmt: skip
        owner_sql(
            "INSERT INTO message_templates (id, org_id, purpose, version, body, is_current)"
            " VALUES (%s, %s, %s, %s, 'x {{url}}', %s)",
            template_id, org, purpose, version, current,
        )  # fmt: skip
    write(org, ANA, purpose="slot_available", subject_id=new_id())
    write(org, ANA, purpose="slot_available", wording="in_turn", subject_id=new_id())
    write(org, ANA, purpose="slot_available", template_id=old, subject_id=new_id())
    write(org, ANA, purpose="reminder")
    found = [row[0] for row in owner_sql("SELECT template_id FROM messages ORDER BY id")]
    assert found == [own, turn, old, None]
