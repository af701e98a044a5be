"""Goal 4: 2,000 taps on one slot over HTTP: how soon the last loser knows, and that there is one winner, always."""

from __future__ import annotations

from uuid import UUID

from bench.business import Business, Offered
from bench.peers.claim_servers import ForUpdateServer, NodeServer, node_program
from bench.product import Product, product
from bench.rounds import Contestant, Line, Rounds, interleaved, skipped
from bench.taps import NotOneWinner, Tapper, tapper
from nexapp.local.steps import CannotStart

TAPS = 2_000
CONNECTIONS = 50
ROUNDS = 9
PROCESSES = 2
RACES = 1_000
RACERS = 20
METRIC = f"{TAPS:,} taps on one slot: last loser told"
GOAL_NODE = "≤ 1.6"

END = """
    UPDATE slots SET status = 'cancelled', held_by_offer_id = NULL, held_consumer_id = NULL, held_until = NULL
    WHERE id = ANY(%s)
"""
WINNERS = "SELECT count(*) FROM slot_offers WHERE held_at IS NOT NULL AND slot_id = ANY(%s)"


def measure() -> list[Line]:
    with product({"HOLD_SECONDS": "3600"}, web_processes=PROCESSES) as ours, tapper() as taps:
        claims = Claims(ours, taps)
        contestants: dict[str, Contestant] = {"ours": claims.by_product, "for update": claims.by_for_update()}
        why = ""
        try:
            contestants["node"] = claims.by_node(node_program())
        except CannotStart as error:
            why = f"no Node on this machine: {str(error).splitlines()[0]}"
        for each in contestants.values():
            each()  # connections made, templates compiled
        found = interleaved(contestants, ROUNDS)
        return [_against_node(found, why), _against_for_update(found), claims.race()]


class Claims:
    def __init__(self, ours: Product, taps: Tapper) -> None:
        self._product, self._taps = ours, taps
        self._business = Business(ours, max(TAPS, RACERS * RACES))
        self._port = int(ours.stack.environment["PORT"])

    def by_product(self) -> float:
        offered = self._business.offer(1, TAPS)[0]
        seconds = self._taps.tap(self._port, _paths(offered), CONNECTIONS)
        self._check_and_end([offered.slot_id])
        return seconds

    def by_for_update(self) -> Contestant:
        server = ForUpdateServer(self._product, PROCESSES)
        return lambda: self._taps.tap(server.port, server.paths(TAPS), CONNECTIONS)

    def by_node(self, program: str) -> Contestant:
        server = NodeServer(self._product, program)
        return lambda: self._taps.tap(server.port, server.paths(TAPS), CONNECTIONS)

    def race(self) -> Line:
        """A thousand slots, twenty people at once on each."""
        kept = sum(1 for offered in self._business.offer(RACES, RACERS, apart=True) if self._has_one_winner(offered))
        shown, goal = f"{kept:,} of {RACES:,}", f"{RACES:,}"
        return Line(4, f"one winner, {RACERS} at once", shown, "", None, goal, kept == RACES)

    def _has_one_winner(self, offered: Offered) -> bool:
        try:
            self._taps.tap(self._port, _paths(offered), RACERS)
        except NotOneWinner as failure:
            print(f"  ! {failure}", flush=True)
            return False
        return bool(self._product.sql(WINNERS, [offered.slot_id])[0][0] == 1)

    def _check_and_end(self, slot_ids: list[UUID]) -> None:
        if (winners := self._product.sql(WINNERS, slot_ids)[0][0]) != len(slot_ids):
            raise NotOneWinner(f"{winners} offers of one slot were held")
        # A person has one live hold at a business: the next round's winner may be this one's.
        self._product.sql(END, slot_ids)


def _paths(offered: Offered) -> list[str]:
    return [f"/c/{token}/hold" for token in offered.tokens]


def _against_node(found: Rounds, why: str) -> Line:
    metric = f"{METRIC}, vs bare Node"
    if why:
        return skipped(4, metric, GOAL_NODE, why)
    ratio = found.ratio("ours", "node")
    note = f"{CONNECTIONS} connections, {PROCESSES} web processes; Node: one process without a database"
    return Line(4, metric, found.shown("ours"), found.shown("node"), ratio, GOAL_NODE, ratio <= 1.6, note)


def _against_for_update(found: Rounds) -> Line:
    gain = found.ratio("for update", "ours")
    metric = f"{METRIC}, vs FOR UPDATE"
    return Line(4, metric, found.shown("ours"), found.shown("for update"), gain, "> 1", gain > 1)
