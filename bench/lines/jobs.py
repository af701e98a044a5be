"""Goal 9: 10,000 durable jobs that do nothing, queued in one transaction and run by one worker, against Celery."""

from __future__ import annotations

import sys
import time
from functools import partial

from bench import no_op
from bench.peers.celery import Celery, celery
from bench.product import Product, product, wait_until
from bench.rounds import Contestant, Line, interleaved
from nexapp.spine.jobs import enqueue_many
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work

JOBS = 10_000
ROUNDS = 5
METRIC = f"{JOBS:,} durable jobs queued and run"
ENDED = """
    SELECT count(*), extract(epoch FROM max(finished_at)) FROM background_jobs
    WHERE queue = %s AND status = 'succeeded'
"""
UNTAKEN = "SELECT 1 FROM background_jobs WHERE queue = %s AND status IN ('queued', 'retrying') LIMIT 1"
RUNNING = "SELECT 1 FROM background_jobs WHERE status = 'running' LIMIT 1"


def measure() -> list[Line]:
    with product({}, services_only=True) as ours, celery(ours, ("--pool", "prefork")) as theirs:
        worker = [sys.executable, "-m", "flask", "--app", "bench.no_op_app", "worker", "--queue", no_op.QUEUE]
        ours.start("worker-bench", worker)
        contestants: dict[str, Contestant] = {"ours": partial(_by_product, ours), "celery": partial(_by_celery, theirs)}
        for each in contestants.values():
            each()  # the workers are up
        found = interleaved(contestants, ROUNDS)
    gain = found.ratio("celery", "ours")
    note = "one worker process of ours; Celery prefork with as many children as cores, its jobs in Redis alone"
    return [Line(9, f"{METRIC}, vs Celery", found.shown("ours"), found.shown("celery"), gain, "≥ 2", gain >= 2, note)]


def _by_product(ours: Product) -> float:
    ours.sql("TRUNCATE background_jobs")
    began = time.time()
    with ours.app.app_context(), unit_of_work(SYSTEM):
        enqueue_many(no_op.NAME, [{"number": number} for number in range(JOBS)])
    wait_until(lambda: not ours.sql(UNTAKEN, no_op.QUEUE) and not ours.sql(RUNNING), "our jobs")
    count, ended = ours.sql(ENDED, no_op.QUEUE)[0]
    if count != JOBS:
        why = ours.sql("SELECT status, error, count(*) FROM background_jobs GROUP BY 1, 2")
        raise RuntimeError(f"{count} of {JOBS} jobs succeeded: {why}")
    return float(ended) - began


def _by_celery(theirs: Celery) -> float:
    began = theirs.publish(f"no_ops {JOBS}")
    wait_until(theirs.is_idle, "Celery's jobs", every=0.005)
    return time.time() - began
