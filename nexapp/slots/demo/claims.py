"""Bookings that have a story: prices as booked, a few who did not come, a price that falls, one who gave it up."""

from __future__ import annotations

from sqlalchemy import text

from nexapp.slots.demo.seeding import Seeded
from nexapp.spine.db import db

CONFIRMED = text("""
    UPDATE slot_offers f SET confirmed_at = s.booked_at
    FROM slots s WHERE s.org_id = f.org_id AND s.booked_offer_id = f.id AND f.org_id = :org
""")
PRICED = text("""
    UPDATE slots SET booked_price_cents = price_cents
    WHERE org_id = :org AND status IN ('booked', 'completed', 'no_show') AND booked_price_cents IS NULL
""")
# One in twenty-five does not come.
MISSED = text("""
    UPDATE slots SET status = 'no_show' WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (ORDER BY starts_at) AS place FROM slots
            WHERE org_id = :org AND status = 'completed' AND booked_offer_id IS NOT NULL
        ) x WHERE place % 25 = 12
    )
""")
FALLING = text("""
    UPDATE slots SET price_steps = jsonb_build_array(
        jsonb_build_object('minutes', 2880, 'cents', price_cents * 4 / 5),
        jsonb_build_object('minutes', 120, 'cents', price_cents * 3 / 5))
    WHERE id = (
        SELECT id FROM slots WHERE org_id = :org AND status = 'open' AND price_cents > 0 ORDER BY starts_at LIMIT 1
    )
""")


def seed_claims(seeded: Seeded) -> None:
    for statement in (CONFIRMED, PRICED, MISSED, FALLING):
        db.session.execute(statement, {"org": seeded.org_id})
