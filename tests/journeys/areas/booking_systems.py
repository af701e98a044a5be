"""Booking systems: none, one that waits for a person, a watched calendar that fails, and the calendars' addresses."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant, sql

NAMES = ["hooks", "hooks_none", "hook_new", "hook", "feed_failing", "calendar_addresses"]

DELIVERIES = """
    INSERT INTO booking_deliveries (id, org_id, booking_system_id, action, uid, reference, starts_at, ends_at, signed,
        change, payload, outcome, reason)
    SELECT gen_random_uuid(), org_id, id, 'cancelled', o.outcome, 'a.very.long.address@a-very-long-domain.example',
        now() + interval '3 days', now() + interval '3 days 30 minutes', false, '{}', '{"type": "cancelled"}',
        o.outcome, o.reason
    FROM booking_systems, (VALUES ('opened', NULL), ('waiting_approval', 'over_limit'), ('waiting_staff', NULL),
        ('conflict', 'other_time'), ('refused', 'length')) o(outcome, reason)
    WHERE id = %s
"""
FAILING = """
    INSERT INTO booking_systems (id, org_id, kind, name, url, staff_member_id, failure, failures, checked_at, read_at,
        first_read_at)
    VALUES (gen_random_uuid(), %s, 'feed', 'Calendar', 'https://calendar.invalid/a.ics', %s, 'smaller', 3, now(), now(),
        now())
    RETURNING id
"""


def arrange(places: Any, merchant: Any) -> None:
    home = "/settings/booking-systems"
    page = merchant.submit(merchant.get(f"{home}/new"), home, kind="cal_com", name="Front desk").expect(200)
    sql(places.stack, DELIVERIES, page.path.rpartition("/")[2])
    failing = sql(places.stack, FAILING, merchant.org_id, merchant.staff()[0])[0].id
    merchant.submit(merchant.get("/settings/calendars"), f"/settings/calendars/staff/{merchant.staff()[0]}").expect(200)
    places.add(merchant, hooks=home, hook_new=f"{home}/new", hook=page.path, feed_failing=f"{home}/{failing}")
    places.add(merchant, calendar_addresses="/settings/calendars")
    places.add(Merchant(places.stack).sign_up("No System Nails"), hooks_none=home)
