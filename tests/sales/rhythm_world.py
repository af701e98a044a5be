"""A sales team whose people live in several zones, and what the jobs of their day and week tell them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import time_machine
from flask import Flask

from nexapp.spine.ids import new_id
from nexapp.spine.job_runs import start_run
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.schedule import fire
from nexapp.spine.tenancy import SYSTEM, Actor
from nexapp.spine.unit import unit_of_work

Sql = Callable[..., list[Any]]
QUARTER = timedelta(minutes=15)
LONG_AGO = "2026-01-01"


@dataclass(frozen=True, slots=True)
class Told:
    user_id: UUID
    type: str
    title: str
    message: str
    url: str | None
    subject_id: UUID | None


class SalesTeam:
    def __init__(self, app: Flask, sql: Sql, zone: str = "America/New_York", tier: str = "elite") -> None:
        self.app, self.sql = app, sql
        self.org_id = new_id()
        sql(
            "INSERT INTO organizations (id, name, slug, kind, tier, time_zone)"
            " VALUES (%s, 'Team', %s, 'sales', %s, %s)",
            self.org_id, f"team-{self.org_id.hex}", tier, zone,
        )  # fmt: skip
        # Every sales organisation begins with stages of its own.
        self.stages: dict[str, UUID] = dict(
            sql(
                "SELECT DISTINCT ON (outcome) outcome, id FROM prospect_stages WHERE org_id = %s ORDER BY 1",
                self.org_id,
            )
        )

    def add_user(self, zone: str | None = None, role: str = "staff") -> UUID:
        user_id = new_id()
        self.sql(
            "INSERT INTO users (id, phone, name, time_zone) VALUES (%s, %s, 'Rep', %s)",
            user_id, f"+1{user_id.int % 10**10:010}", zone,
        )  # fmt: skip
        self.sql(
            "INSERT INTO memberships (id, org_id, user_id, role, created_at) VALUES (%s, %s, %s, %s, %s)",
            new_id(), self.org_id, user_id, role, LONG_AGO,
        )  # fmt: skip
        return user_id

    def add_prospect(self, owner: UUID, name: str, at: datetime, *, score: str = "hot", **values: Any) -> UUID:
        """One that is scored hot, warm or cold at that instant by what is known of it."""
        prospect_id = new_id()
        row: dict[str, Any] = {
            "id": prospect_id, "org_id": self.org_id, "owner_id": owner, "name": name, "stage_id": self.stages["open"],
            "created_at": LONG_AGO, "last_activity_at": at - timedelta(hours=3),
        } | values  # fmt: skip
        if score in {"hot", "warm"}:
            row |= {"role": "Founder", "company": "X", "email": "a@example.com", "value_cents": 10_000_000}
        self.sql(f"INSERT INTO prospects ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
        for kind, count in {"hot": (("reply", 3), ("meeting", 2)), "warm": (("reply", 1),)}.get(score, ()):
            for _ in range(count):
                self.add_activity(owner, kind, at - timedelta(days=1), prospect_id)
        return prospect_id

    def add_activity(self, user: UUID, kind: str, at: datetime, prospect: UUID | None = None) -> None:
        self.sql(
            "INSERT INTO activities (id, org_id, user_id, prospect_id, kind, at, on_date)"
            " SELECT %s, %s, u.id, %s, %s, %s, (%s AT TIME ZONE coalesce(u.time_zone, o.time_zone))::date"
            " FROM users u, organizations o WHERE u.id = %s AND o.id = %s",
            new_id(), self.org_id, prospect, kind, at, at, user, self.org_id,
        )  # fmt: skip

    def set_streak(self, user: UUID, days: int, last_on: date, *, longest: int = 0, alive: int = 1) -> None:
        self.sql(
            "INSERT INTO streaks (org_id, user_id, current_days, longest_days, total_days, started_on, last_on,"
            " alive_until) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (org_id, user_id) DO UPDATE SET current_days = excluded.current_days,"
            " longest_days = excluded.longest_days, last_on = excluded.last_on, alive_until = excluded.alive_until",
            self.org_id, user, days, max(days, longest), max(days, longest), last_on - timedelta(days=days), last_on,
            last_on + timedelta(days=alive),
        )  # fmt: skip

    def run(self, job: str, at: datetime, on: date | None = None, actor: Actor = SYSTEM) -> None:
        """A scheduler's turn and a worker's at that instant; with a day, somebody starts it by hand for that one."""
        with time_machine.travel(at, tick=False), self.app.app_context():
            if on:
                with unit_of_work(actor):
                    start_run(job, on)
            else:
                fire(job)
            self.sql("UPDATE background_jobs SET run_at = now() - interval '1 second' WHERE status = 'queued'")
            drain_ledger("slow", lambda: False)

    def told(self, kind: str) -> list[Told]:
        rows = self.sql(
            "SELECT user_id, type, title, message, action_url, subject_id FROM notifications WHERE type = %s"
            " AND folded_into IS NULL AND metadata ->> 'folds' IS NULL ORDER BY id",
            kind,
        )
        return [Told(*row) for row in rows]

    def counts(self) -> list[dict[str, int]]:
        """What each run counted, those that did nothing left out."""
        rows = self.sql("SELECT progress -> 'counts' FROM background_jobs WHERE progress IS NOT NULL ORDER BY id")
        return [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in rows]

    def failures(self) -> list[Any]:
        return self.sql("SELECT kind, message FROM system_errors")
