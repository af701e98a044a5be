"""What time does by itself: slots that nobody took expire at their start, requests lapse with their last day."""

from __future__ import annotations

from sqlalchemy import text

from nexapp.slots.history import record_event
from nexapp.slots.offers import withdraw_unsent
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import publish
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import Actor, Role

AT_ONCE = 500

# Only what no claim is under way on: a running hold ends by its own job, and ends at the start at the latest.
EXPIRE = text("""
    UPDATE slots SET status = 'expired', held_by_offer_id = NULL, held_consumer_id = NULL, held_until = NULL,
        updated_at = now()
    WHERE id IN (
        SELECT id FROM slots
        WHERE starts_at <= now()
          AND (status IN ('draft', 'open') OR (status = 'held' AND held_until <= now()))
        ORDER BY starts_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    RETURNING id, org_id, round, public_token
""")

# A booking whose own job failed for good, so that nobody could take the time until its start.
OVERDUE = text("""
    SELECT id, org_id FROM slots WHERE status = 'pending' AND pending_until < now() - interval '1 minute'
    ORDER BY starts_at LIMIT :most
""")

# The business's own midnight ends a day. A pause that has run out ends by itself.
LAPSE = text("""
    WITH here AS (SELECT id, (now() AT TIME ZONE time_zone)::date AS today FROM organizations),
    lapsed AS (
        UPDATE notify_requests r SET status = 'lapsed', updated_at = now() FROM here
        WHERE here.id = r.org_id AND r.status IN ('active', 'paused') AND r.ends_on < here.today
        RETURNING r.org_id
    ), resumed AS (
        UPDATE notify_requests r SET status = 'active', paused_until = NULL, updated_at = now() FROM here
        WHERE here.id = r.org_id AND r.status = 'paused' AND r.paused_until <= here.today
          AND (r.ends_on IS NULL OR r.ends_on >= here.today)
        RETURNING r.org_id
    )
    SELECT org_id FROM lapsed UNION SELECT org_id FROM resumed
""")


@job("expire_slots")
def expire_slots() -> None:
    """Runs as the system, over all businesses; run twice, the second finds nothing."""
    for slot in db.session.execute(EXPIRE, {"most": AT_ONCE}).all():
        withdraw_unsent(slot)
        record_event(slot, "expired")
    for slot in db.session.execute(OVERDUE, {"most": AT_ONCE}).all():
        enqueue("lapse_pending", actor=Actor(Role.LINK, slot.org_id), slot_id=slot.id)


@job("lapse_requests")
def lapse_requests() -> None:
    for org_id in db.session.scalars(LAPSE).all():
        publish(f"org:{org_id}:waiting-list", "waiting-list-changed")


def register() -> None:
    schedule("expire_slots", cron="* * * * *", job="expire_slots")
    schedule("lapse_requests", cron="*/5 * * * *", job="lapse_requests")
