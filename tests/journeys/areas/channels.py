"""The notification settings, with suggestions and while paused; figures; the link that stops e-mails."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant, sql

NAMES = [
    "notification_settings", "notification_settings_paused", "notification_figures", "notification_figures_none",
    "notification_figures_business", "unsubscribe_unknown",
]  # fmt: skip
NOTICES = """
    INSERT INTO notifications (id, user_id, org_id, type, title, message, created_at, read_at, opened_at, acted_at)
    SELECT gen_random_uuid(), %s, %s, 'slot_booked', 'Booked', '', at, CASE WHEN n > 12 THEN at END,
        CASE WHEN n > 14 THEN at END, CASE WHEN n > 20 THEN at + interval '3 minutes' END
    FROM generate_series(1, 36) AS n CROSS JOIN LATERAL (SELECT now() - n * interval '12 hours' AS at) t
"""


def arrange(places: Any, merchant: Merchant) -> None:
    stack = places.stack
    [own] = sql(stack, "SELECT id FROM users WHERE phone = %s", merchant.phone)
    sql(stack, NOTICES, own.id, merchant.org_id)
    resting = Merchant(stack).sign_up("Resting Nails")
    sql(
        stack,
        "INSERT INTO notification_settings (user_id, paused_until) SELECT id, now() + interval '9 days' FROM users"
        " WHERE phone = %s",
        resting.phone,
    )
    places.add(
        merchant,
        notification_settings="/notification-settings",
        notification_figures="/notification-settings/figures",
        notification_figures_business="/notification-settings/figures/business",
    )
    places.add(None, unsubscribe_unknown="/u/not-a-link-of-ours")
    places.add(
        resting,
        notification_settings_paused="/notification-settings",
        notification_figures_none="/notification-settings/figures",
    )
