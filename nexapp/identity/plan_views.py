"""/settings/plan: what the plans bring, and which one the organisation is on."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.blueprint import pages
from nexapp.identity.business_settings import get_business
from nexapp.identity.plans import PLANS, TIERS, change_tier
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other


@pages.get("/settings/plan")
@member(Role.VIEWER)
def plan() -> Response:
    may_change = current_actor().role.at_least(Role.OWNER)
    return page("identity/plan.html", plans=PLANS, business=get_business(), may_change=may_change)


@pages.post("/settings/plan")
@member(Role.OWNER)
def choose_plan() -> Response:
    tier = request.form.get("tier", "")
    if tier not in TIERS:
        raise BadInput(_("Choose one of the plans."))
    name = next(plan.name for plan in PLANS if plan.tier == tier)
    if not change_tier(tier):
        return see_other(url_for(".plan"), _("You are on %(plan)s already.", plan=name), "info")
    return see_other(url_for(".plan"), _("You are on %(plan)s now.", plan=name))
