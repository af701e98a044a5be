"""Every form that an owner or the holder of a link can reach, with what nobody means to type: answered in words.

Forms are found on the pages, as a browser finds them; a new one is covered by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from flask import Flask

from nexapp.slots.tokens import claim_token, request_token
from tests.pages import Fields, Form, Page

from . import world
from .conftest import signed_in
from .test_routes import sample

Sql = Callable[..., list[Any]]
Begin = Callable[[], world.Tenant]

NONSENSE = (
    "", "a\x00b", "\u202eabc\u202d", "x" * 10_000, "👩‍👩‍👧‍👦" * 30, "{{7*7}}", "{{ business.__class__ }}{% for %}",
    "<script>alert(1)</script>", "' OR 1=1 --", "a\ud800b", "-1", "9" * 40, "1e309", "NaN", "²", "٣", "0001-01-01",
    "9999-12-31", "2026-02-30", "24:61", "0001-01-01T00:00", "00000000-0000-7000-8000-000000000000", "not-a-uuid",
    "%00", "https://example.com@[::1", "+999999999999999999999", "a@b@c", "\u2028\n\r\n\t", "2147483648", "0.005",
)  # fmt: skip
IN_ALL_FIELDS = ("{{7*7}}<script>", "9" * 40)

REFUSALS = {403, 404, 409, 410, 413, 422, 429}
ANSWERS = REFUSALS | {200, 302, 303}
ELSEWHERE = ("operations.", "static", "local.")
KNOWN_LINKS = {"claims": lambda t: claim_token(t["offer"]), "waiting_list": lambda t: request_token(t["request"])}
MOVES_BY_ITSELF = {"user_sessions", "background_jobs", "verification_codes"}
PARTS = {"business": ("", 50), "sales": ("sales.", 15)}
"""Kind of organisation → the part that is walked, and how many forms there are at least."""
TOKEN = "csrf_token"


class Walk:
    """An owner's browser. It starts in a new business where a form has ended the one it was in."""

    def __init__(self, app: Flask, begin: Begin, part: str = "") -> None:
        self.app, self.begin, self.part = app, begin, part
        self.adapter = app.url_map.bind("localhost")
        self.enter()

    def enter(self) -> None:
        self.tenant = self.begin()
        cookie = signed_in(self.app, self.tenant).get_cookie("session")
        assert cookie
        self.http = httpx.Client(
            transport=httpx.WSGITransport(self.app, raise_app_exceptions=False), base_url="http://localhost"
        )
        self.http.cookies.set("session", cookie.value, domain="localhost.local")

    def pages(self) -> list[tuple[str, int]]:
        """Every address with a page, and which of the business's slots it is about."""
        rules = sorted({(r.rule, r.endpoint) for r in self.app.url_map.iter_rules() if "GET" in (r.methods or ())})
        return [
            (rule, slot)
            for rule, endpoint in rules
            if endpoint.startswith(self.part)
            and not endpoint.startswith(ELSEWHERE)
            and not rule.endswith((".csv", ".ics", ".pdf", ".svg", ".json"))
            for slot in range(3 if "slot_id" in rule else 1)
        ]

    def address(self, place: tuple[str, int]) -> str:
        rule = next(r for r in self.app.url_map.iter_rules() if r.rule == place[0] and "GET" in (r.methods or ()))
        values = {argument: sample(rule, argument, self.tenant) for argument in rule.arguments}
        if "slot_id" in values:
            values["slot_id"] = str(self.tenant[("slot", "draft", "booked")[place[1]]])
        if "token" in values and (part := rule.endpoint.split(".")[0]) in KNOWN_LINKS:
            with self.app.app_context():
                values["token"] = KNOWN_LINKS[part](self.tenant)
        return self.adapter.build(rule.endpoint, values)

    def forms(self, place: tuple[str, int]) -> dict[Any, Form]:
        page = Page(self.http.get(self.address(place)))
        assert page.status < 500, page
        return {self.kind(form): form for form in page.forms if names_of(form)}

    def form(self, place: tuple[str, int], kind: Any) -> Form:
        """As it is now; in a new business where it has gone from this one."""
        if kind not in (forms := self.forms(place)):
            self.enter()
            forms = self.forms(place)
        return forms[kind]

    def kind(self, form: Form) -> Any:
        """Forms that lead to one view with the same names are one."""
        endpoint, _values = self.adapter.match(form.action, method=form.method.upper())
        return endpoint, tuple(name.rpartition("-")[2] for name in names_of(form))

    def send(self, form: Form, typed: Fields) -> Page:
        body = urlencode({**form.fields, **typed}, doseq=True, errors="surrogatepass")
        if form.method == "get":
            return Page(self.http.get(f"{form.action}?{body}"))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Page(self.http.post(form.action, content=body, headers=headers))


def names_of(form: Form) -> list[str]:
    return sorted({*form.fields, *form.offered} - {TOKEN})


def entries(names: list[str], turn: int) -> Iterator[Fields]:
    """One thing in each field, a field twice and under odd names, and the same in all of them."""
    for place, name in enumerate(names):
        yield {name: NONSENSE[(turn + place) % len(NONSENSE)]}
    yield {names[0]: ["1", "x"], f"{names[-1]}[]": "a", f"{names[-1]}-0-x": "b"}
    for nonsense in IN_ALL_FIELDS:
        yield dict.fromkeys(names, nonsense)


def problem(page: Page) -> str | None:
    """What is wrong with the answer, in a few words."""
    if page.status not in ANSWERS:
        return f"answered {page.status}"
    if "<script>alert(1)" in page.html or "{{7*7}}<script>" in page.html:
        return "shows markup as it was typed"
    return None


@pytest.fixture(params=PARTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begin(app: Flask, owner_sql: Sql, tables: list[str], kind: str) -> Begin:
    def build() -> world.Tenant:
        owner_sql(f"TRUNCATE {', '.join(tables)} CASCADE")
        app.extensions["redis"].flushdb()
        with app.app_context():
            tenant = world.build(owner_sql, "ALPHA", "212")
        owner_sql("UPDATE organizations SET kind = %s", kind)
        return tenant

    return build


@pytest.fixture
def rows(owner_sql: Sql, tables: list[str]) -> Callable[[], dict[str, Any]]:
    """What every table holds, in one look."""
    each = (
        f"SELECT '{table}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t"
        for table in sorted(set(tables) - MOVES_BY_ITSELF)
    )
    question = " UNION ALL ".join(each)
    return lambda: dict(owner_sql(question))


def test_every_form_answers_nonsense_in_words_and_keeps_nothing_of_what_it_refuses(
    app: Flask, begin: Begin, rows: Callable[[], dict[str, Any]], kind: str
) -> None:
    part, least = PARTS[kind]
    walk, seen, wrong = Walk(app, begin, part), set[Any](), []
    for place in walk.pages():
        # What was sent on another page may have led into another business, or out of all.
        walk.enter()
        for kind in list(walk.forms(place)):
            if kind in seen:
                continue
            seen.add(kind)
            form = walk.form(place, kind)
            for typed in entries(names_of(form), 7 * len(seen)):
                before = rows() if len(typed) > 3 else None
                page = walk.send(form, typed)
                if found := problem(page):
                    wrong.append((kind[0], {name: str(value)[:30] for name, value in typed.items()}, found))
                if before is not None and page.status in REFUSALS and rows() != before:
                    wrong.append((kind[0], typed, "is refused and changes rows"))
                if page.status not in REFUSALS and form.method == "post":
                    form = walk.form(place, kind)
    assert not wrong, wrong
    assert len(seen) >= least, "the walk found too few forms"
