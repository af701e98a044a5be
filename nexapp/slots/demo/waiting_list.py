"""People of the demo whom the business put down: invited, and silent so far."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from nexapp.messaging.consumers import ensure_consumers
from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.list_models import Invitation
from nexapp.slots.models import ConsumerProfile, NotifyRequest
from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

PUT_DOWN = {"91": "Ines Duarte", "92": "Omar Haddad", "93": "Pia Lindqvist"}
SOURCE = "Asked at the front desk to be told of a cancellation"


def seed_invited(seeded: Seeded) -> None:
    """Their texts left yesterday, so that nothing is sent when the demo starts."""
    known = ensure_consumers(f"{seeded.house.area}{ending}" for ending in PUT_DOWN)
    org, yesterday = {"org_id": seeded.org_id}, now() - timedelta(days=1)
    people = [(known[f"{seeded.house.area}{ending}"], name, new_id()) for ending, name in PUT_DOWN.items()]
    db.session.execute(insert(ConsumerProfile), [org | {"consumer_id": who, "name": name} for who, name, _id in people])
    db.session.execute(
        insert(NotifyRequest),
        [
            org | {"id": request_id, "consumer_id": who, "status": "invited", "source": "by_hand",
                   "token_hash": hash_token(request_token(request_id))}
            for who, _name, request_id in people
        ],
    )  # fmt: skip
    db.session.execute(
        insert(Invitation),
        [
            org | {"id": new_id(), "consumer_id": who, "notify_request_id": request_id, "source": SOURCE,
                   "message_id": new_id(), "texted_at": yesterday}
            for who, _name, request_id in people
        ],
    )  # fmt: skip
