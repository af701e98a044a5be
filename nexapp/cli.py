"""Commands beside those of the parts: the processes that a Procfile runs."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from nexapp.spine.commands import keys
from nexapp.spine.job_commands import jobs
from nexapp.spine.jobs.worker import run_worker
from nexapp.spine.schedule import run_scheduler


def register(app: Flask) -> None:
    app.cli.add_command(worker)
    app.cli.add_command(scheduler)
    app.cli.add_command(jobs)
    app.cli.add_command(keys)


@click.command()
@click.option("--queue", "queues", multiple=True, help="A queue to work on; repeat for several. Default: all.")
@with_appcontext
def worker(queues: tuple[str, ...]) -> None:
    """Run a worker until it is told to stop."""
    run_worker(current_app._get_current_object(), list(queues))  # type: ignore[attr-defined]


@click.command()
@with_appcontext
def scheduler() -> None:
    """Run the scheduler: schedules, and once a second the sweep of due and lost jobs."""
    run_scheduler(current_app._get_current_object())  # type: ignore[attr-defined]
