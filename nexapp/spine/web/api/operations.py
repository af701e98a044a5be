"""Operations: a route, its scope, its schemas. Declared once, checked at each call, and written into the document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, jsonify, request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import UnsupportedMediaType

from nexapp.spine.access import Access
from nexapp.spine.errors import BadInput, NexError
from nexapp.spine.tenancy import Role
from nexapp.spine.web.api import replays
from nexapp.spine.web.api.callers import api_access, current_caller
from nexapp.spine.web.api.limits import show_allowance

Handler = TypeVar("Handler", bound=Callable[..., Any])

routes = Blueprint("api", __name__, url_prefix="/api/v1")
OPERATIONS: list[Operation] = []
ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The one character that no text of the database can hold."""


@dataclass(frozen=True, slots=True)
class Operation:
    """`personal` ones need a caller who is a person; `platform` ones are for who runs the installation, too."""

    method: str
    path: str
    handler: Callable[..., Any]
    scope: str
    summary: str
    minimum: Role = Role.VIEWER
    personal: bool = False
    platform: bool = False
    kinds: tuple[str, ...] = ()
    """Kinds of organisation that have it; empty: all."""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    needs_body: bool = True
    """Whether an empty request is refused; else it stands for the body's defaults."""
    answer: Any = None
    """A model, or None for an empty answer."""
    status: int = 200

    @property
    def name(self) -> str:
        return self.handler.__name__


class Unreadable(NexError):
    status = 400
    code = "unreadable"
    sentence = "The body isn't JSON in UTF-8 that can be kept."


def operation(method: str, path: str, **declared: Any) -> Callable[[Handler], Handler]:
    """Register a handler. It gets the address's arguments, and `query` and `body` where they are declared."""

    def register(handler: Handler) -> Handler:
        one = Operation(method, path, handler, **declared)
        view = _view(one)
        view.access = _access(one)  # type: ignore[attr-defined]
        routes.add_url_rule(path, one.name, view, methods=[method])
        OPERATIONS.append(one)
        return handler

    return register


def _access(one: Operation) -> Access:
    return api_access(one.scope, one.minimum, personal=one.personal, platform=one.platform, kinds=one.kinds)


def _view(one: Operation) -> Callable[..., Response]:
    def view(**address: Any) -> Response:
        current_app.extensions["api_key_used"]()
        given = address | _given(one)
        if (key := replays.given_key()) is None:
            return _answer(one, one.handler(**given))
        return _once(one, key, given)

    view.__name__ = one.name
    return view


def _once(one: Operation, key: str, given: dict[str, Any]) -> Response:
    caller = current_caller().id
    if (earlier := replays.begin(caller, key)) is not None:
        return earlier
    response = _answer(one, one.handler(**given))
    replays.remember(caller, key, response)
    return response


def _given(one: Operation) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if one.query is not None:
        given["query"] = _parse(one.query, request.args.to_dict())
    if one.body is not None:
        given["body"] = _parse(one.body, _json() if one.needs_body or request.content_length else {})
    return given


def _json() -> Any:
    if not request.is_json:
        raise UnsupportedMediaType
    sent = request.get_data()
    try:
        found = from_json(sent, allow_inf_nan=False)
        json.dumps(found, allow_nan=False)  # 1e400 is read as infinity
    except ValueError:
        raise Unreadable from None
    if found is None or ZERO.search(sent):
        raise Unreadable
    return found


def _parse(model: type[BaseModel], raw: Any) -> BaseModel:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise BadInput(fields=_sentences(error)) from None


def _sentences(error: ValidationError) -> dict[str, str]:
    return {
        ".".join(map(str, item["loc"])) or "body": item["msg"].removeprefix("Value error, ") + "."
        for item in error.errors()
    }


def _answer(one: Operation, result: Any) -> Response:
    if result is None:
        return Response(status=204)
    response = jsonify(result.model_dump(mode="json"))
    response.status_code = one.status
    return response


@routes.after_request
def finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="NexApp"'
    return show_allowance(response)
