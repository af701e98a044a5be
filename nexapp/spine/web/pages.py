"""Answers that are pages: the whole, or the fragment that HTMX asked for."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, flash, make_response, redirect, render_template

from nexapp.spine.web.failures import is_fragment


def page(template: str, fragment: str | None = None, *, status: int = 200, **context: Any) -> Response:
    """Render `fragment` for an HTMX request where one is named, else the whole page."""
    chosen = fragment if fragment and is_fragment() else template
    response = make_response(render_template(chosen, **context), status)
    response.vary.add("HX-Request")
    return response


def see_other(address: str, toast: str | None = None, kind: str = "success", undo: str | None = None) -> Response:
    """Go on to another page after a change: 303, or HX-Redirect for HTMX. The toast shows there, with its undo."""
    if toast:
        flash({"text": toast, "undo": undo} if undo else toast, kind)  # type: ignore[arg-type]
    if is_fragment():
        return Response(status=204, headers={"HX-Redirect": address})
    return make_response(redirect(address, 303))


def with_toast(response: Response, text: str, kind: str = "success", undo: str | None = None) -> Response:
    """Show a toast beside a fragment; `undo` is the address that a post takes it back at."""
    news = {"text": text, "kind": kind} | ({"undo": undo} if undo else {})
    response.headers["HX-Trigger"] = json.dumps({"toast": news})
    return response


def told(
    text: str, kind: str = "success", undo: str | None = None, *, signal: str | None = None, status: int = 200
) -> Response:
    """No page: a toast, and the fragments that listen to `signal` fetch themselves again."""
    response = Response(status=status)
    news = {"toast": {"text": text, "kind": kind, "undo": undo}} | ({signal: {}} if signal else {})
    response.headers["HX-Trigger"] = json.dumps(news)
    response.headers["HX-Reswap"] = "none"
    return response
