"""Goal 5: the bell's number and the first page of the centre among ten million notices, through row-level security."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection, event, text

from bench.peers.django_bell import DjangoBell, django_bell
from bench.product import Product, product
from bench.rounds import Contestant, Line, interleaved
from nexapp.notifications.queries import count_unread, list_page
from nexapp.spine.db import db
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

PEOPLE = 100_000
EACH = 100
ASKED = 300
"""Bells in one turn, each of somebody else: what one person just read lies warm."""
ROUNDS = 7
MOST_STATEMENTS = 4
METRIC = f"among {PEOPLE * EACH:,} notices"

GROUND = """
    INSERT INTO organizations (id, name, slug, kind, tier, time_zone)
    SELECT nexapp_uuid7(now()), 'Team ' || n, 'team-' || n, 'sales', 'elite', 'UTC' FROM generate_series(1, {teams}) n;
    INSERT INTO users (id, email) SELECT nexapp_uuid7(now()), n || '@example.com' FROM generate_series(1, {people}) n;
    INSERT INTO memberships (id, org_id, user_id, role)
    SELECT nexapp_uuid7(now()), o.id, u.id, 'staff'
    FROM (SELECT id, row_number() OVER () AS n FROM users) u
    JOIN (SELECT id, row_number() OVER () - 1 AS n FROM organizations) o ON o.n = u.n %% {teams}
"""
# Foreign keys and counts are written once for all: a hundred million look-ups would take an hour. Indexes at the end.
NOTICES = """
    INSERT INTO notifications (id, user_id, org_id, type, title, message, icon, priority, read_at, created_at)
    SELECT nexapp_uuid7(now() - interval '100 days' + n * interval '1 day'), m.user_id, m.org_id, 'mission_alert',
        'Add 5 prospects', 'Two to go', '🎯', 'normal', CASE WHEN n <= {each} - 5 THEN now() END,
        now() - interval '100 days' + n * interval '1 day'
    FROM generate_series(1, {each}) n CROSS JOIN memberships m
"""
COUNTS = """
    INSERT INTO unread_counts (user_id, org_id, unread)
    SELECT user_id, org_id, count(*) FROM notifications WHERE read_at IS NULL GROUP BY user_id, org_id
"""
INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'notifications' AND indexname NOT LIKE '%%_pkey'"
)
KEYS = "SELECT conname FROM pg_constraint WHERE conrelid = 'notifications'::regclass AND contype = 'f'"


def measure() -> list[Line]:
    with product({}, services_only=True) as ours, ours.app.app_context():
        people = fill(ours)
        with django_bell(ours, PEOPLE, EACH) as theirs:
            return _compare(people, theirs)


def fill(ours: Product) -> list[Actor]:
    """So many people with so many notices each, five of them unread; some of the people as actors."""
    for statement in GROUND.format(people=PEOPLE, teams=PEOPLE // 100).split(";"):
        ours.sql(statement)
    indexes = [definition for _name, definition in ours.sql(INDEXES)]
    for name, _definition in ours.sql(INDEXES):
        ours.sql(f'DROP INDEX "{name}"')
    for (name,) in ours.sql(KEYS):
        ours.sql(f'ALTER TABLE notifications DROP CONSTRAINT "{name}"')
    ours.sql("ALTER TABLE notifications DISABLE TRIGGER USER")
    ours.sql(NOTICES.format(each=EACH))
    ours.sql("ALTER TABLE notifications ENABLE TRIGGER USER")
    for statement in (*indexes, COUNTS, "ANALYZE"):
        ours.sql(statement)
    rows = ours.sql(f"SELECT org_id, user_id FROM memberships ORDER BY md5(user_id::text) LIMIT {ASKED}")  # noqa: S608
    return [Actor(Role.STAFF, org_id, user_id) for org_id, user_id in rows]


def _compare(people: list[Actor], theirs: DjangoBell) -> list[Line]:
    statements = _count_statements(people[0])
    contestants: dict[str, Contestant] = {
        "bell": lambda: _each(people, lambda user_id: count_unread(user_id)),
        "page": lambda: _each(people, lambda user_id: (count_unread(user_id), list_page(user_id))),
        "floor": lambda: _each(people, lambda _: db.session.execute(text("SELECT 1"))),
        "floor of the page": lambda: _each(people, lambda _: _ask_for_one(statements)),
        "peer": lambda: theirs.ask(ASKED),
    }
    found = interleaved(contestants, ROUNDS)
    bell, page = found.ratio("bell", "floor"), found.ratio("page", "floor of the page")
    peer = found.ratio("peer", "page")
    note = f"{ASKED} people in a turn, {statements} statements a page beside the transaction's own"
    shown = found.shown
    return [
        Line(5, f"bell {METRIC}, vs SELECT 1", shown("bell"), shown("floor"), bell, "≤ 2", bell <= 2),
        Line(5, f"bell and page {METRIC}, vs as many SELECT 1", shown("page"), shown("floor of the page"), page, "≤ 2",
             page <= 2 and statements <= MOST_STATEMENTS, note),
        Line(5, f"bell and page {METRIC}, vs django-notifications", shown("page"), shown("peer"), peer, "≥ 5",
             peer >= 5),
    ]  # fmt: skip


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
        count_unread(actor.user_id)  # type: ignore[arg-type]
        list_page(actor.user_id)  # type: ignore[arg-type]
        event.remove(db.engine, "before_cursor_execute", note)
    return len(asked)
