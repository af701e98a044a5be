"""The servers that the claim is measured against: how they are started, and a fresh slot for each."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

from bench.product import Product, wait_until
from nexapp.local.node import find_node
from nexapp.local.ports import HOST, is_free, pick_port

NODE_SCRIPT = Path(__file__).with_name("claims.mjs")
SCHEMA = """
    CREATE SCHEMA IF NOT EXISTS bench;
    CREATE TABLE IF NOT EXISTS bench.peer_slots (id uuid PRIMARY KEY, status text NOT NULL, held_by uuid);
    CREATE TABLE IF NOT EXISTS bench.peer_offers (
        id uuid PRIMARY KEY, slot_id uuid NOT NULL REFERENCES bench.peer_slots, token_hash bytea NOT NULL UNIQUE
    );
"""
OFFERS = """
    INSERT INTO bench.peer_offers (id, slot_id, token_hash)
    SELECT gen_random_uuid(), %s, sha256(convert_to(%s || '.' || n, 'UTF8')) FROM generate_series(1, %s) n
"""


class ForUpdateServer:
    def __init__(self, product: Product, processes: int) -> None:
        self._product = product
        product.sql(SCHEMA)
        self.port = pick_port()
        argv = [sys.executable, "-m", "gunicorn", "-k", "gevent", "--no-control-socket", "--workers", str(processes)]
        product.start("for-update", [*argv, "--bind", f"{HOST}:{self.port}", "bench.peers.for_update:app"])
        wait_until(lambda: not is_free(self.port), "the FOR UPDATE view")

    def paths(self, people: int) -> list[str]:
        slot = str(uuid.uuid4())
        self._product.sql("INSERT INTO bench.peer_slots (id, status) VALUES (%s, 'open')", slot)
        self._product.sql(OFFERS, slot, slot, people)
        return _paths(slot, people)


class NodeServer:
    def __init__(self, product: Product, node: str) -> None:
        self.port = pick_port()
        product.start("node", [node, str(NODE_SCRIPT), str(self.port)])
        wait_until(lambda: not is_free(self.port), "Node")

    def paths(self, people: int) -> list[str]:
        return _paths(str(uuid.uuid4()), people)


def node_program() -> str:
    """The Node that builds the product's assets. Raises `CannotStart` where there is none."""
    return str(find_node().bin / "node")


def _paths(slot: str, people: int) -> list[str]:
    return [f"/c/{slot}.{n}/hold" for n in range(1, people + 1)]
