"""Headers on every answer. The policy allows our own files only: no inline script, no third party."""

from __future__ import annotations

from flask import Flask, Response, g, redirect, request

from nexapp.spine.config import settings

POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def configure(app: Flask) -> None:
    app.before_request(use_https)
    app.after_request(add_headers)


def use_https() -> Response | None:
    # Health checks come from inside, over plain HTTP.
    if settings().serves_https and settings().production and not _came_by_https() and not _is_health():
        # To our own name, whatever name the request was sent to.
        return redirect(settings().base_url + request.full_path.rstrip("?"), 308)  # type: ignore[return-value]
    return None


def add_headers(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    by_link = getattr(g.get("access"), "kind", None) == "link"
    response.headers.setdefault("Referrer-Policy", "no-referrer" if by_link else "same-origin")
    if by_link:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    if settings().serves_https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if g.get("request_id"):
        response.headers["X-Request-ID"] = g.request_id
    return response


def _came_by_https() -> bool:
    # A proxy that TRUSTED_PROXIES leaves out is believed here, and only here: a lie gets its teller no redirect.
    return request.is_secure or request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"


def _is_health() -> bool:
    return request.path.startswith("/health")
