"""Socket.IO on Node with its Redis adapter, and the open pages that both contestants serve."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.pipe import Pipe, pipe
from bench.product import Product, wait_until
from nexapp.local.node import find_node
from nexapp.local.ports import is_free, pick_port
from nexapp.local.steps import CannotStart
from nexapp.spine.config import redis_connection

FOLDER = Path(__file__).parent / "live"
CHANNEL = "bench-live#/#"
EVENT = 2
"""The kind of packet that carries an event."""


def node_with_packages() -> str:
    """Node, with the peer's packages, which are fetched once. Raises `CannotStart` where either can't be had."""
    found = find_node()
    stamp, lock = FOLDER / "node_modules" / ".bench-lock", (FOLDER / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        env = os.environ | {"PATH": f"{found.bin}{os.pathsep}{os.environ.get('PATH', '')}"}
        done = subprocess.run([*found.npm, "ci"], cwd=FOLDER, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotStart(f"npm can't install the peer's packages:\n{done.stderr[-1000:]}")
        stamp.write_text(lock)
    return str(found.bin / "node")


class NodeLive:
    def __init__(self, product: Product, node: str, processes: int) -> None:
        self._product = product
        self.port = pick_port()
        argv = [node, str(FOLDER / "server.mjs"), str(self.port), product.stack.redis_url, str(processes)]
        product.start("node-live", argv)
        wait_until(lambda: not is_free(self.port), "Node")

    def emit(self, topic: str, name: str, payload: dict[str, str]) -> None:
        """As Socket.IO's own emitter for Redis does: straight to the adapters of all processes, as our signals go."""
        packet = {"type": EVENT, "data": [name, {"topic": topic, **payload}], "nsp": "/"}
        told = packed(["bench", packet, {"rooms": [topic], "except": [], "flags": {}}])
        with self._product.app.app_context():
            redis_connection().publish(f"{CHANNEL}{topic}#", told)


def packed(value: object) -> bytes:
    """MessagePack, as far as a signal needs it."""
    if isinstance(value, int):
        return bytes([value])
    if isinstance(value, str):
        raw = value.encode()
        return b"\xd9" + bytes([len(raw)]) + raw
    if isinstance(value, dict):
        pairs = b"".join(packed(name) + packed(item) for name, item in value.items())
        return bytes([0x80 | len(value)]) + pairs
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(packed, value))
    raise TypeError(value)


class Pages:
    """Open pages of one contestant, in a process of their own."""

    def __init__(self, opened: Pipe) -> None:
        self._pipe = opened
        self._asked = 0
        self.lost = 0

    def open(self, port: int, count: int, cookie: str, topic: str) -> None:
        wanted = {"port": port, "count": count, "cookie": cookie, "topic": topic}
        self._pipe.ask(json.dumps({"open": wanted}))

    def told(self, count: int, emit: Callable[[str], None]) -> float:
        """Seconds from `emit` to the last of so many pages; those that hear nothing within 10 s are lost."""
        self._asked += 1
        name = f"signal-{self._asked}"
        self._pipe.ask(json.dumps({"expect": {"id": name, "count": count}}))
        began = time.time()
        emit(name)
        heard = json.loads(self._pipe.hear())
        self.lost += count - int(heard["got"])
        return float(heard["last"]) / 1000 - began


@contextmanager
def open_pages(node: str) -> Iterator[Pages]:
    with pipe([node, str(FOLDER / "pages.mjs")]) as opened:
        yield Pages(opened)
