"""Pieces of pages that are rendered once for the same inputs, and kept.

A piece sees its inputs, the words, icons and addresses. It sees no request, no session, nobody who is signed in, no
clock and no database: so whoever gives the same inputs gets the same piece, and none can be stale, for other rows are
other inputs. What differs with each request, as the token of forms does, is a hole that is filled at each use.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from flask import Flask, current_app, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment
from jinja2.defaults import DEFAULT_NAMESPACE
from markupsafe import Markup, escape
from sqlalchemy import Row

MOST_LETTERS = 16 * 1024 * 1024
"""Of all kept pieces together, in each process; the longest unused goes first."""

SHARED = ("_", "gettext", "ngettext", "asset", "icon_svg")
CLOCKS = ("relative",)
"""Filters that look at the clock: a piece is given their words."""

# Nobody who writes a text can know it, so no text can hold a hole.
_SECRET = secrets.token_hex(16)
_HOLE = re.compile(rf"hole-(\w+)-{_SECRET}")
_SAME = {str, type(None), UUID, date}
"""Kinds of which two values are equal only where they look the same."""
_WRITTEN = {int, bool, float, Decimal}

Kept = tuple[tuple[str, ...], tuple[str, ...]]
"""The letters between the holes, and the holes' names."""


class Hole(str):
    """An input that differs with each request. The piece prints it and does nothing else with it."""


class Pieces:
    def __init__(self, app: Flask) -> None:
        self._env = _sealed(app.jinja_env)
        self._kept: OrderedDict[Any, Kept] = OrderedDict()
        self._letters = 0

    def render(self, template: str, inputs: dict[str, Any]) -> Markup:
        holes = {name: inputs.pop(name) for name in [name for name in inputs if type(inputs[name]) is Hole]}
        try:
            key = (template, str(get_locale()), *inputs, *map(_mark, inputs.values()))
        except _Changeable:
            return _fill(self._made(template, inputs, holes), holes)
        found = self._kept.get(key)
        if found is None:
            found = self._made(template, inputs, holes)
            self._keep(key, found)
        else:
            self._kept.move_to_end(key)
        return _fill(found, holes)

    def _made(self, template: str, inputs: dict[str, Any], holes: Iterable[str]) -> Kept:
        marks = {name: f"hole-{name}-{_SECRET}" for name in holes}
        parts = _HOLE.split(self._env.get_template(template).render(**inputs, **marks))
        return tuple(parts[::2]), tuple(parts[1::2])

    def _keep(self, key: Any, made: Kept) -> None:
        self._kept[key] = made
        self._letters += _length(made)
        while self._letters > MOST_LETTERS and self._kept:
            _, dropped = self._kept.popitem(last=False)
            self._letters -= _length(dropped)


def configure(app: Flask) -> None:
    app.jinja_env.globals.update(piece=piece, hole=Hole)


def piece(template: str, **inputs: Any) -> Markup:
    """The template rendered with these inputs and nothing else: strings, numbers, ids, times, rows, tuples of them."""
    pieces: Pieces | None = current_app.extensions.get("pieces")
    if pieces is None:
        pieces = current_app.extensions["pieces"] = Pieces(current_app)
    return pieces.render(template, inputs)


def _sealed(env: Environment) -> Environment:
    """The app's templates without what belongs to one request."""
    sealed = env.overlay()
    shared = {name: env.globals[name] for name in SHARED if name in env.globals}
    sealed.globals = {**DEFAULT_NAMESPACE, **shared, "url_for": url_for, "csrf_token": lambda: f"hole-csrf-{_SECRET}"}
    sealed.filters = {**env.filters, **dict.fromkeys(CLOCKS, _refuse_clock)}
    return sealed


def _refuse_clock(*_: object) -> NoReturn:
    raise TypeError("a piece doesn't know what time it is")


class _Changeable(Exception):
    """An input that may look different while it stays equal to itself."""


def _mark(value: Any) -> Any:
    """What is equal only for inputs that look the same: 1 is not True, nor an instant the same in another zone."""
    kind = type(value)
    if kind in _SAME:
        return value
    if kind in _WRITTEN:
        return kind, repr(value)
    if kind is datetime or kind is time:
        return kind, value.isoformat(), value.fold, str(value.tzinfo)
    if isinstance(value, Row):
        return value._fields, *map(_mark, value)
    if isinstance(value, tuple):
        return kind, *map(_mark, value)
    if _is_frozen(value):
        return kind, *(_mark(getattr(value, each.name)) for each in fields(value))
    raise _Changeable


def _is_frozen(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type) and value.__dataclass_params__.frozen  # type: ignore[attr-defined]


def _fill(made: Kept, holes: dict[str, Hole]) -> Markup:
    letters, names = made
    if not names:
        return Markup(letters[0])  # noqa: S704 - rendered by a template that escapes
    filled = [letters[0]]
    for name, after in zip(names, letters[1:], strict=True):
        filled += (escape(generate_csrf() if name == "csrf" else str(holes[name])), after)
    return Markup("".join(filled))  # noqa: S704 - as above


def _length(made: Kept) -> int:
    return sum(map(len, made[0]))
