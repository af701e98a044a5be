"""Our own static files: hashed names are kept for a year and sent compressed as they were built."""

from __future__ import annotations

import json
import os
from typing import Any

from flask import Flask, Response, current_app, request, send_from_directory
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.security import safe_join

from nexapp.spine.access import public
from nexapp.spine.web.templating import asset

YEAR = 31_536_000
ICONS = (
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable-512.png", "512x512", "image/png", "maskable"),
    ("favicon.svg", "any", "image/svg+xml", "any"),
)
"""A maskable one is cut into the phone's own shape: its ground reaches the edges, its sign keeps clear of them."""


def configure(app: Flask, folder: str) -> None:
    app.static_folder = folder
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static_file)
    app.add_url_rule("/service-worker.js", endpoint="service_worker", view_func=service_worker)
    app.add_url_rule("/manifest.webmanifest", endpoint="web_manifest", view_func=web_manifest)


@public("our own files", unit=False)
def static_file(filename: str) -> Response:
    folder = current_app.static_folder or ""
    hashed = filename.startswith("vendor/")
    name = _compressed(folder, filename) if hashed and "gzip" in request.headers.get("Accept-Encoding", "") else None
    response = send_from_directory(folder, name or filename, max_age=YEAR if hashed else 300)
    if name:
        response.headers["Content-Encoding"] = "gzip"
        response.content_type = _type_of(filename)
    response.vary.add("Accept-Encoding")
    return response


@public("our own files", unit=False)
def service_worker() -> Response:
    """At the root, for a worker speaks for the folder it lies in and below."""
    response = send_from_directory(current_app.static_folder or "", "js/service-worker.js", max_age=0)
    response.headers["Cache-Control"] = "no-cache"
    return response


@public("our own words and pictures", unit=False)
def web_manifest() -> Response:
    """What a phone needs to keep the pages as an app. Not a built file: its pictures have hashed names."""
    response = Response(json.dumps(_manifest()), content_type="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _manifest() -> dict[str, Any]:
    return {
        "id": "/",
        "name": "NexApp",
        "short_name": "NexApp",
        "description": _("Open times filled within minutes, prospects followed up in time."),
        "lang": str(get_locale() or "en"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": "#4f46e5",
        "background_color": "#ffffff",
        "icons": [_icon(*icon) for icon in ICONS],
    }


def _icon(name: str, sizes: str, kind: str, purpose: str) -> dict[str, str]:
    return {"src": asset(f"img/{name}"), "sizes": sizes, "type": kind, "purpose": purpose}


def _compressed(folder: str, filename: str) -> str | None:
    found = safe_join(folder, f"{filename}.gz")
    return f"{filename}.gz" if found and os.path.exists(found) else None


def _type_of(filename: str) -> str:
    ending = filename.rsplit(".", 1)[-1]
    return {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }.get(ending, "application/octet-stream")
