"""`flask --app app jobs run` and `jobs list`."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup

from nexapp.spine.errors import NexError
from nexapp.spine.job_runs import list_last_runs, runnable, start_run
from nexapp.spine.jobs.runner import system_unit
from nexapp.spine.local_jobs import LOCAL_JOBS

jobs = AppGroup("jobs", help="The jobs of the schedules: which there are, and running one now.")


@jobs.command("run")
@click.argument("job_type")
@click.option("--date", "on_date", type=click.DateTime(["%Y-%m-%d"]), help="For this day of everybody's own calendar.")
def run(job_type: str, on_date: datetime | None) -> None:
    """Queue a run of JOB_TYPE; a worker does it. Who had it on that day doesn't get it again."""
    try:
        with system_unit():
            row_id = start_run(job_type, on_date.date() if on_date else None)
    except NexError as error:
        sentences = list(getattr(error, "fields", {}).values()) or [error.sentence]
        raise click.ClickException(f"{' '.join(sentences)} Jobs: {', '.join(runnable())}") from None
    click.echo(f"Queued as {row_id}.")


@jobs.command("list")
def show() -> None:
    """Print each job, its hour where it has one, and how its last run ended."""
    with system_unit():
        last = list_last_runs()
    for name in runnable():
        hour = f"{LOCAL_JOBS[name].hour.hour:02}:00 local" if name in LOCAL_JOBS else ""
        ended = f"{last[name].status} {last[name].created_at:%Y-%m-%d %H:%M} UTC" if name in last else "never ran"
        click.echo(f"{name:<28} {hour:<12} {ended}")
