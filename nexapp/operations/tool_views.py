"""Tools of development. In production these addresses don't exist."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from nexapp.operations.blueprint import pages
from nexapp.operations.forms import SampleForm
from nexapp.spine.access import public
from nexapp.spine.config import settings
from nexapp.spine.errors import NotFound, Unavailable
from nexapp.spine.web.pages import see_other

PHONE_SECONDS = 3
LARGEST_ANSWER = 2 * 1024 * 1024

# The phone is on this machine: an outgoing proxy has no part in it.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pages.get("/dev/components")
@public("style guide, outside production only", unit=False)
def components() -> str:
    _only_in_development()
    wrong = SampleForm(MultiDict({"length": "45", "note": "This note is longer than it may be."}), meta={"csrf": False})
    wrong.validate()
    return render_template("dev/components.html", form=SampleForm(formdata=None), form_with_errors=wrong)


@pages.post("/dev/components")
@public("style guide, outside production only", unit=False)
def try_component() -> Response:
    _only_in_development()
    return see_other(url_for(".components"), "Sent. Nothing was saved: this is the style guide.", "info")


@pages.get("/dev/phone")
@public("the way to the local phone, outside production only", unit=False)
def phone() -> Response:
    return redirect(_phone_address("/dev/phone"))  # type: ignore[return-value]


@pages.get("/dev/phone/messages.json")
@public("what the local phone got, outside production only", unit=False)
def phone_messages() -> Response:
    asked = {name: request.args[name] for name in ("to", "limit") if name in request.args}
    return Response(_fetch(_phone_address(f"/dev/phone/messages.json?{urlencode(asked)}")), mimetype="application/json")


@pages.get("/dev/mail")
@public("the way to the local mailbox, outside production only", unit=False)
def mail() -> Response:
    return redirect(_phone_address("/dev/mail"))  # type: ignore[return-value]


@pages.get("/dev/mail/messages.json")
@public("what the local mailbox got, outside production only", unit=False)
def mail_messages() -> Response:
    asked = urlencode({"to": request.args.get("to", "")})
    return Response(_fetch(_phone_address(f"/dev/mail/messages.json?{asked}")), mimetype="application/json")


@pages.get("/dev/push")
@public("the way to the local pushes, outside production only", unit=False)
def pushes() -> Response:
    return redirect(_phone_address("/dev/push"))  # type: ignore[return-value]


@pages.get("/dev/push/messages.json")
@public("what the local devices got, outside production only", unit=False)
def push_messages() -> Response:
    asked = urlencode({"device": request.args.get("device", "")})
    return Response(_fetch(_phone_address(f"/dev/push/messages.json?{asked}")), mimetype="application/json")


def _only_in_development() -> None:
    if settings().production:
        raise NotFound


def _phone_address(path: str) -> str:
    _only_in_development()
    if not (settings().uses_local_phone and settings().twilio_base_url):
        raise NotFound
    return settings().twilio_base_url + path


def _fetch(address: str) -> bytes:
    try:
        with _direct.open(address, timeout=PHONE_SECONDS) as answer:
            found: bytes = answer.read(LARGEST_ANSWER)
            return found
    except (OSError, urllib.error.URLError):
        raise Unavailable("The local phone doesn't answer. Is it started?") from None
