"""Notices, what a person set about them, and their devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("notification", "notification_skip", "push_subscription")
SAMPLES = {"notification_id": "notification", "subscription_id": "push_subscription"}


def rows(tenant: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, user = tenant["org"], tenant["user"]
    yield "notifications", {
        "id": tenant["notification"], "user_id": user, "org_id": org, "type": "slot_booked", "title": f"{mark} booked",
        "message": mark, "metadata": {"mark": mark},
    }  # fmt: skip
    yield "notification_settings", {"user_id": user, "daily_cap": 20}
    yield "notification_preferences", {"user_id": user, "name": "slot_booked", "channel": "email", "is_on": False}
    yield "notification_skips", {
        "id": tenant["notification_skip"], "user_id": user, "org_id": org, "type": "slot_booked", "reason": "tier",
        "title": mark,
    }  # fmt: skip
    yield "push_subscriptions", {
        "id": tenant["push_subscription"], "user_id": user, "kind": "fcm", "endpoint": f"token-{mark}", "device": mark,
    }  # fmt: skip
