"""The centre in its views, one notice with its parts and ways, and what was not sent."""

from __future__ import annotations

import json
from typing import Any

from nexapp.spine.ids import new_id
from tests.blackbox import Merchant, sql

NAMES = [
    "notifications", "notifications_none", "notification", "notifications_not_sent",
]  # fmt: skip
NOTICE = """
    INSERT INTO notifications (id, user_id, org_id, type, title, message, icon, priority, action_url, metadata, parts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 'high', '/slots', %s, %s)
"""
SKIP = """
    INSERT INTO notification_skips (id, user_id, org_id, type, channel, reason, title, held_until)
    VALUES (%s, %s, %s, 'followup_due', 'email', 'quiet_hours', 'Follow-Up Reminder', now() + interval '3 hours')
"""


def arrange(places: Any, merchant: Merchant) -> None:
    stack, org = places.stack, merchant.org_id
    (row,) = sql(stack, "SELECT id FROM users WHERE phone = %s", merchant.phone)
    actions = json.dumps({"actions": [{"kind": "call", "phone": "+15551230001"}]})
    notices = [new_id() for _ in range(3)]
    for number, notice in enumerate(notices):
        message = "Call Wilhelmina Featherstonehaugh-Cholmondeley about the renewal before the board meets. " * 2
        sql(stack, NOTICE, notice, row.id, org, "followup_due", "🕒 Follow-Up Reminder", message, "🕒", actions,
            2 if number == 2 else 1)  # fmt: skip
    sql(stack, "UPDATE notifications SET folded_into = %s WHERE id = %s", notices[2], notices[0])
    sql(stack, SKIP, new_id(), row.id, org)
    one = f"/notifications/{notices[2]}"
    places.add(
        merchant, notifications="/notifications", notifications_none="/notifications?tab=snoozed", notification=one,
        notifications_not_sent="/notifications/not-sent",
    )  # fmt: skip
