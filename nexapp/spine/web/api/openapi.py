"""The OpenAPI document, made of the operations themselves."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from nexapp.spine.access import public
from nexapp.spine.config import settings
from nexapp.spine.web.api.operations import OPERATIONS, Operation, routes

__all__ = ["document", "routes"]

ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
SCHEMAS = "#/components/schemas/{model}"
REFUSALS = {
    "400": "The body can't be read.",
    "401": "No key, or one that isn't valid.",
    "403": "The key's scopes or the person's role don't allow it.",
    "404": "There is no such thing, or it is somebody else's.",
    "409": "Somebody changed it before.",
    "422": "Something that was sent can't be used; `errors` names the fields.",
    "429": "Too often: `Retry-After` says when to go on.",
    "503": "Busy: nothing was changed.",
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "A sentence for people."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs; doesn't change."},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}, "description": "By field."},
        "reference": {"type": ["string", "null"], "description": "Finds the line in our log."},
    },
}


@routes.get("/openapi.json")
@public("the API's own description", unit=False)
def openapi() -> Response:
    return jsonify({**document(), "servers": [{"url": settings().base_url + "/api/v1"}]})


@cache
def document() -> dict[str, Any]:
    """The whole document but for the server's address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "NexApp",
            "version": "1",
            "description": "Keys are made under Settings → API keys. Each error is an `application/problem+json`.",
        },
        "security": [{"key": []}],
        "tags": [{"name": name} for name in sorted({_tag(one) for one in OPERATIONS})],
        "paths": _paths(),
        "components": {
            "schemas": {**_schemas(), "Problem": PROBLEM},
            "responses": {code: _refusal(words) for code, words in REFUSALS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in OPERATIONS:
        found.setdefault(ARGUMENT.sub(r"{\2}", one.path), {})[one.method.lower()] = _describe(one)
    return found


def _describe(one: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "tags": [_tag(one)],
        "summary": one.summary,
        "description": f"Needs the scope `{one.scope}`{', of a personal key' if one.personal else ''}.",
        "parameters": [*_address(one), *_query(one), *_headers(one)],
        "responses": {str(one.status if one.answer else 204): _success(one), **_refusals()},
    }
    if one.body is not None:
        described["requestBody"] = {"required": one.needs_body, "content": _content(one.body)}
    return described


def _address(one: Operation) -> list[dict[str, Any]]:
    kinds = {"uuid": {"type": "string", "format": "uuid"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for kind, name in ARGUMENT.findall(one.path)
    ]


def _query(one: Operation) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema(ref_template=SCHEMAS)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in schema["properties"].items()
    ]


def _headers(one: Operation) -> list[dict[str, Any]]:
    if one.method != "POST":
        return []
    words = "Sent again with the same key within a day, the request happens once and gets the same answer."
    schema = {"type": "string", "maxLength": 200}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": words, "schema": schema}]


def _success(one: Operation) -> dict[str, Any]:
    return {"description": "Done.", **({"content": _content(one.answer)} if one.answer else {})}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": SCHEMAS.format(model=_schema_name(model))}}}


def _refusals() -> dict[str, Any]:
    return {code: {"$ref": f"#/components/responses/{code}"} for code in REFUSALS}


def _refusal(words: str) -> dict[str, Any]:
    schema = {"$ref": SCHEMAS.format(model="Problem")}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _models() -> list[type[BaseModel]]:
    named = {model for one in OPERATIONS for model in (one.query, one.body, one.answer) if model is not None}
    return sorted(named, key=_schema_name)


def _schemas() -> dict[str, Any]:
    pairs: list[Any] = [(model, "validation") for model in _models()]
    _, whole = models_json_schema(pairs, ref_template=SCHEMAS)
    return dict(whole.get("$defs", {}))


def _schema_name(model: type[BaseModel]) -> str:
    # A generic's name has brackets, which a reference can't hold; pydantic writes them so.
    return re.sub(r"[^a-zA-Z0-9.\-_]", "_", model.__name__)


def _tag(one: Operation) -> str:
    return one.path.split("/")[1]
