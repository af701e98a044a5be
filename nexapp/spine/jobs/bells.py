"""Doorbells: a hint in Redis that a queue has work. Losing one costs at most a tick."""

from __future__ import annotations

import structlog
from redis import RedisError
from rq import Queue

from nexapp.spine.config import redis_connection

log = structlog.get_logger()

BELL_SECONDS = 20
"""How long one answer works before it rings again, so that other queues and a stop get their turn."""

ANSWER_TIMEOUT = 300
"""RQ's own limit: far above, for it must never interrupt a row."""


def ring(queue: str) -> None:
    """Wake a worker, unless the bell rings already. A Redis that is down is made up for by the sweep."""
    try:
        connection = redis_connection()
        if connection.set(f"bell:{queue}", 1, nx=True, px=3000):
            Queue(queue, connection=connection).enqueue(
                "nexapp.spine.jobs.runner.answer",
                queue,
                job_timeout=ANSWER_TIMEOUT,
                result_ttl=0,
                failure_ttl=60,
            )
    except RedisError as error:
        log.warning("bell_not_rung", queue=queue, error=str(error))


def silence(queue: str) -> None:
    redis_connection().delete(f"bell:{queue}")
