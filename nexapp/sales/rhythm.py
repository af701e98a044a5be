"""The hours of a salesperson's day and week: whom they are for, and how statements are told of some of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from nexapp.spine.columns import join, joined
from nexapp.spine.local_days import LocalHour
from nexapp.spine.local_jobs import Person

SUNDAY = 6
MORNING = LocalHour(6, timedelta(hours=18))
FORENOON = LocalHour(8, timedelta(hours=16))
NIGHT = LocalHour(21, timedelta(hours=3))
"""These are about a day: with its midnight they have lost their sense."""
SUNDAY_EVENING = LocalHour(18, timedelta(hours=30), SUNDAY, looks_back=True)
"""A week can still be looked back at on the day after it."""

TEAM = """
    SELECT m.org_id, m.user_id, coalesce(u.time_zone, o.time_zone) AS zone, m.created_at AS joined_at
    FROM memberships m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.org_id
    WHERE o.kind = 'sales' AND o.suspended_at IS NULL AND m.deactivated_at IS NULL AND u.deactivated_at IS NULL
"""
"""Everybody who works in a sales team."""

GIVEN = f"""
    SELECT * FROM unnest({joined("orgs", "uuid")}, {joined("users", "uuid")}, {joined("days", "date")},
        {joined("ends", "timestamptz")}) AS g(org_id, user_id, on_date, ends_at)
"""  # noqa: S608 - our own words
"""The people that a statement is about, each with their day and the instant at which it is over."""


def given(people: Sequence[Person]) -> dict[str, Any]:
    return {
        "orgs": join(person.org_id for person in people), "users": join(person.user_id for person in people),
        "days": join(person.on.isoformat() for person in people),
        "ends": join(person.ends_at.isoformat() for person in people),
    }  # fmt: skip
