"""Registers follow-ups, the agenda and sequences."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.notifications.centre_actions import NoticeAction, register_action
from nexapp.notifications.registry import register_subject
from nexapp.sales import (
    agenda_views,
    follow_ups_checks,
    follow_ups_due,
    follow_ups_models,
    follow_ups_naming,
    follow_ups_notices,
    follow_ups_panel,
    follow_ups_views,
    sequence_stepping,
    sequence_stopping,
    sequences_models,
    sequences_views,
)
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item

PAGES = (
    agenda_views, follow_ups_models, follow_ups_naming, follow_ups_panel, follow_ups_views, sequence_stepping,
    sequence_stopping, sequences_models, sequences_views,
)  # fmt: skip
"""They add their tables, routes and what they listen to by being imported."""


def register() -> None:
    register_subject(follow_ups_due.SUBJECT, "follow_ups")
    register_action(NoticeAction("followup_done", _("Done"), "check", follow_ups_notices.finish))
    follow_ups_due.register()
    follow_ups_checks.register()
    add_item(Item(_("Follow-ups"), "sales.agenda", "checkbox", 130, Role.VIEWER, WITH_PROSPECTS))
    add_item(Item(_("Sequences"), "sales.sequences", "list-details", 140, Role.VIEWER, WITH_PROSPECTS))
