"""Goal 6: a thousand open pages hear of a change, and one person of theirs; against Socket.IO on Node with Redis."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from bench.peers.live_servers import NodeLive, Pages, node_with_packages, open_pages
from bench.product import Product, product
from bench.rounds import Line, interleaved, skipped
from nexapp.local.steps import CannotStart
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import COALESCE_MS, publish_each, send_signal
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work

PAGES = 1_000
PROCESSES = 2
ROUNDS = 31
ONE_ROUNDS = 5
ONE_BY_ONE = 60
SIGNAL = "bench-signal"
METRIC_ALL = f"{PAGES:,} open pages: last one told, p50"
METRIC_ONE = "one person among them told, p95"
METRIC_LOST = "signals that a page did not get"
GOAL_ALL, GOAL_ONE = 2.3, 1.5
Emit = Callable[[str], None]


def measure() -> list[Line]:
    try:
        node = node_with_packages()
    except CannotStart as error:
        why = f"no Node on this machine: {str(error).splitlines()[0]}"
        return [skipped(6, METRIC_ALL, f"≤ {GOAL_ALL}", why), skipped(6, METRIC_ONE, f"≤ {GOAL_ONE}", why)]
    with ExitStack() as ends:
        stack = ends.enter_context(product({}, web_processes=PROCESSES))
        ours = _of_product(stack, ends.enter_context(open_pages(node)))
        theirs = _of_node(NodeLive(stack, node, PROCESSES), ends.enter_context(open_pages(node)))
        return _lines(ours, theirs)


@dataclass
class Side:
    """One contestant: its open pages, and how a signal to all of them or to one person is sent."""

    pages: Pages
    tell_all: Emit
    tell_one: Emit

    def last_of_all(self) -> float:
        # Signals to one topic within a quarter second become one.
        time.sleep(COALESCE_MS / 1000 + 0.05)
        return self.pages.told(PAGES, self.tell_all)

    def one(self) -> float:
        """Of many signals to one person, the one that all but a twentieth beat."""
        waits = sorted(self.pages.told(1, self.tell_one) for _ in range(ONE_BY_ONE))
        return waits[round(0.95 * (ONE_BY_ONE - 1))]


def _of_product(ours: Product, pages: Pages) -> Side:
    port = int(ours.stack.environment["PORT"])
    org_id, everybody, somebody = new_id(), new_id(), new_id()
    ours.sql(
        "INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'Bench', %s, 'UTC')",
        org_id,
        f"bench-{org_id}",
    )
    pages.open(port, PAGES, _cookie(ours, org_id, everybody), f"org:{org_id}:slots")
    pages.open(port, 1, _cookie(ours, org_id, somebody), f"user:{somebody}")

    def tell_all(name: str) -> None:
        with ours.app.app_context():
            send_signal(f"org:{org_id}:slots", SIGNAL, {"id": name})

    def tell_one(name: str) -> None:
        with ours.app.app_context(), unit_of_work(SYSTEM):
            publish_each([f"user:{somebody}"], SIGNAL, {"id": name})

    return Side(pages, tell_all, tell_one)


def _of_node(node: NodeLive, pages: Pages) -> Side:
    pages.open(node.port, PAGES, "", "everybody")
    pages.open(node.port, 1, "", "somebody")
    return Side(
        pages,
        lambda name: node.emit("everybody", SIGNAL, {"id": name}),
        lambda name: node.emit("somebody", SIGNAL, {"id": name}),
    )


def _cookie(ours: Product, org_id: UUID, user_id: UUID) -> str:
    """Somebody who is signed in, and works in the business."""
    token = secrets.token_urlsafe(24)
    ours.sql("INSERT INTO users (id, phone, name) VALUES (%s, %s, 'B')", user_id, f"+1{user_id.int % 10**10:010}")
    ours.sql(
        "INSERT INTO memberships (id, org_id, user_id, role) VALUES (%s, %s, %s, 'owner')", new_id(), org_id, user_id
    )
    ours.sql(
        "INSERT INTO user_sessions (id, token_hash, user_id, org_id, expires_at, idle_seconds)"
        " VALUES (%s, %s, %s, %s, now() + interval '1 day', 86400)",
        new_id(), hashlib.sha256(token.encode()).digest(), user_id, org_id,
    )  # fmt: skip
    signer = ours.app.session_interface.get_signing_serializer(ours.app)  # type: ignore[attr-defined]
    return f"session={signer.dumps({'_user_id': token, '_fresh': True})}"


def _lines(ours: Side, theirs: Side) -> list[Line]:
    for side in (ours, theirs):
        side.last_of_all(), side.one()
    everybody = interleaved({"ours": ours.last_of_all, "node": theirs.last_of_all}, ROUNDS, at_most_seconds=60)
    one = interleaved({"ours": ours.one, "node": theirs.one}, ONE_ROUNDS, at_most_seconds=30)
    lines = []
    for metric, found, goal in ((METRIC_ALL, everybody, GOAL_ALL), (METRIC_ONE, one, GOAL_ONE)):
        ratio = found.ratio("ours", "node")
        shown = (f"{found.median(name) * 1000:.1f} ms" for name in ("ours", "node"))
        lines.append(Line(6, metric, *shown, ratio, f"≤ {goal}", ratio <= goal))
    lost = ours.pages.lost
    return [*lines, Line(6, METRIC_LOST, str(lost), str(theirs.pages.lost), None, "0", lost == 0)]
