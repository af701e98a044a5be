"""The tick: once a second, ring for what is due and take back what dead workers held."""

from __future__ import annotations

import structlog

from nexapp.spine import faults
from nexapp.spine.jobs import ledger
from nexapp.spine.jobs.bells import ring
from nexapp.spine.jobs.registry import DRAINS
from nexapp.spine.jobs.runner import system_unit

log = structlog.get_logger()


def sweep() -> None:
    """Idempotent; several schedulers may sweep at once."""
    with system_unit():
        for row in ledger.give_up():
            faults.capture(
                "job_error", f"Every worker that took the job {row.name} died.", job_id=row.id, org_id=row.org_id
            )
        if reclaimed := ledger.reclaim():
            log.warning("jobs_reclaimed", count=reclaimed)
        queues = ledger.due_queues()
    for name, drain in DRAINS.items():
        with system_unit():
            drain.reclaim()
            if drain.due():
                queues.add(name)
    for name in queues:
        ring(name)
