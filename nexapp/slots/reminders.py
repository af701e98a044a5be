"""Reminders of bookings: planned hours ahead in sets, one text for each distance that the business has chosen.

A reminder is not asked for this minute, so it keeps the quiet hours: it goes the evening before rather than in the
night, or is left out. One that would come within an hour of the booking is left out, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from babel.numbers import format_currency
from flask_babel import get_locale
from sqlalchemy import insert, text

from nexapp.messaging.lanes import REMINDERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.quiet import next_quiet, quiet_until
from nexapp.messaging.templates import Wording, load
from nexapp.slots.booking_models import BookingReminder
from nexapp.slots.offers import first_name
from nexapp.slots.reminder_rows import withdraw
from nexapp.slots.times import text_time
from nexapp.slots.tokens import claim_url
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule

PURPOSE = "reminder"
SUBJECT = "slot_offer"
AT_ONCE = 500
AFTER_BOOKING = timedelta(hours=1)
BEFORE_NIGHT = timedelta(minutes=5)
"""So long before the quiet hours begin, an early reminder leaves."""

LOOK_BACK = timedelta(hours=26)

# One planner at a time; the next statement sees what the one before it wrote.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('plan_reminders', 0))")

# Sixteen hours ahead: longer than any quiet hours, so that the evening before them is still to come. The slot's lock
# keeps a cancellation waiting until what is planned here can be withdrawn by it.
DUE = text("""
    SELECT s.id AS slot_id, s.org_id, f.id AS offer_id, f.consumer_id, m.minutes, s.starts_at, s.ends_at, s.booked_at,
        coalesce(s.booked_price_cents, s.price_cents) AS price_cents, o.currency, o.name AS business, o.time_zone,
        o.quiet_starts, o.quiet_ends, c.phone, c.time_zone AS own_zone, c.region, p.name AS person,
        t.display_name AS staff, v.name AS service
    FROM slots s
    JOIN organizations o ON o.id = s.org_id AND o.suspended_at IS NULL
    CROSS JOIN LATERAL unnest(o.reminder_minutes) AS m(minutes)
    JOIN slot_offers f ON f.org_id = s.org_id AND f.id = s.booked_offer_id
    JOIN consumers c ON c.id = f.consumer_id
    JOIN consumer_profiles p ON p.org_id = f.org_id AND p.consumer_id = f.consumer_id
    JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
    LEFT JOIN services v ON v.org_id = s.org_id AND v.id = s.service_id
    WHERE s.status = 'booked' AND s.starts_at > now() AND m.minutes > 0
      AND s.starts_at <= now() + make_interval(mins => m.minutes) + interval '16 hours'
      AND NOT EXISTS (
          SELECT FROM booking_reminders r
          WHERE r.org_id = s.org_id AND r.offer_id = f.id AND r.minutes = m.minutes AND r.starts_at = s.starts_at
            AND r.withdrawn_at IS NULL)
    ORDER BY s.starts_at LIMIT :most
    FOR UPDATE OF s SKIP LOCKED
""")

STALE = text("""
    SELECT r.message_id FROM booking_reminders r
    JOIN slots s ON s.org_id = r.org_id AND s.id = r.slot_id
    JOIN messages m ON m.id = r.message_id AND m.status IN ('queued', 'sending')
    WHERE r.message_id IS NOT NULL AND r.withdrawn_at IS NULL AND r.starts_at > now()
      AND (s.status <> 'booked' OR s.booked_offer_id IS DISTINCT FROM r.offer_id OR s.starts_at <> r.starts_at)
    LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Plan:
    """One reminder, and when it goes out; None: it is left out."""

    booking: Any
    send_at: datetime | None


