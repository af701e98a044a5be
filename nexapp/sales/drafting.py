"""Drafting a message to a prospect from what is known of them; writing one counts once a day and prospect."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from nexapp.gateways.ai import Draft, Facts
from nexapp.gateways.ai.providers import ai_gateway
from nexapp.identity.business_settings import get_business
from nexapp.identity.models import User
from nexapp.sales.activities import record_activity, zone_of
from nexapp.sales.models import Activity
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import today_in
from nexapp.spine.web.templating import money


def draft_message(prospect: Any, tone: str) -> Draft:
    """`prospect` is a row with the name of its stage."""
    draft = ai_gateway().draft_message(facts_of(prospect), tone)
    if user_id := current_actor().user_id:
        today = today_in(zone_of(current_actor().tenant, user_id))
        key = f"draft:{user_id}:{prospect.id}:{today.isoformat()}"
        record_activity(user_id, "ai_message", prospect.id, external_id=key)
    return draft


def facts_of(prospect: Any) -> Facts:
    business, counts = get_business(), _counts(prospect.id)
    sender = db.session.scalar(select(User.name).where(User.id == current_actor().user_id))
    return Facts(
        name=prospect.name, company=prospect.company, role=prospect.role, location=prospect.location,
        stage=prospect.stage, value=money(prospect.value_cents, business.currency) if prospect.value_cents else "",
        days_silent=_days_since(prospect.last_activity_at), replies=counts.replies, meetings=counts.meetings,
        sender=sender or "", sender_company=business.name,
    )  # fmt: skip


def _counts(prospect_id: UUID) -> Any:
    return db.session.execute(
        select(
            func.count().filter(Activity.kind == "reply").label("replies"),
            func.count().filter(Activity.kind == "meeting").label("meetings"),
        ).where(Activity.org_id == current_actor().tenant, Activity.prospect_id == prospect_id)
    ).one()


def _days_since(at: datetime | None) -> int | None:
    return None if at is None else max((now() - at).days, 0)
