"""A page as a script without eyes reads it: its status, its words and its forms, hidden fields included."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

Fields = dict[str, str | list[str]]
LARGEST_SHOWN = 1500


@dataclass
class Form:
    action: str
    method: str = "get"
    fields: Fields = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    """Every name that can be sent, ticked or not, with its values."""


class Page:
    """An answer of the product. `forms` holds what a browser would send if nothing were typed."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.path = urlsplit(str(answer.url)).path
        self.html = answer.text
        self.forms = _read_forms(self.html, self.path)

    @property
    def words(self) -> str:
        """What a person reads, in one line."""
        bare = re.sub(r"(?s)<(script|style|template)\b.*?</\1>|<[^>]+>", " ", self.html)
        return " ".join(html.unescape(bare).split())

    def form(self, action: str) -> Form:
        """The form that posts to this path, or to one that ends with it."""
        found = [form for form in self.forms if form.action == action or form.action.endswith(action)]
        assert found, f"{self} has no form for {action}; there are {[form.action for form in self.forms]}"
        return found[0]

    def expect(self, *statuses: int) -> Page:
        assert self.status in statuses, f"{self}, expected {statuses}: {self.words[:LARGEST_SHOWN]}"
        return self

    def __repr__(self) -> str:
        return f"<{self.answer.request.method} {self.path} {self.status}>"


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.inside: Form | None = None
        self.select: str | None = None
        self.textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            target = given.get("action") or given.get("hx-post") or self.path
            self.inside = Form(urlsplit(target).path, given.get("method", "get").lower())
            self.forms.append(self.inside)
        elif self.inside is not None and "disabled" not in given:
            self._read_field(tag, given)

    def _read_field(self, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "input" and name:
            self._read_input(name, given)
        elif tag in ("select", "textarea"):
            setattr(self, tag, name)
        elif tag == "option" and self.select:
            self._offer(self.select, given.get("value", ""))
            if "selected" in given or self.select not in self.inside.fields:
                self.inside.fields[self.select] = given.get("value", "")

    def _read_input(self, name: str, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "")
        if kind in ("submit", "button", "image", "file"):
            return
        self._offer(name, value)
        if kind not in ("checkbox", "radio"):
            self.inside.fields[name] = value
        elif "checked" in given:
            present = self.inside.fields.get(name, [])
            self.inside.fields[name] = [*([present] if isinstance(present, str) else present), value or "on"]

    def _offer(self, name: str, value: str) -> None:
        self.inside.offered.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.inside is not None and self.textarea:
            self.inside.fields[self.textarea] = str(self.inside.fields.get(self.textarea, "")) + data.strip("\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "textarea" and self.inside is not None and self.textarea:
            self.inside.fields.setdefault(self.textarea, "")
            self.textarea = None
        elif tag == "select":
            self.select = None


def _read_forms(source: str, path: str) -> list[Form]:
    reader = _Reader(path)
    reader.feed(source)
    return reader.forms
