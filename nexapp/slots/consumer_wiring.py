"""Registers the consumer's side of this part: claim pages, public pages and their jobs."""

from __future__ import annotations

import re

from flask import Flask

from nexapp.slots import (
    attendance,
    booking_models,
    booking_views,
    cancelling,
    claim_booking_views,
    claim_views,
    holds,
    pending,
    reminders,
    replies,
    reply_claiming,
    rush,
    waiting_list_private,
    waiting_list_views,
)
from nexapp.slots.claims import is_known_topic
from nexapp.spine.access import Principal
from nexapp.spine.realtime import topic

JOBS = (holds.expire_hold, pending.lapse_pending, cancelling.end_replaced_booking, reply_claiming.claim_by_reply)
HANDLERS = (replies.answer_reply,)
TABLES = booking_models
BLUEPRINTS = (claim_views.blueprint, waiting_list_views.blueprint)
PRIVATE_PAGES = (booking_views, claim_booking_views, waiting_list_private)
"""Add their routes to the blueprints by being imported."""

PUBLIC_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


def register(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    rush.install(app)
    reminders.register()
    attendance.register()


@topic("slot")
def may_follow_slot(_principal: Principal | None, parts: list[str]) -> bool:
    """Anybody who was given a slot's public name: its signal says that something changed, and nothing else."""
    return len(parts) == 1 and PUBLIC_TOKEN.fullmatch(parts[0]) is not None and is_known_topic(parts[0])
