"""Pages of how notices are received: one's own, and a business's in sums; and the suggestions made from it."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _

from nexapp.identity.business_settings import get_business
from nexapp.notifications.blueprint import pages
from nexapp.notifications.engagement import DAYS, Engagement, org_engagement, own_engagement
from nexapp.notifications.engagement_charts import charts_of
from nexapp.notifications.settings_views import settings_page
from nexapp.notifications.suggestions import decline_suggestion, find_habit, take_suggestion
from nexapp.spine.access import member, signed_in
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other


@pages.get("/notification-settings/figures")
@signed_in
def own_figures() -> Response:
    return _figures_page(own_engagement(), habit=find_habit(), is_own=True)


@pages.get("/notification-settings/figures/business")
@member(Role.MANAGER)
def business_figures() -> Response:
    return _figures_page(org_engagement(get_business().time_zone), habit=None, is_own=False)


@pages.post("/notification-settings/suggestions/<name>")
@signed_in
def take(name: str) -> Response:
    take_suggestion(name)
    return _answered(_("Done."))


@pages.post("/notification-settings/suggestions/<name>/decline")
@signed_in
def decline(name: str) -> Response:
    decline_suggestion(name)
    return _answered(_("It stays as it is."))


def _answered(said: str) -> Response:
    if is_fragment():
        return settings_page()
    return see_other(url_for("notifications.notification_settings"), said)


def _figures_page(engagement: Engagement, **more: Any) -> Response:
    may_see_business = current_actor().role.at_least(Role.MANAGER)
    shown: dict[str, Any] = {"engagement": engagement, "charts": charts_of(engagement), "days": DAYS}
    return page("notifications/engagement.html", may_see_business=may_see_business, **shown, **more)
