"""Goal 7: pages a second over HTTP: the notification centre, the slots and the start page, each whole and for somebody
signed in, against the same page by Django and its ORM over the same rows, and against Flask's hello."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.peers.page_servers import Reader, Server, django_server, hello_server, product_server, start_web
from bench.pipe import Pipe, pipe
from bench.product import Product, product
from bench.rounds import Contestant, Line, Rounds, interleaved

PAGES = {
    "notification centre": ("/notifications", "/centre"),
    "slots": ("/slots", "/slots"),
    "dashboard": ("/home", "/home"),
}
"""The address of each at the product's and at Django's."""
TIMES, HELLOS = 200, 1_000
CONNECTIONS = 4
ROUNDS = 7
DJANGO, HELLO = 2.0, 0.15

READER = """
    SELECT m.user_id, m.org_id FROM memberships m JOIN organizations o ON o.id = m.org_id
    WHERE m.role = 'owner' AND o.kind = 'business'
    ORDER BY (SELECT count(*) FROM slots s WHERE s.org_id = o.id) DESC LIMIT 1
"""
NOTICES = """
    INSERT INTO notifications (id, user_id, org_id, type, title, message, icon, priority, action_url, read_at,
        created_at)
    SELECT nexapp_uuid7(now() - n * interval '5 hours'), %s, %s, 'slot_booked', 'Ana Able booked', 'Tomorrow at 9:30',
        '✅', 'normal', '/slots', CASE WHEN n %% 3 = 0 THEN now() END, now() - n * interval '5 hours'
    FROM generate_series(1, 200) n
"""


class WrongAnswer(RuntimeError):
    """A contestant answered with something else than its page."""


@dataclass
class Visitor:
    """The load generator in its own process, asking for one page again and again."""

    _pipe: Pipe

    def visit(self, server: Server, path: str, times: int) -> float:
        """The seconds that a page takes, as so many follow each other on a few kept-alive connections."""
        asked = {
            "port": server.port, "connections": CONNECTIONS, "paths": [path] * times, "method": "GET",
            "cookie": server.cookie,
        }  # fmt: skip
        found = json.loads(self._pipe.ask(json.dumps(asked)))
        if set(found["statuses"]) != {200}:
            raise WrongAnswer(f"{path} was answered with {sorted(set(found['statuses']))}")
        return float(found["seconds"]) / times

    def length(self, server: Server, path: str) -> int:
        asked = {"port": server.port, "connections": 1, "paths": [path], "method": "GET", "cookie": server.cookie}
        return int(json.loads(self._pipe.ask(json.dumps(asked)))["length"])


@contextmanager
def visitor() -> Iterator[Visitor]:
    with pipe([sys.executable, "-m", "bench.load"]) as opened:
        yield Visitor(opened)


def measure() -> list[Line]:
    with product({}, services_only=True) as ours, visitor() as visits:
        reader = _arrange(ours)
        web = product_server(ours, start_web(ours), reader)
        django, hello = django_server(ours, reader), hello_server(ours)
        return [line for page in PAGES for line in _compare(page, visits, web, django, hello)]


def _arrange(ours: Product) -> Reader:
    """The demo's busiest business, and two hundred notices for its owner."""
    done = ours.app.test_cli_runner().invoke(args=["seed-demo"])
    if done.exit_code:
        raise RuntimeError(f"the demo's data can't be had: {done.output}")
    reader = Reader(*ours.sql(READER)[0])
    ours.sql(NOTICES, reader.user_id, reader.org_id)
    ours.sql("VACUUM ANALYZE")
    return reader


def _compare(page: str, visits: Visitor, web: Server, django: Server, hello: Server) -> list[Line]:
    ours, theirs = PAGES[page]
    contestants: dict[str, Contestant] = {
        "ours": lambda: visits.visit(web, ours, TIMES),
        "django": lambda: visits.visit(django, theirs, TIMES),
        "hello": lambda: visits.visit(hello, "/hello", HELLOS),
    }
    for each in contestants.values():
        each()  # connections made, templates compiled
    found = interleaved(contestants, ROUNDS, at_most_seconds=40)
    kept, length = visits.length(web, ours) / 1000, visits.length(django, theirs) / 1000
    note = f"{page}: {kept:.0f} KB of HTML, Django's {length:.0f}; one process each, {CONNECTIONS} connections"
    return [
        _line(page, "Django", found, "django", DJANGO, note),
        _line(page, "Flask's hello", found, "hello", HELLO, note),
    ]


def _line(page: str, peer: str, found: Rounds, name: str, goal: float, note: str) -> Line:
    ratio = found.ratio(name, "ours")
    show: Callable[[str], str] = lambda who: f"{1 / found.median(who):,.0f}/s"  # noqa: E731
    metric = f"pages a second, {page}, vs {peer}"
    return Line(7, metric, show("ours"), show(name), ratio, f"≥ {goal:g}", ratio >= goal, note)
