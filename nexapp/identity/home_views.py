"""The start page, and how pages look on this device."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext as _

from nexapp.identity.addresses import home_address, safe_next
from nexapp.identity.blueprint import pages
from nexapp.spine.access import principal, public
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput
from nexapp.spine.web.pages import page, see_other

THEMES = {"auto", "light", "dark"}
YEAR = 31_536_000


@pages.get("/")
@public("the start page", unit=False)
def home() -> Response:
    if (found := principal()) is not None:
        return see_other(home_address(found))
    return page("identity/landing.html")


@pages.post("/theme")
@public("a choice of this device alone", unit=False)
def choose_theme() -> Response:
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise BadInput(_("Choose light, dark or like the device."))
    response = see_other(safe_next(request.form.get("next")) or "/")
    response.set_cookie("theme", theme, max_age=YEAR, secure=settings().serves_https, httponly=True, samesite="Lax")
    return response