@job("plan_reminders")
def plan_reminders() -> None:
    """Runs as the system, over all businesses; run twice, the second finds nothing to plan."""
    db.session.execute(ALONE)
    withdraw(db.session.scalars(STALE, {"most": AT_ONCE}).all())
    plans = [Plan(row, when_to_remind(row, now())) for row in db.session.execute(DUE, {"most": AT_ONCE}).all()]
    if plans:
        _write(plans)


def when_to_remind(booking: Any, present: datetime) -> datetime | None:
    """`booking` has starts_at, minutes, booked_at and the zones, region and quiet hours of its people."""
    wanted = booking.starts_at - timedelta(minutes=booking.minutes)
    hours = _hours(booking)
    night = _night_around(wanted, hours)
    at = wanted if night is None else night - BEFORE_NIGHT
    if at < booking.booked_at + AFTER_BOOKING:
        return None
    if at >= present:
        return at
    # Late, for nothing ran at that time: worth it for half of the distance, and not in the night.
    half = booking.starts_at - timedelta(minutes=booking.minutes / 2)
    return present if present < half and quiet_until(present, **hours) is None else None


def register() -> None:
    schedule("plan_reminders", cron="* * * * *", job="plan_reminders")


def _night_around(at: datetime, hours: dict[str, Any]) -> datetime | None:
    """When the quiet hours began that `at` lies in; None where it is not quiet then."""
    if quiet_until(at, **hours) is None:
        return None
    start = at - LOOK_BACK
    start = quiet_until(start, **hours) or start
    begin = None
    while (night := next_quiet(start, **hours)) is not None and night[0] <= at:
        begin, start = night
    return begin


def _hours(booking: Any) -> dict[str, Any]:
    return {
        "zones": [zone for zone in (booking.own_zone, booking.time_zone) if zone],
        "region": booking.region,
        "starts": booking.quiet_starts,
        "ends": booking.quiet_ends,
    }


def _write(plans: Sequence[Plan]) -> None:
    going = [plan for plan in plans if plan.send_at is not None]
    ids = dict(zip(map(_key, going), queue_messages(list(_texts(going))), strict=True))
    db.session.execute(insert(BookingReminder), [_line(plan, ids.get(_key(plan))) for plan in plans])


def _key(plan: Plan) -> tuple[UUID, int]:
    return plan.booking.offer_id, plan.booking.minutes


def _line(plan: Plan, message_id: UUID | None) -> dict[str, Any]:
    booking = plan.booking
    return {
        "id": new_id(), "org_id": booking.org_id, "slot_id": booking.slot_id, "offer_id": booking.offer_id,
        "minutes": booking.minutes, "starts_at": booking.starts_at, "send_at": plan.send_at, "message_id": message_id,
    }  # fmt: skip


def _texts(plans: Sequence[Plan]) -> Iterator[NewMessage]:
    wordings: dict[UUID, Wording] = {}
    for plan in plans:
        booking = plan.booking
        if booking.org_id not in wordings:
            wordings[booking.org_id] = load(PURPOSE, booking.org_id)
        night = next_quiet(plan.send_at, **_hours(booking)) if plan.send_at else None
        yield NewMessage(
            to_phone=booking.phone, body=wordings[booking.org_id].render(_words(booking)), purpose=PURPOSE,
            lane=REMINDERS, consumer_id=booking.consumer_id, subject_kind=SUBJECT, subject_id=booking.offer_id,
            send_at=plan.send_at, expires_at=booking.starts_at, sleeps_from=night[0] if night else None,
            sleeps_until=night[1] if night else None, org_id=booking.org_id,
        )  # fmt: skip


def _words(booking: Any) -> dict[str, str]:
    cents = booking.price_cents
    price = format_currency(cents / 100, booking.currency, locale=get_locale() or "en") if cents is not None else ""
    return {
        "business": booking.business, "staff": booking.staff, "service": booking.service or "", "price": price,
        "time": text_time(booking.starts_at, booking.time_zone), "first_name": first_name(booking.person),
        "url": claim_url(booking.offer_id),
    }  # fmt: skip
