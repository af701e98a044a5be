"""The Celery contestant: a worker and a publisher, run beside the product on its Redis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis

from bench.peers import environment
from bench.pipe import Pipe, pipe
from bench.product import Product
from nexapp.local.processes import ROOT

DATABASE = 5
"""A database of Redis of its own, so that neither side counts the other's keys."""
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")


@dataclass
class Celery:
    broker: redis.Redis
    _publisher: Pipe

    def publish(self, what: str) -> float:
        """Have `texts <count> <tag>` or `no_ops <count>` published; when it began, as `time.time()`."""
        return float(self._publisher.ask(what))

    def is_idle(self) -> bool:
        """Nothing waits, and nothing was handed to the worker that it has not begun."""
        return not self.broker.llen("celery") and not self.broker.hlen("unacked")


@contextmanager
def celery(product: Product, pool: Sequence[str]) -> Iterator[Celery]:
    """`pool`: the worker's options for its pool."""
    python = environment.python()
    address = urlsplit(product.stack.redis_url)._replace(path=f"/{DATABASE}").geturl()
    worker = [python, "-m", "celery", "-A", "bench.peers.celery_app", "worker", *pool, *QUIET]
    product.start("celery", worker, CELERY_BROKER=address)
    surroundings = {**product.stack.environment, "PYTHONPATH": str(ROOT), "CELERY_BROKER": address}
    with pipe([python, "-m", "bench.peers.celery_publisher"], surroundings) as publisher:
        publisher.hear()
        yield Celery(redis.Redis.from_url(address), publisher)
