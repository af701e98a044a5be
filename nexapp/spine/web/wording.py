"""The words of templates, looked up once each.

As long as the product speaks one language, a sentence is what the template says: nothing is asked of catalogs. With the
first catalog, flask-babel's own look-ups take over.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup


def configure(app: Flask) -> None:
    if not _has_catalogs(app):
        app.jinja_env.globals.update(_=say, gettext=say, ngettext=count)


@pass_eval_context
def say(context: EvalContext, sentence: str, /, **variables: Any) -> str:
    if context.autoescape:
        return _escaped(sentence) % variables if variables else _finished(sentence)
    return sentence % variables


@pass_eval_context
def count(context: EvalContext, singular: str, plural: str, num: int, /, **variables: Any) -> str:
    return say(context, singular if num == 1 else plural, **{"num": num, **variables})


@lru_cache(maxsize=8192)
def _escaped(sentence: str) -> Markup:
    return Markup(sentence)  # noqa: S704 - a template's own words


@lru_cache(maxsize=8192)
def _finished(sentence: str) -> Markup:
    """One without variables, its doubled percent signs made single."""
    return Markup(sentence) % {}  # noqa: S704 - as above


def _has_catalogs(app: Flask) -> bool:
    with app.app_context():
        return len(app.extensions["babel"].instance.list_translations()) > 1
