"""The worker process: RQ's simple worker, which stops between rows and shows that it lives."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any

from flask import Flask
from redis import Redis, RedisError
from rq import Queue, SimpleWorker

from nexapp.spine.config import redis_connection, settings
from nexapp.spine.jobs.bells import ring
from nexapp.spine.jobs.registry import queue_names
from nexapp.spine.jobs.stopping import request_stop, stop_requested

BEAT_SECONDS = 3
BEAT_TTL = 15
BEAT_PREFIX = "nexapp:beat:"


class BellWorker(SimpleWorker):
    """Asks the running answer to end at SIGTERM instead of waiting for it."""

    def request_stop(self, signum: Any, frame: Any) -> None:
        request_stop()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def run_worker(app: Flask, queues: list[str]) -> None:
    """Work on the given queues, or on all, until told to stop."""
    names = queues or queue_names()
    start_beating(redis_connection(), f"worker:{'+'.join(names)}")
    for name in names:
        ring(name)
    # A pool of its own: RQ waits minutes for a bell, longer than redis-py lets any other command wait.
    connection = Redis.from_url(settings().redis_url, socket_connect_timeout=2)
    worker = BellWorker([Queue(n, connection=connection) for n in names], connection=connection)
    worker.log_job_description = False
    worker.work(logging_level="ERROR")


def start_beating(connection: Redis, kind: str) -> None:
    """Write a key that lapses when this process dies; a flushed Redis sees it again in seconds."""
    name = f"{BEAT_PREFIX}{kind}:{socket.gethostname()}:{os.getpid()}"
    threading.Thread(target=_beat, args=(connection, name), daemon=True).start()


def _beat(connection: Redis, name: str) -> None:
    while not stop_requested():
        try:
            connection.set(name, int(time.time()), ex=BEAT_TTL)
        except RedisError:
            # Redis is away; the health page says so by itself.
            time.sleep(BEAT_SECONDS)
            continue
        time.sleep(BEAT_SECONDS)


def living(connection: Redis, kind: str) -> list[str]:
    """The processes of one kind (`worker`, `scheduler`) that showed themselves lately."""
    return sorted(key.decode() for key in connection.scan_iter(f"{BEAT_PREFIX}{kind}:*", count=1000))
