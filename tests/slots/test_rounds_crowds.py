"""Texts that PostgreSQL fills in for a crowd are the same, to the letter, as those written one by one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest

from nexapp.messaging.crowds import LINK_MARK, Addressee, CrowdText, queue_crowd
from nexapp.messaging.lanes import OFFERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.slots.opening import open_slot
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
COLUMNS = (
    "org_id, consumer_id, lane, purpose, subject_kind, to_phone, body, segments, expires_at, sleeps_from, sleeps_until,"
    " template_id, status, error, send_at > now() AS is_held"
)
LINK = "https://app.example.com/c/abcdefghijklmnopqrstuv"


def arrange(shop: Shop) -> list[UUID]:
    """A stranger, somebody who knows the business, and somebody who opted out."""
    requests = [shop.person("Ana"), shop.person("Zoë"), shop.person("Bo", opted_out_at=now())]
    shop.insert(
        "message_templates",
        id=new_id(),
        org_id=shop.org_id,
        purpose="slot_available",
        version=1,
        body="Hi {{first_name}} {{url}}",
    )
    people = [shop.consumer_of(request) for request in requests]
    known = shop.value("SELECT phone FROM consumers WHERE id = %s", people[1])
    shop.insert(
        "messages", id=new_id(), org_id=shop.org_id, consumer_id=people[1], lane=3, purpose="invitation",
        to_phone=known, body="Hello", segments=1, status="delivered", attempts=1,
    )  # fmt: skip
    return people


@pytest.mark.parametrize(
    "pattern", ["Hi {name}! {link}", "Downtown Dental: {name}, {link} STOP ends it", "{name}" * 40]
)
def test_a_crowd_reads_what_one_by_one_reads(shop: Shop, acting: Acting, pattern: str) -> None:
    people, at = arrange(shop), now() + timedelta(hours=3)
    phones = dict(shop.sql("SELECT id, phone FROM consumers"))
    common = {
        "org_id": shop.org_id, "purpose": "slot_available", "lane": OFFERS, "subject_kind": "slot_offer",
        "send_at": at, "expires_at": at + timedelta(hours=9), "sleeps_from": at + timedelta(hours=5),
        "sleeps_until": at + timedelta(hours=6),
    }  # fmt: skip
    bodies = [pattern.replace("{name}", name) for name in ("Ana", "Zoë", "Bo")]
    with acting(shop.owner):
        queue_messages([
            NewMessage(to_phone=phones[person], body=body.replace("{link}", LINK), consumer_id=person,
                       subject_id=new_id(), **common)
            for person, body in zip(people, bodies, strict=True)
        ])  # fmt: skip
    one_by_one = shop.sql(f"DELETE FROM messages WHERE purpose = 'slot_available' RETURNING {COLUMNS}")
    with acting(shop.owner):
        written = queue_crowd(
            CrowdText(business=shop.name, **common),
            [
                Addressee(person, new_id(), LINK, body.replace("{link}", LINK_MARK))
                for person, body in zip(people, bodies, strict=True)
            ],
        )
    crowd = shop.sql(f"SELECT {COLUMNS} FROM messages WHERE purpose = 'slot_available' ORDER BY id")
    assert len(written) == 3
    assert crowd == one_by_one
    assert [row[12] for row in crowd] == ["queued", "queued", "suppressed"]
    assert crowd[0][6].endswith("Reply STOP to opt out.") or "STOP" in crowd[0][6]


def test_an_offer_is_texted_once(shop: Shop, acting: Acting) -> None:
    person, offer_id = shop.consumer_of(shop.person()), new_id()
    common = CrowdText(shop.org_id, shop.name, "slot_available", OFFERS, "slot_offer")
    for written in (1, 0):
        with acting(shop.owner):
            assert len(queue_crowd(common, [Addressee(person, offer_id, LINK, f"Now: {LINK_MARK}")])) == written
    assert len(shop.texts()) == 1


def test_everybody_is_called_by_their_own_name(shop: Shop, acting: Acting) -> None:
    shop.insert(
        "message_templates", id=new_id(), org_id=shop.org_id, purpose="slot_available", version=1, is_current=True,
        body="{{business}}: {{first_name}}, {{time}} is free: {{url}}",
    )  # fmt: skip
    for name in ("Ana Ruiz", "Zoë Kay", "Ana Lee"):
        shop.person(name)
    with acting(shop.owner):
        open_slot(shop.slot())
    bodies = [body for _, body, _ in shop.texts()]
    assert sorted(body.split()[2] for body in bodies) == ["Ana,", "Ana,", "Zoë,"]
    assert len({body.rsplit("/c/", 1)[1] for body in bodies}) == 3
    assert shop.value("SELECT count(*) FROM messages WHERE template_id IS NOT NULL") == 3
