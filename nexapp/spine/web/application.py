"""The Flask class whose requests are units of work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFProtect

from nexapp.spine.access import Access, access_of, bearer_token
from nexapp.spine.config import settings
from nexapp.spine.errors import Forbidden
from nexapp.spine.unit import unit_of_work

csrf = CSRFProtect()
SAFE = {"GET", "HEAD", "OPTIONS"}


class NexFlask(Flask):
    """Runs each view, its answer included, in one unit of work.

    The commit so happens before the answer leaves, and a failing one (a deferred constraint, say) reaches the
    error handlers like any other error.
    """

    def dispatch_request(self) -> Any:
        context = request_ctx
        if context.request.routing_exception is not None:
            self.raise_routing_exception(context.request)
        rule = context.request.url_rule
        if getattr(rule, "provide_automatic_options", False) and context.request.method == "OPTIONS":
            return self.make_default_options_response()
        return self._dispatch(rule.endpoint)  # type: ignore[union-attr]

    def _dispatch(self, endpoint: str) -> Response:
        access = access_of(self, endpoint)
        assert access is not None  # noqa: S101 - refused at start
        # Known before anything is refused: a link's refusals keep its address to themselves, too.
        g.access = access
        refuse_forgery(access)
        g.actor = actor = access.load(dict(request.view_args or {}))
        if actor is None or not access.unit:
            return self._answer(endpoint)
        with unit_of_work(actor):
            return self._answer(endpoint)

    def _answer(self, endpoint: str) -> Response:
        view = self.ensure_sync(self.view_functions[endpoint])
        return self.make_response(view(**(request.view_args or {})))


def refuse_forgery(access: Access) -> None:
    """A token for people with a session; for links, whose secret is the address, the origin."""
    if request.method in SAFE:
        return
    if access.kind == "api" and bearer_token():
        # A key is sent on purpose; no other site makes a browser do so.
        return
    if access.csrf:
        csrf.protect()
    elif access.kind == "link":
        _refuse_foreign_origin()


def _refuse_foreign_origin() -> None:
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise Forbidden("This form was sent from another site. Open the link itself and try again.")
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc not in _own_hosts():
        raise Forbidden("This form was sent from another site. Open the link itself and try again.")


def _own_hosts() -> set[str]:
    return {request.host, urlsplit(settings().base_url).netloc}
