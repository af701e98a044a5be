"""Goals 5 and 13: the bell's number and the first page of the centre among ten million notices, through row-level
security; and what it costs among a tenth and a hundredth of them.

In a run of all lines there are a million, for the whole has ten minutes; `ONLY=bell` makes ten. The peer has as many,
in the same server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, event, text

from bench.bulk import at_once, in_halves, set_aside
from bench.peers.bell_server import DjangoBell, django_bell
from bench.product import Product, product
from bench.rounds import Contestant, Line, interleaved
from nexapp.notifications.queries import count_unread, list_page, list_urgent, without
from nexapp.spine.db import db
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

PEOPLE = 100_000
IN_A_WHOLE_RUN = 10_000
EACH = 100
"""A notice a day, for as many days."""
BUSY_ONES = 100
"""One in so many people has as many a day as the default limit lets through."""
A_BUSY_DAY = 20
ASKED = 300
"""Bells in one turn, each of somebody else: what one person just read lies warm."""
ROUNDS = 7
MOST_STATEMENTS = 4
GROWN = (100, 10)
"""The parts of the people, one in so many, who have notices at the first measures of growth."""

GROUND = """
    INSERT INTO organizations (id, name, slug, kind, tier, time_zone)
    SELECT nexapp_uuid7(now()), 'Team ' || n, 'team-' || n, 'sales', 'elite', 'UTC' FROM generate_series(1, {teams}) n;
    INSERT INTO users (id, email) SELECT nexapp_uuid7(now()), n || '@example.com' FROM generate_series(1, {people}) n;
    INSERT INTO memberships (id, org_id, user_id, role)
    SELECT nexapp_uuid7(now()), o.id, u.id, 'staff'
    FROM (SELECT id, row_number() OVER () AS n FROM users) u
    JOIN (SELECT id, row_number() OVER () - 1 AS n FROM organizations) o ON o.n = u.n %% {teams};
    CREATE SCHEMA bench;
    CREATE TABLE bench.people AS SELECT row_number() OVER (ORDER BY id) AS n, org_id, user_id FROM memberships;
    CREATE TABLE bench.busy AS SELECT * FROM bench.people WHERE n %% {busy} = 0;
    ANALYZE
"""
# One time after the other, as they come: nobody's lie side by side. The id's time and number are written by hand, for
# the function that makes ids takes longer than the row.
NOTICES = """
    INSERT INTO notifications (id, user_id, org_id, type, title, message, icon, priority, read_at, created_at)
    SELECT (d.millis || '70008000' || lpad(to_hex(p.n), 12, '0'))::uuid, p.user_id, p.org_id, 'mission_alert',
        'Add 5 prospects', 'Two to go', '🎯', 'normal', d.read_at, d.at
    FROM (
        SELECT at, CASE WHEN at <= now() - interval '5 days' THEN at + interval '1 hour' END AS read_at,
            lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS millis
        FROM (SELECT now() - n * interval '1 day' / {a_day} - interval '1 second' * {shift} AS at
              FROM generate_series({times} - 1, 0, -1) n) times
        OFFSET 0
    ) d CROSS JOIN LATERAL (
        SELECT * FROM bench.{whom} WHERE n > {first} AND n <= {last} AND d.at < now() + interval '1 day' OFFSET 0
    ) p
