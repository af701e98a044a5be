"""Goal 3: a slot opened with 10,000 waiting, to the last outcome, offer and text written; nothing is sent.

Against the rows alone, by `INSERT … SELECT` into tables of the same columns and indexes, and against
django-notifications, which tells a crowd of something that happened.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from uuid import UUID

from bench.business import Business
from bench.peers import environment
from bench.pipe import Pipe, pipe
from bench.product import Product, product
from bench.rounds import Line, interleaved
from nexapp.local.processes import ROOT
from nexapp.slots.opening import open_slot
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

PEOPLE = 10_000
PEERS_PEOPLE = 1_000
"""One row at a time, the peer takes ten times as long for ten times as many."""
ROUNDS = 5
TABLES = ("slot_matches", "slot_offers", "messages")
METRIC = f"slot opened for {PEOPLE:,} people: outcomes, offers and texts written"


def measure() -> list[Line]:
    settings = {"SMS_PER_SECOND": "0"}
    with product(settings, services_only=True) as ours, _peer(ours) as theirs:
        theirs.hear()
        return _compare(ours, theirs)


def _compare(ours: Product, theirs: Pipe) -> list[Line]:
    business = Business(ours, PEOPLE)
    _open(ours, business)
    _keep_rows(ours)
    contestants = {
        "ours": lambda: _open(ours, business),
        "bare": lambda: _copy_rows(ours),
        "peer": lambda: float(theirs.ask(str(PEERS_PEOPLE))) * PEOPLE / PEERS_PEOPLE,
    }
    found = interleaved(contestants, ROUNDS)
    bare, peer = found.ratio("bare", "ours"), found.ratio("peer", "ours")
    note = f"the peer with {PEERS_PEOPLE:,} people, times {PEOPLE // PEERS_PEOPLE}"
    return [
        Line(3, f"{METRIC}, vs the rows alone", found.shown("ours"), found.shown("bare"), bare, "≥ 0.6", bare >= 0.6),
        Line(3, f"{METRIC}, vs notify.send", found.shown("ours"), found.shown("peer"), peer, "≥ 60", peer >= 60, note),
    ]


def _peer(ours: Product) -> AbstractContextManager[Pipe]:
    surroundings = {**ours.stack.environment, "PYTHONPATH": str(ROOT)}
    return pipe([environment.python(), "-m", "bench.peers.django_notifications"], surroundings)


def _open(ours: Product, business: Business) -> float:
    ours.sql(f"TRUNCATE {', '.join(TABLES)}, slot_rounds, slot_events, background_jobs CASCADE")
    slot_id = business.add_drafts(1)[0]
    began = time.perf_counter()
    with ours.app.app_context():
        with unit_of_work(Actor(Role.OWNER, business.org_id)):
            open_slot(slot_id)
        while drain_ledger("default", lambda: False):
            pass
    took = time.perf_counter() - began
    _check(ours, slot_id)
    return took


def _check(ours: Product, slot_id: UUID) -> None:
    written = [ours.sql(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]  # noqa: S608 - names from above
    if written != [PEOPLE] * len(TABLES):
        raise RuntimeError(f"opening {slot_id} wrote {dict(zip(TABLES, written, strict=True))}")


def _keep_rows(ours: Product) -> None:
    ours.sql("CREATE SCHEMA IF NOT EXISTS bench")
    for table in TABLES:
        ours.sql(f"CREATE TABLE bench.kept_{table} AS SELECT * FROM {table}")  # noqa: S608 - names from above
        ours.sql(f"CREATE TABLE bench.bare_{table} (LIKE {table} INCLUDING ALL)")


def _copy_rows(ours: Product) -> float:
    for table in TABLES:
        ours.sql(f"TRUNCATE bench.bare_{table}")
    began = time.perf_counter()
    for table in TABLES:
        ours.sql(f"INSERT INTO bench.bare_{table} SELECT * FROM bench.kept_{table}")  # noqa: S608 - names from above
    return time.perf_counter() - began
