"""Schedules: one table in code, fired by rq-scheduler, each run a ledger row under its period's key.

Redis only holds the alarm clock. Entries that are missing there are set again every minute, and a period whose run
is missing from the ledger is run once, late.
"""

from __future__ import annotations

import os
import time
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from crontab import CronTab
from flask import Flask
from redis import Redis
from rq_scheduler import Scheduler

from nexapp.spine.clock import now
from nexapp.spine.config import redis_connection
from nexapp.spine.jobs import enqueue
from nexapp.spine.jobs.runner import system_unit
from nexapp.spine.jobs.sweep import sweep
from nexapp.spine.jobs.worker import start_beating

log = structlog.get_logger()
HEAL_SECONDS = 60
ENTRIES: dict[str, Entry] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    cron: str
    """Five fields, in UTC."""
    job: str

    def last_period(self) -> datetime:
        """When it should have fired last, this very instant included."""
        present = now() + timedelta(microseconds=1)
        back = CronTab(self.cron).previous(present, default_utc=True)
        # A float of seconds: cut off instead of rounded, it could name the minute before.
        return (present + timedelta(seconds=back, milliseconds=500)).replace(microsecond=0)


def schedule(name: str, *, cron: str, job: str) -> None:
    ENTRIES[name] = Entry(name, cron, job)


def fire(name: str) -> None:
    """Enqueue the run of the present period; a second call for it does nothing. Called by RQ."""
    entry = ENTRIES[name]
    period = entry.last_period()
    with system_unit():
        enqueue(entry.job, unique_key=f"{name}:{period:%Y-%m-%dT%H:%M}")


class HealingScheduler(Scheduler):  # type: ignore[misc]
    """rq-scheduler, which also sweeps the ledger each second and sets lost entries again."""

    healed_at = 0.0

    def acquire_lock(self) -> Any:
        # Once per turn of the loop, and before the lock: a dead scheduler's lock must not stop the sweep.
        try:
            sweep()
            if time.monotonic() - self.healed_at > HEAL_SECONDS:
                self.heal()
        except Exception:
            log.exception("sweep_failed")
        return super().acquire_lock()

    def heal(self) -> None:
        for entry in ENTRIES.values():
            # Setting an entry that is due again would skip its run: only missing ones are set.
            if f"schedule-{entry.name}" not in self:
                self.cron(entry.cron, "nexapp.spine.schedule.fire", [entry.name], id=f"schedule-{entry.name}")
            fire(entry.name)
        self.healed_at = time.monotonic()


def run_scheduler(app: Flask) -> None:
    # rq-scheduler reads cron lines in the machine's zone.
    os.environ["TZ"] = "UTC"
    time.tzset()
    # The zone is settled above; crontab warns of it at every look.
    warnings.filterwarnings("ignore", category=FutureWarning, module="rq_scheduler.utils")
    connection: Redis = redis_connection()
    start_beating(connection, "scheduler")
    HealingScheduler(queue_name="default", connection=connection, interval=1).run()
