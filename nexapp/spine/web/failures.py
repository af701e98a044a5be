"""The one handler of errors: a page, a fragment, or problem+json, with a reference that finds the log line."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import sqlalchemy.exc
from flask import (
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from htmx_flask import request as htmx_request
from werkzeug.exceptions import HTTPException, InternalServerError

from nexapp.spine import faults
from nexapp.spine.access import NoOrganisation, SecondFactorNeeded
from nexapp.spine.db import is_unreachable
from nexapp.spine.errors import BadInput, NexError, NotSignedIn, TooMany, Unavailable


def configure(app: Flask) -> None:
    app.register_error_handler(NexError, answer_known)
    app.register_error_handler(CSRFError, answer_stale_form)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, answer_unknown)


def answer_known(error: NexError) -> Any:
    if isinstance(error, NotSignedIn) and not wants_json():
        return _elsewhere(url_for("identity.sign_in", next=_way_back()))
    if isinstance(error, NoOrganisation) and not wants_json():
        return _elsewhere(url_for("identity.businesses"))
    if isinstance(error, SecondFactorNeeded) and not wants_json():
        return _elsewhere(url_for("identity.second_factor", next=_way_back()))
    return _answer(error)


def answer_stale_form(_error: CSRFError) -> Any:
    return _answer(_named(400, "stale_form", _("This page was open for too long. Reload it and send it again.")))


def answer_http(error: HTTPException) -> Any:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return _answer_plainly(error.original_exception)
    status = error.code or 500
    if status < 400:
        return error
    response = _answer(_named(status, f"http_{status}", _http_sentence(status)))
    for name, value in error.get_headers(request.environ):
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def answer_unknown(error: Exception) -> Any:
    if _is_busy(error):
        return _answer(Unavailable())
    if _is_unreadable(error):
        return _answer(_named(400, "unreadable", _http_sentence(400)))
    _capture(error)
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    return _answer(NexError())


def _capture(error: BaseException) -> None:
    kind = "db_error" if isinstance(error, sqlalchemy.exc.SQLAlchemyError) else "request_error"
    faults.capture(kind, error, severity="high", path=request.path, method=request.method, endpoint=request.endpoint)


def _answer_plainly(error: BaseException) -> Response:
    """For what failed outside a view: in a header, or in the making of an error page. No template can be trusted."""
    known = Unavailable() if _is_busy(error) else NexError()
    if not isinstance(known, Unavailable):
        _capture(error)
    reference = g.get("request_id", "")
    response = Response(f"{known.sentence}\n{reference}\n", status=known.status, mimetype="text/plain")
    if isinstance(known, Unavailable):
        response.headers["Retry-After"] = str(known.retry_after)
    return response


def wants_json() -> bool:
    if request.path.startswith(("/api/", "/hooks/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best != "text/html" and "*/*" not in request.headers.get("Accept", "*/*")


def is_fragment() -> bool:
    """An HTMX request that swaps a piece; a restored history entry wants the whole page."""
    asked = htmx_request.htmx
    return bool(asked) and not asked.history_restore_request


def _answer(error: NexError) -> Response:
    response = _problem(error) if wants_json() else _page(error)
    response.status_code = error.status
    if isinstance(error, (TooMany, Unavailable)):
        response.headers["Retry-After"] = str(error.retry_after)
    response.vary.add("HX-Request")
    response.headers["Cache-Control"] = "no-store"
    return response


def _problem(error: NexError) -> Response:
    body = {"type": "about:blank", "title": error.sentence, "status": error.status, "code": error.code}
    if isinstance(error, BadInput) and error.fields:
        body["errors"] = error.fields
    response = jsonify(body | {"reference": g.get("request_id")})
    response.mimetype = "application/problem+json"
    return response


def _page(error: NexError) -> Response:
    template = "errors/_error.html" if is_fragment() else "errors/error.html"
    title, what_next = _words(error.status)
    shown = {
        "status": error.status, "title": title, "sentence": error.sentence,
        "what_next": what_next, "reference": g.get("request_id"),
    }  # fmt: skip
    return make_response(render_template(template, error=shown))


def _words(status: int) -> tuple[str, str]:
    words = {
        400: (_("That could not be read"), _("Go back, reload the page and send it again.")),
        401: (_("Sign in first"), _("Sign in, then open this page again.")),
        403: (_("Not allowed"), _("Ask the owner of the business, or switch to another business.")),
        404: (_("Not found"), _("Check the address, or go to the start page.")),
        405: (_("That doesn't work here"), _("Go back and use the buttons on the page.")),
        409: (_("Somebody was faster"), _("Reload the page to see how things are now.")),
        410: (_("This link has ended"), _("Ask for a new one.")),
        413: (_("Too large"), _("Send something smaller.")),
        422: (_("Check what you typed"), _("Go back and change it.")),
        429: (_("Too often"), _("Wait a moment, then try again.")),
        503: (_("Busy right now"), _("It seldom lasts longer.")),
    }
    return words.get(status, (_("Something failed on our side"), _("Try again; we were told.")))


def _http_sentence(status: int) -> str:
    sentences = {
        404: _("There is nothing at this address."),
        405: _("This address doesn't take that kind of request."),
        413: _("That was more than we take at once."),
        429: _("That was too often. Wait a moment and try again."),
    }
    sentence: str = sentences.get(status, _("The request could not be read.") if status < 500 else NexError.sentence)
    return sentence


def _named(status: int, code: str, sentence: str) -> NexError:
    error = NexError(sentence, code=code)
    error.status = status
    return error


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, sqlalchemy.exc.TimeoutError) or (
        isinstance(error, sqlalchemy.exc.OperationalError) and is_unreachable(error)
    )


def _is_unreadable(error: Exception) -> bool:
    """A zero byte in an address: no text of the database can hold it, so nothing can be found under it."""
    return isinstance(error, sqlalchemy.exc.DataError) and "NUL" in str(error.orig)


def _elsewhere(address: str) -> Any:
    if is_fragment():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _way_back() -> str | None:
    """The page to go on with after signing in: this one, or the one whose piece was asked for."""
    if is_fragment():
        asked = urlsplit(htmx_request.htmx.current_url or "")
        path = asked.path + (f"?{asked.query}" if asked.query else "")
    elif request.method == "GET":
        path = request.full_path if request.query_string else request.path
    else:
        return None
    return path if path not in {"", "/"} else None
