"""A second wording that was tried for some weeks, and the summary rows of all the history."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select, text

from nexapp.identity.models import Membership
from nexapp.messaging.models import MessageTemplate
from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.figures.counting import catch_up
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role

WORDING = "{{first_name}}, {{business}} can see you {{time}}. First come, first served: {{url}}"
BATCHES = 100

# The texts of those weeks, in its words.
TRY = text("""
    UPDATE messages m SET template_id = :template,
        body = replace(replace(m.body, o.name, split_part(p.name, ' ', 1) || ', ' || o.name),
            ' has a cancellation! ', ' can see you: ')
    FROM slot_offers f
    JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    JOIN organizations o ON o.id = f.org_id
    JOIN consumer_profiles p ON p.org_id = f.org_id AND p.consumer_id = f.consumer_id
    WHERE f.org_id = :org AND m.org_id = f.org_id AND m.id = f.message_id
      AND s.starts_at BETWEEN now() - interval '50 days' AND now() - interval '20 days'
""")


HOLDS = text("""
    UPDATE slot_offers f SET held_at = coalesce(f.held_at, s.booked_at), opened_at = coalesce(f.opened_at, s.booked_at)
    FROM slots s
    WHERE f.org_id = :org AND s.org_id = f.org_id AND s.booked_offer_id = f.id AND f.held_at IS NULL
""")


def seed_figures(seeded: Seeded) -> None:
    """Must come last: it counts what the others wrote."""
    template_id = new_id()
    owner = (
        select(Membership.user_id)
        .where(Membership.org_id == seeded.org_id, Membership.role == Role.OWNER)
        .scalar_subquery()
    )
    db.session.execute(
        insert(MessageTemplate).values(
            id=template_id, org_id=seeded.org_id, purpose="slot_available", version=1, body=WORDING, is_current=False,
            created_by=owner, created_at=now() - timedelta(days=50),
        )
    )  # fmt: skip
    db.session.execute(TRY, {"org": seeded.org_id, "template": template_id})
    db.session.execute(HOLDS, {"org": seeded.org_id})
    catch_up(seeded.org_id, BATCHES)
