"""The page of a person's devices for pushes: let one in, name by name, try it, take it out."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.gateways.push import Address
from nexapp.identity.devices import device_label
from nexapp.notifications.blueprint import pages
from nexapp.notifications.devices import (
    list_devices,
    public_key,
    register_browser,
    register_practice_device,
    remove_browser,
    remove_device,
    replace_browser,
    send_test,
)
from nexapp.notifications.preferences import get_settings
from nexapp.spine.access import signed_in
from nexapp.spine.config import settings
from nexapp.spine.web.pages import page, see_other


@pages.get("/notification-settings/devices")
@signed_in
def devices() -> Response:
    return _devices_page()


@pages.post("/notification-settings/devices")
@signed_in
def add_device() -> Response:
    """By the page's script, with what the browser's push service gave it; `renewed` where it was let in before."""
    is_new = "renewed" not in request.form
    register_browser(_address(), device_label(request.user_agent.string), is_new=is_new)
    return _devices_page(201 if is_new else 200)


@pages.post("/notification-settings/devices/changed")
@signed_in
def change_device() -> Response:
    """By the service worker, whose browser got another address."""
    replace_browser(_given("old"), _address(), device_label(request.user_agent.string))
    return Response(status=204)


@pages.post("/notification-settings/devices/removed")
@signed_in
def forget_device() -> Response:
    """By the page's script, whose browser let go of its address."""
    remove_browser(_given("endpoint"))
    return _devices_page()


@pages.post("/notification-settings/devices/practice")
@signed_in
def add_practice_device() -> Response:
    register_practice_device()
    return see_other(url_for("notifications.devices"), _("Added. Its pushes show on the local pushes page."))


@pages.post("/notification-settings/devices/<uuid:subscription_id>/test")
@signed_in
def test_device(subscription_id: UUID) -> Response:
    send_test(subscription_id)
    return see_other(url_for("notifications.devices"), _("A test is on its way to that device."))


@pages.post("/notification-settings/devices/<uuid:subscription_id>/removal")
@signed_in
def drop_device(subscription_id: UUID) -> Response:
    remove_device(subscription_id)
    return see_other(url_for("notifications.devices"), _("That device gets no more pushes."))


def _address() -> Address:
    return Address("web", _given("endpoint"), _given("p256dh"), _given("auth"))


def _given(name: str) -> str:
    # No column stores a zero byte, and no browser sends one.
    return request.form.get(name, "").replace("\x00", "")


def _devices_page(status: int = 200) -> Response:
    return page(
        "notifications/devices.html",
        "notifications/_devices.html",
        status=status,
        devices=list_devices(),
        push_key=public_key(),
        pushes_are_on=get_settings().push_enabled,
        has_practice=bool(settings().push_local_url),
        practice_url=f"{settings().push_local_url}/dev/push",
    )
