"""The inbox, one conversation in each state, the texts' wordings and the ready answers."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Consumer, eventually, fresh_phone, sql

NAMES = [
    "inbox", "inbox_none", "inbox_nobody", "conversation", "conversation_unclear", "texts", "text", "canned_replies",
]  # fmt: skip
CONVERSATION = (
    "SELECT c.consumer_id FROM conversations c JOIN consumers p ON p.id = c.consumer_id"
    " WHERE c.org_id = %s AND p.phone = %s"
)


def arrange(places: Any, merchant: Any) -> None:
    stack, reply = places.stack, "Is there a lift? I come with a pram and two bags, and the baby sleeps."
    asks, stops = (_texted(stack, merchant, name) for name in ("Zora Zeman", "Yann Yates"))
    asks.phone_book.reply(asks.phone, reply)
    stops.phone_book.reply(stops.phone, "please stop texting me at work")
    found = [
        eventually(lambda p=person: sql(stack, CONVERSATION, merchant.org_id, p.phone), 10, "a conversation")
        for person in (asks, stops)
    ]
    merchant.submit(
        merchant.get("/settings/replies"), "/settings/replies", title="Parking", body="In the yard, {{first_name}}."
    ).expect(200)
    places.add(
        merchant, inbox="/inbox?view=all", inbox_none="/inbox?view=mine", inbox_nobody="/inbox?q=zzz",
        conversation=f"/inbox/{found[0][0].consumer_id}", conversation_unclear=f"/inbox/{found[1][0].consumer_id}",
        texts="/settings/texts", text="/settings/texts/slot_available", canned_replies="/settings/replies",
    )  # fmt: skip


def _texted(stack: Any, merchant: Any, name: str) -> Consumer:
    return Consumer(stack, fresh_phone(), name).join(merchant.slug)
