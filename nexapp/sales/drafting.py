"""Drafting a message to a prospect from what is known of them; writing one counts once a day and prospect."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.gateways.ai import Draft, Facts
from nexapp.gateways.ai.providers import ai_gateway
from nexapp.identity.business_settings import get_business
from nexapp.identity.models import User
from nexapp.sales.activities import find_by_external_id, record_activity, zone_of
from nexapp.sales.models import Activity, Prospect
from nexapp.sales.sequence_sending import email_prospect, text_prospect
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import today_in
from nexapp.spine.web.templating import money

PURPOSE = "draft"


def draft_message(prospect: Any, tone: str) -> Draft:
    """`prospect` is a row with the name of its stage."""
    draft = ai_gateway().draft_message(facts_of(prospect), tone)
    if user_id := current_actor().user_id:
        today = today_in(zone_of(current_actor().tenant, user_id))
        key = f"draft:{user_id}:{prospect.id}:{today.isoformat()}"
        record_activity(user_id, "ai_message", prospect.id, external_id=key)
    return draft


def send_draft(prospect: Prospect, how: str, body: str, subject: str, key: UUID) -> datetime | None:
    """Text or e-mail it; when a text leaves that has to wait for the morning. Raises `Conflict`, `BadInput`.

    The caller holds the prospect, and the same form (`key`) sent twice is one message.
    """
    waits, sent = None, f"draft:{key}"
    if find_by_external_id(prospect.org_id, sent):
        return None
    if how == "text":
        waits = text_prospect(prospect, body, PURPOSE)
    elif how == "email":
        email_prospect(prospect, body, subject, PURPOSE)
    else:
        raise BadInput(_("This can't be sent from here."))
    audit.record("draft.sent", "prospect", prospect.id, {"how": how})
    if user_id := current_actor().user_id:
        record_activity(user_id, how, prospect.id, external_id=sent, details={"message": True})
    return waits


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
