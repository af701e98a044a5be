"""POST /hooks/in/<token>: signature checked, stored once, answered. A job acts on it (`handling`)."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any, NoReturn

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from nexapp.slots.booking_systems.addresses import hook_address
from nexapp.slots.booking_systems.deliveries import store
from nexapp.slots.booking_systems.errors import Malformed, NotJson, NotSigned, TooLarge, TooManyUnsigned, UnknownAddress
from nexapp.slots.booking_systems.senders import event_name, read_changes
from nexapp.slots.booking_systems.signatures import is_genuine
from nexapp.slots.tokens import hash_token
from nexapp.spine.access import link
from nexapp.spine.db import lookup
from nexapp.spine.tenancy import Actor, Role

blueprint = Blueprint("booking_links", __name__)

MOST_BYTES = 256 * 1024
MOST_BYTES_UNSIGNED, MOST_AN_HOUR = 32 * 1024, 120
"""Of an address whose sender doesn't sign: enough for a busy business, too little to fill a disk."""


def resolve_hook(token: str) -> Actor:
    """The business's own system actor; its address stays in `g`. Raises `UnknownAddress`."""
    found = lookup("SELECT * FROM nexapp_booking_hook(:hash)", hash=hash_token(token))
    if found is None:
        raise UnknownAddress
    g.hook = found
    return Actor(Role.SYSTEM, found.org_id)


@blueprint.post("/hooks/in/<token>")
@link(resolve_hook)
def receive_hook(token: str) -> Response:
    hook = g.hook
    body = _read_body(MOST_BYTES if hook.signing_key else MOST_BYTES_UNSIGNED)
    _check_sender(hook, body, hook_address(token))
    parsed = _parse(body)
    changes = read_changes(hook.kind, parsed, hook.time_zone)
    name = hashlib.sha256((event_name(hook.kind, parsed) or "").encode() or body).hexdigest()
    is_new = store(hook.booking_system_id, name, parsed, changes, signed=hook.signing_key is not None)
    return _accepted(is_new)


def _accepted(is_new: bool) -> Response:
    response = jsonify(status="accepted" if is_new else "known already")
    response.status_code = 202
    return response


def _read_body(most: int) -> bytes:
    if not request.is_json:
        raise NotJson
    request.max_content_length = most
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge(most) from None


def _check_sender(hook: Any, body: bytes, url: str) -> None:
    if hook.signing_key is None:
        if hook.lately >= MOST_AN_HOUR:
            raise TooManyUnsigned(retry_after=600)
    elif not is_genuine(hook.kind, hook.signing_key, dict(request.headers), body, url=url, at=time.time()):
        raise NotSigned


def _parse(body: bytes) -> dict[str, Any]:
    """The JSON object, if it is one that can be stored."""
    try:
        parsed = json.loads(body, parse_constant=_refuse)
        # What PostgreSQL's JSON can't hold: halves of pairs, zero bytes, numbers without end.
        written = json.dumps(parsed, ensure_ascii=False, allow_nan=False)
        if "\\u0000" in written:
            raise ValueError
        written.encode()
    except (ValueError, RecursionError):
        raise Malformed(_("The body is no JSON that can be read.")) from None
    if not isinstance(parsed, dict):
        raise Malformed(_("The body must be a JSON object."))
    return parsed


def _refuse(_constant: str) -> NoReturn:
    raise ValueError
