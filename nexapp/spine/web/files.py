"""Our own static files: hashed names are kept for a year and sent compressed as they were built."""

from __future__ import annotations

import os

from flask import Flask, Response, current_app, request, send_from_directory
from werkzeug.security import safe_join

from nexapp.spine.access import public

YEAR = 31_536_000


def configure(app: Flask, folder: str) -> None:
    app.static_folder = folder
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=static_file)
    app.add_url_rule("/service-worker.js", endpoint="service_worker", view_func=service_worker)


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
