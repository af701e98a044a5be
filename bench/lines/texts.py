"""Goal 1: a slot opened → the last of 600 texts accepted, limiter off, against Celery and against the floor."""

from __future__ import annotations

from bench.fan_out import FanOut
from bench.peers.celery import Celery, celery
from bench.product import LATENCY_SECONDS, Product, product
from bench.rounds import Line, interleaved, show_seconds

TEXTS = 600
ROUNDS = 7
IN_FLIGHT = 64
CELERY_THREADS = 16
FLOOR = TEXTS * LATENCY_SECONDS / IN_FLIGHT
METRIC = f"slot opened → last of {TEXTS} texts accepted"


def measure() -> list[Line]:
    settings = {"SMS_PER_SECOND": "0", "SMS_IN_FLIGHT": str(IN_FLIGHT)}
    with product(settings) as ours, celery(ours, ("--pool", "threads", "--concurrency", str(CELERY_THREADS))) as theirs:
        return _compare(ours, theirs)


def _compare(ours: Product, theirs: Celery) -> list[Line]:
    fan_out = FanOut(ours, TEXTS)
    tags = iter(range(1000))

    def by_product() -> float:
        seconds, since = fan_out.run(60)
        fan_out.settle()
        if twice := fan_out.ledger.accepted(since).twice:
            raise RuntimeError(f"{twice} texts came twice")
        return seconds

    def by_celery() -> float:
        since = fan_out.ledger.mark()
        began = theirs.publish(f"texts {TEXTS} {next(tags)}-")
        fan_out.ledger.await_count(since, TEXTS, 60)
        return fan_out.ledger.accepted(since).moments[-1] - began

    by_product(), by_celery()  # connections made, code compiled
    found = interleaved({"ours": by_product, "celery": by_celery}, ROUNDS)
    gain, reached = found.ratio("celery", "ours"), FLOOR / found.median("ours")
    note = f"{IN_FLIGHT} in flight, {LATENCY_SECONDS * 1000:.0f} ms at the provider; Celery: {CELERY_THREADS} threads"
    return [
        Line(1, f"{METRIC}, vs Celery", found.shown("ours"), found.shown("celery"), gain, "≥ 2", gain >= 2, note),
        Line(1, f"{METRIC}, vs floor", found.shown("ours"), show_seconds(FLOOR), reached, "≥ 0.6", reached >= 0.6),
    ]
