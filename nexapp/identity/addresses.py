"""Where to go on to after a form: only within this site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from nexapp.spine.access import Principal

LONGEST = 500
WITH_SLOTS = ("business", "restaurant", "shop")
"""The kinds of organisation whose time can be booked."""


def safe_next(raw: str | None) -> str | None:
    """`raw` where it is a path of this site that a person can open, else None.

    Browsers read `\\` as `/` and drop tabs and line ends, so `/\\evil` and `/<tab>/evil` lead away too.
    """
    if not raw or len(raw) > LONGEST or not raw.startswith("/") or raw.startswith("//"):
        return None
    if "\\" in raw or any(c.isspace() or not c.isprintable() for c in raw):
        return None
    try:
        parts = urlsplit(raw)
    except ValueError:
        return None
    leads_away = parts.scheme or parts.netloc or parts.path.startswith("//")
    return None if leads_away or not _opens(parts.path) else raw


def _home_of(kind: str) -> str:
    # Parts above this one are known by their endpoint only.
    if kind not in WITH_SLOTS:
        return "sales.home" if "sales.home" in current_app.view_functions else "identity.businesses"
    return "slots.home" if "slots.home" in current_app.view_functions else "identity.businesses"


def _opens(path: str) -> bool:
    # A form that was refused stands at an address that only takes posts.
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except RequestRedirect:
        return True
    except HTTPException:
        return False


def home_address(found: Principal) -> str:
    """Each person's own start page."""
    if found.org_id is not None:
        return url_for(_home_of(g.get("org_kind", "business")))
    if found.is_platform_admin or found.lacks_second_factor:
        return url_for("operations.admin_home")
    return url_for("identity.businesses")
