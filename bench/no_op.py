"""A job that does nothing, to measure the ledger itself."""

from __future__ import annotations

from nexapp.spine.jobs import job

QUEUE = "bench"
NAME = "bench_no_op"


@job(NAME, queue=QUEUE)
def no_op(number: int) -> None:
    pass
