"""Durable jobs. PostgreSQL is the queue, RQ the doorbell.

`enqueue` writes a row in the caller's transaction; after the commit the queue's bell rings in Redis. A worker
that hears it claims due rows, runs each as the actor who enqueued it, and records the outcome. A lost
bell, a flushed Redis or a killed worker costs a second or a lease, never a job.
"""

from nexapp.spine.jobs.ledger import BackgroundJob, enqueue, enqueue_many
from nexapp.spine.jobs.registry import Drain, PermanentFailure, job, register_drain
from nexapp.spine.jobs.steps import Step

__all__ = ["BackgroundJob", "Drain", "PermanentFailure", "Step", "enqueue", "enqueue_many", "job", "register_drain"]