"""
COUNTS = """
    INSERT INTO unread_counts (user_id, org_id, unread)
    SELECT user_id, org_id, count(*) FROM notifications WHERE read_at IS NULL GROUP BY user_id, org_id
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a turn of `ASKED` people took, over its floor."""

    notices: int
    bell: float
    page: float


def measure() -> list[Line]:
    return _measure(IN_A_WHOLE_RUN)


def measure_alone() -> list[Line]:
    return _measure(PEOPLE)


def _measure(people: int) -> list[Line]:
    with product({}, services_only=True) as ours, ours.app.app_context():
        settle(ours, people)
        parts = [people // part for part in GROWN]
        grown = [_cost(ours, first, last) for first, last in zip([0, *parts], parts, strict=False)]
        asked = fill(ours, parts[-1], people)
        with django_bell(ours, people, EACH, BUSY_ONES, A_BUSY_DAY) as theirs:
            return _compare(asked, _some_of(ours, "busy"), theirs, grown)


def settle(ours: Product, people: int) -> None:
    """So many people in teams of a hundred, as yet without notices."""
    for statement in GROUND.format(people=people, teams=max(people // 100, 1), busy=BUSY_ONES).split(";"):
        ours.sql(statement)


def fill(ours: Product, first: int, last: int) -> list[Actor]:
    """Give the people of these numbers their notices, those of the last days unread; some of the usual ones, as actors.

    Foreign keys and counts are left out or written once for all: ten million look-ups would take an hour.
    """
    usual = [
        {"first": low, "last": high, "whom": "people", "a_day": 1, "shift": 0} for low, high in in_halves(first, last)
    ]
    busy = {"first": first, "last": last, "whom": "busy", "a_day": A_BUSY_DAY - 1, "shift": 1}
    with set_aside(ours, "notifications"):
        at_once(ours, [NOTICES.format(times=EACH * some["a_day"], **some) for some in (*usual, busy)])
    for statement in (COUNTS, "VACUUM ANALYZE notifications, unread_counts"):
        ours.sql(statement)
    return _some_of(ours, f"people WHERE n % {BUSY_ONES} <> 0 AND n <= {last}")


def _some_of(ours: Product, whom: str) -> list[Actor]:
    wanted = f"SELECT org_id, user_id FROM bench.{whom} ORDER BY md5(user_id::text) LIMIT {ASKED}"  # noqa: S608 - as above
    return [Actor(Role.STAFF, org_id, user_id) for org_id, user_id in ours.sql(wanted.replace("%", "%%"))]


def first_page(user_id: UUID) -> int:
    """What the centre looks up of notices for its first page; how many it shows."""
    count_unread(user_id)
    rows, urgent = list_page(user_id, limit=26), list_urgent(user_id)
    return len(urgent) + len(without(rows, urgent))


def _cost(ours: Product, first: int, last: int) -> Cost:
    people = fill(ours, first, last)
    found = interleaved(_ours(people), ROUNDS)
    return Cost(_written(last), found.ratio("bell", "floor"), found.ratio("page", "floor of the page"))


def _ours(people: list[Actor]) -> dict[str, Contestant]:
    statements = _count_statements(people[0])
    return {
        "bell": lambda: _each(people, count_unread),
        "page": lambda: _each(people, first_page),
        "floor": lambda: _each(people, lambda _: _ask_for_one(1)),
        "floor of the page": lambda: _each(people, lambda _: _ask_for_one(statements)),
    }


def _written(people: int) -> int:
    return people * EACH + people // BUSY_ONES * EACH * (A_BUSY_DAY - 1)


def _compare(people: list[Actor], busy: list[Actor], theirs: DjangoBell, grown: list[Cost]) -> list[Line]:
    contestants = {**_ours(people), "peer": lambda: theirs.ask(len(people))}
    contestants |= {f"{name} of the busy": ask for name, ask in _ours(busy).items() if "page" in name}
    contestants["peer of the busy"] = lambda: theirs.ask(len(busy), busy=True)
    found = interleaved(contestants, ROUNDS)
    bell, page = found.ratio("bell", "floor"), found.ratio("page", "floor of the page")
    peer, statements = found.ratio("peer", "page"), _count_statements(people[0])
    busy_page = found.ratio("page of the busy", "floor of the page of the busy")
    busy_peer = found.ratio("peer of the busy", "page of the busy")
    notices = grown[-1].notices * GROWN[-1]
    metric, shown = f"among {notices:,} notices", found.shown
    note = f"{len(people)} people in a turn, {statements} statements a page beside the transaction's own"
    if notices < _written(PEOPLE):
        note += f"; among {_written(PEOPLE):,} with ONLY=bell, for the whole run has ten minutes"
    whose = f"one in {BUSY_ONES} has {A_BUSY_DAY * EACH:,}, the others {EACH}; of the busy {len(busy)} in a turn"
    return [
        Line(5, f"bell {metric}, vs SELECT 1", shown("bell"), shown("floor"), bell, "≤ 2", bell <= 2),
        Line(5, f"bell and page {metric}, vs as many SELECT 1", shown("page"), shown("floor of the page"), page, "≤ 2",
             page <= 2 and statements <= MOST_STATEMENTS, note),
        Line(5, f"bell and page {metric}, vs django-notifications", shown("page"), shown("peer"), peer, "≥ 5",
             peer >= 5, whose),
        Line(5, "the same of the busy, vs as many SELECT 1", shown("page of the busy"),
             shown("floor of the page of the busy"), busy_page, "≤ 2", busy_page <= 2),
        Line(5, "the same of the busy, vs django-notifications", shown("page of the busy"), shown("peer of the busy"),
             busy_peer, "≥ 5", busy_peer >= 5),
        *_growth(grown, Cost(notices, bell, page)),
    ]  # fmt: skip


def _growth(grown: list[Cost], last: Cost) -> list[Line]:
    """What the same look-ups cost among ten and a hundred times as many, each over its own floor."""
    lines, (first, *more) = [], [*grown, last]
    for cost in more:
        for name, ratio in (("bell", cost.bell / first.bell), ("bell and page", cost.page / first.page)):
            metric = f"{name} among {cost.notices:,} notices, vs {first.notices:,}"
            before, after = (f"{(each.bell if name == 'bell' else each.page):.2f} floors" for each in (first, cost))
            lines.append(Line(13, metric, after, before, ratio, "≤ 1.3", ratio <= 1.3))
    return lines


def _each(people: list[Actor], ask: Callable[[UUID], object]) -> float:
    began = time.perf_counter()
    for actor in people:
        with unit_of_work(actor):
            ask(actor.user_id)  # type: ignore[arg-type]
    return time.perf_counter() - began


def _ask_for_one(times: int) -> None:
    for _ in range(times):
        db.session.execute(text("SELECT 1"))


def _count_statements(actor: Actor) -> int:
    asked: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with unit_of_work(actor):
        db.session.connection()
        event.listen(db.engine, "before_cursor_execute", note)
        first_page(actor.user_id)  # type: ignore[arg-type]
        event.remove(db.engine, "before_cursor_execute", note)
    return len(asked)
