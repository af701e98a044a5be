"""What a person gets, and by which way: each change is kept at once, or with a plain form's button."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _

from nexapp.identity.accounts import get_user
from nexapp.notifications.blueprint import pages
from nexapp.notifications.models import NotificationSettings
from nexapp.notifications.preferences import (
    change_settings,
    end_pause,
    get_settings,
    own_id,
    own_zone,
    pause_for,
    pause_until_day,
    pause_until_tomorrow,
)
from nexapp.notifications.registry import CHANNELS
from nexapp.notifications.settings_forms import DigestForm, LimitForm, MastersForm, PauseForm, QuietForm
from nexapp.notifications.suggestions import list_suggestions
from nexapp.notifications.switches import (
    DIGEST,
    URGENT_TIER,
    current_place,
    list_groups,
    list_positions,
    set_all,
    set_switch,
)
from nexapp.notifications.switches import save_switches as save_positions
from nexapp.spine.access import signed_in
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other

Forms = dict[str, PageForm]
DIGEST_LETTER = (DIGEST, "email")


@pages.get("/notification-settings")
@signed_in
def notification_settings() -> Response:
    return settings_page()


@pages.post("/notification-settings/channels")
@signed_in
def save_channels() -> Response:
    return _save("masters", MastersForm(), "email_enabled", "push_enabled")


@pages.post("/notification-settings/digest")
@signed_in
def save_digest() -> Response:
    return _save("digest", DigestForm(obj=get_settings()), "digest_enabled", "digest_at")


@pages.post("/notification-settings/digest/again")
@signed_in
def get_digest_again() -> Response:
    save_positions({DIGEST_LETTER: True})
    return _saved("digest")


@pages.post("/notification-settings/quiet-hours")
@signed_in
def save_quiet_hours() -> Response:
    form = QuietForm(obj=get_settings())
    passes = ("urgent_passes",) if current_place().has_urgent else ()
    return _save("quiet", form, "quiet_enabled", "quiet_starts", "quiet_ends", *passes)


@pages.post("/notification-settings/limit")
@signed_in
def save_limit() -> Response:
    form = LimitForm()
    if not form.validate():
        return settings_page("limit", 422, limit=form)
    change_settings(daily_cap=form.daily_cap.number)
    return _saved("limit")


@pages.post("/notification-settings/pause")
@signed_in
def pause() -> Response:
    form = PauseForm()
    if not form.validate():
        return settings_page("pause", 422, pause=form)
    try:
        _pause(form)
    except BadInput as error:
        form.bind_errors(error)
        return settings_page("pause", 422, pause=form)
    return _saved("pause")


@pages.post("/notification-settings/pause/end")
@signed_in
def resume() -> Response:
    end_pause()
    return _saved("pause")


@pages.post("/notification-settings/switches")
@signed_in
def save_switches() -> Response:
    """The whole matrix, of who has no JavaScript."""
    set_all(request.form.keys())
    return _saved("matrix")


@pages.post("/notification-settings/switches/<name>/<channel>")
@signed_in
def save_switch(name: str, channel: str) -> Response:
    turned = set_switch(name, channel, is_on=f"{name}.{channel}" in request.form)
    if not is_fragment():
        return see_other(url_for("notifications.notification_settings"), _("Saved."))
    return page("notifications/_switch.html", switch=turned, saved=True, **_names())


def _save(section: str, form: PageForm, *fields: str) -> Response:
    if not form.validate():
        return settings_page(section, 422, **{section: form})
    change_settings(**{name: form[name].data for name in fields})
    return _saved(section)


def _saved(section: str) -> Response:
    """The section anew with its tick; the page with a toast, for a plain form."""
    if is_fragment():
        return settings_page(section, saved=section)
    return see_other(url_for("notifications.notification_settings"), _("Saved."))


def _pause(form: PauseForm) -> None:
    if form.until.data == "tomorrow":
        pause_until_tomorrow()
    elif form.until.data == "day":
        pause_until_day(form.day.data)
    else:
        pause_for(int(form.until.data))


def settings_page(section: str | None = None, status: int = 200, *, saved: str = "", **forms: PageForm) -> Response:
    kept = get_settings()
    fragment = f"notifications/settings_{section}.html" if section else "notifications/settings_all.html"
    return page(
        "notifications/settings.html",
        fragment,
        status=status,
        saved=saved,
        kept=kept,
        paused=kept.paused_until is not None and kept.paused_until > now(),
        zone=own_zone(),
        forms=_forms(kept) | forms,
        user=get_user(own_id()),
        groups=list_groups(),
        suggestions=list_suggestions(),
        is_digest_stopped=list_positions().get(DIGEST_LETTER) is False,
        **_names(),
    )


def _forms(kept: NotificationSettings) -> Forms:
    shown: dict[str, Any] = {"formdata": None, "obj": kept}
    return {
        "masters": MastersForm(**shown),
        "digest": DigestForm(**shown),
        "quiet": QuietForm(**shown),
        "limit": LimitForm(formdata=None, data={"daily_cap": str(kept.daily_cap)}),
        "pause": PauseForm(formdata=None, data={"until": "1"}),
    }


def _names() -> dict[str, Any]:
    """What templates call channels and tiers, and where a plan is changed."""
    place = current_place()
    return {
        "place": place,
        "channels": dict(zip(CHANNELS, (_("In-app"), _("E-mail"), _("Push"), _("Text")), strict=True)),
        "tiers": {"free": _("Free"), "pro": _("Pro"), "elite": _("Elite")},
        "urgent_tier": "" if place.has_urgent else URGENT_TIER,
        "plan_url": _plan_address() if place.role is Role.OWNER else None,
    }


def _plan_address() -> str | None:
    found = [rule.rule for rule in current_app.url_map.iter_rules() if rule.rule == "/settings/plan"]
    return found[0] if found else None
