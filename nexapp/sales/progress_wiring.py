"""Registers scores, activities, streaks, missions and what else keeps people going."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.sales import (
    decks_views,
    drafting_views,
    insights,
    missions_new,
    progress_events,
    progress_models,
    progress_views,
    scanning_views,
    scores,
    scores_views,
)  # fmt: skip
from nexapp.sales.kinds import WITH_PROSPECTS
from nexapp.sales.prospect_timeline import KINDS, add_source
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item, add_setting

PAGES = (
    decks_views, drafting_views, missions_new, progress_events, progress_models, progress_views, scanning_views,
    scores_views,
)  # fmt: skip
"""They add their tables, routes and handlers by being imported."""
CHANGES = """
    SELECT id, changed_at AS at, NULL::uuid AS user_id, 'score' AS kind, '{}'::jsonb AS details,
        before || ' → ' || after AS body, NULL::timestamptz AS edited_at
    FROM score_changes WHERE org_id = :org_id AND prospect_id = :prospect_id
        AND (cause <> 'daily_rescan' AND before <> after OR abs(after - before) >= 10)
"""


def register() -> None:
    scores.register_jobs()
    insights.register_jobs()
    add_source("score", CHANGES)
    KINDS["score", "score"] = ("chart-line", _("Score changed"))
    add_item(Item(_("Progress"), "sales.progress", "target", 150, Role.VIEWER, WITH_PROSPECTS))
    add_setting(
        Item(_("Scores"), "sales.score_settings", "chart-bar", 36, Role.VIEWER, WITH_PROSPECTS,
             note=_("Which signals count how much."))
    )  # fmt: skip
