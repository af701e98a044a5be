"""A line that is asked one after the other, people chosen by hand, and several slots in one text."""

from __future__ import annotations

from typing import Any

from nexapp.slots.tokens import hash_token
from tests.blackbox import Consumer, Merchant, sql

NAMES = ["slot_in_turn", "slot_picks", "slot_why", "claim_several", "claim_several_unknown"]
TOKEN = "offers-of-several-slots"
BUNDLE = """
    WITH made AS (
        INSERT INTO offer_bundles (id, org_id, consumer_id, token_hash)
        SELECT gen_random_uuid(), org_id, consumer_id, %s FROM slot_offers WHERE slot_id = %s LIMIT 1
        RETURNING id, consumer_id
    )
    UPDATE slot_offers f SET bundle_id = made.id FROM made WHERE f.consumer_id = made.consumer_id
"""


def arrange(places: Any, _merchant: Any) -> None:
    merchant = Merchant(places.stack).sign_up("Orderly Opticians")
    for name in ("Ana Able", "Bartholomew Featherstonehaugh-Cholmondeley"):
        Consumer(places.stack, name=name).join(merchant.slug)
    in_turn, other = merchant.add_slot(), merchant.open_slot()
    page = merchant.get(f"/slots/{in_turn}")
    merchant.submit(page, f"/slots/{in_turn}/rounds", mode="in_turn").expect(200)
    sql(places.stack, BUNDLE, hash_token(TOKEN), other)
    places.add(
        merchant,
        slot_in_turn=f"/slots/{in_turn}", slot_picks=f"/slots/{in_turn}/picks", slot_why=f"/slots/{in_turn}?who=a",
    )  # fmt: skip
    places.add(None, claim_several=f"/s/{TOKEN}", claim_several_unknown="/s/unknown-unknown-unknown")
