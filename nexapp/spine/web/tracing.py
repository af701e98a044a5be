"""A request's id: taken from the proxy or made here, in every log line, error row and job of the request."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, g, request

from nexapp.spine.ids import new_id

log = structlog.get_logger()
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def configure(app: Flask) -> None:
    app.before_request(begin)
    app.after_request(finish)


def request_id(given: str | None) -> str:
    """The id that came with a request, where it can be one, or a new one."""
    return given if given and _ID.fullmatch(given) else new_id().hex


def begin() -> None:
    g.request_id = request_id(request.headers.get("X-Request-ID"))
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def finish(response: Response) -> Response:
    # The rule, not the path: paths of links hold secrets.
    rule = request.url_rule.rule if request.url_rule else "(none)"
    if rule not in {"/static/<path:filename>", "/health/live"}:
        elapsed = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
        log.info("request", method=request.method, route=rule, status=response.status_code, ms=elapsed)
    return response
