"""A sales team with what is due, and browsers of its people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from nexapp.sales import follow_ups_due
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor
from nexapp.spine.unit import unit_of_work
from tests.sales.progress_world import Team

MINUTE = timedelta(minutes=1)


class SalesTeam(Team):
    def due(self, owner: Actor, prospect_id: UUID | None, at: datetime | None = None, **columns: Any) -> UUID:
        """A follow-up that has been due for a minute."""
        follow_up_id, at = new_id(), at or now() - MINUTE
        self.insert(
            "follow_ups", id=follow_up_id, org_id=self.org_id, owner_id=owner.user_id, prospect_id=prospect_id,
            **{"due_at": at, "due_on": at.date(), "due_time": at.time(), "time_zone": "UTC", **columns},
        )  # fmt: skip
        return follow_up_id

    def notices(self, owner: Actor) -> list[Any]:
        """One for each thing; not the line that stands for several of them."""
        rows = self.rows("notifications", user_id=owner.user_id)
        return sorted((row for row in rows if row["subject_id"]), key=lambda row: row["id"])


def check_follow_ups(app: Flask) -> None:
    """What the schedule runs each minute."""
    with app.app_context(), unit_of_work(SYSTEM):
        follow_ups_due.followup_check()
