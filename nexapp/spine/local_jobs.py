"""Jobs at an hour of each person's own clock, once for each of their days.

Every quarter of an hour a run takes those whose hour has come and who have no row in `local_runs` for that day, as many
at a time as some seconds are enough for: their rows and what is done for them stand or fall together. So a second run,
a second scheduler and a worker that takes over find nothing left to do, and after an outage the last coming of the hour
is made up for, once. Where that one has lost its sense, only the row is written, as `late`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from rq.timeouts import JobTimeoutException
from sqlalchemy import TextClause, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine import faults
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.db import Model, db
from nexapp.spine.jobs import Step, job, sizes
from nexapp.spine.jobs.steps import running
from nexapp.spine.local_days import Come, LocalHour, end_of_day, list_begun, list_come
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import current_actor

KEPT = timedelta(days=40)
OLDEST = timedelta(days=30)
"""The oldest day that may be asked for by hand: who had it is still known."""

MOST_FAILED = 20
"""So many people may fail in one step by themselves; more of them mean that the work is broken."""


class LocalRun(Model):
    """For whom a job has been done, on which of their days."""

    __tablename__ = "local_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    on_date: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="done")
    job_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class Person(NamedTuple):
    """One for whom the hour has come."""

    org_id: UUID
    user_id: UUID
    on: date
    zone: str

    @property
    def ends_at(self) -> datetime:
        """When that day is over for them."""
        return end_of_day(self.on, self.zone)


Work = Callable[[Sequence[Person]], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class LocalJob:
    name: str
    hour: LocalHour
    people: str
    """A SELECT of `org_id`, `user_id`, `zone` and `joined_at` of all whom it may be for; `:at` is the present."""
    work: Work
    label: Any = ""


LOCAL_JOBS: dict[str, LocalJob] = {}


def local_job(name: str, hour: LocalHour, *, people: str, label: Any = "") -> Callable[[Work], Work]:
    """Register work that is done for some people at once and counts what it did; where it fails, for parts of them."""

    def register(work: Work) -> Work:
        LOCAL_JOBS[name] = known = LocalJob(name, hour, people, work, label)

        def run(on_date: str | None = None) -> Step | None:
            return run_step(known, date.fromisoformat(on_date) if on_date else None)

        job(name, queue="slow")(run)
        schedule(name, cron="*/15 * * * *", job=name)
        return work

    return register


def run_step(known: LocalJob, on: date | None) -> Step | None:
    """Do the work for the next people whose hour has come; on a day that is given, for all who haven't had it.

    None where there is nobody and nothing was asked for: such a run leaves no figures behind.
    """
    at, began = now(), time.perf_counter()
    come = list_begun(known.hour, on, at) if on else list_come(known.hour, at)
    progress = running().progress or _begin(known, come, at)
    size = sizes.size_for(progress.get("size", sizes.FIRST), running().attempts - progress.get("attempts", 1))
    people = _take(known, come, at, progress["after"], size) if progress["total"] else []
    if not people and not on and not progress["done"]:
        return None
    counts = Counter(progress["counts"])
    in_time = [row for row in people if row.state == "done"]
    if late := len(people) - len(in_time):
        counts["late"] += late
    if in_time:
        counts.update(_work(known, [Person(row.org_id, row.user_id, row.on_date, row.zone) for row in in_time], [0]))
    noted = _noted(progress, people, counts)
    noted["size"] = sizes.size_after(size, len(people), time.perf_counter() - began)
    return Step(noted, more=len(people) == size)


def _noted(progress: dict[str, Any], people: Sequence[Any], counts: Counter[str]) -> dict[str, Any]:
    done = progress["done"] + len(people)
    after = [str(people[-1].org_id), str(people[-1].user_id)] if people else progress["after"]
    return {
        "done": done, "total": max(done, progress["total"]), "counts": dict(counts), "after": after,
        "attempts": running().attempts,
    }  # fmt: skip


def _begin(known: LocalJob, come: Sequence[Come], at: datetime) -> dict[str, Any]:
    db.session.execute(text("DELETE FROM local_runs WHERE on_date < :day"), {"day": (at - KEPT).date()})
    total = db.session.scalar(_statement(known, COUNT), _values(known, come, at, None, None))
    return {"done": 0, "total": total or 0, "counts": {}, "after": None}


# The rows go in ordered, so that two runs at once wait for each other and never crosswise.
CHOSEN = f"""
    WITH come AS (
        SELECT * FROM unnest({joined("zones", "text")}, {joined("days", "date")}, {joined("late", "boolean")},
            {joined("at_times", "timestamptz")}) AS c(zone, on_date, is_late, at)
    ), people AS ({{people}}), chosen AS (
        SELECT p.org_id, p.user_id, p.zone, c.on_date, c.is_late FROM people p JOIN come c ON c.zone = p.zone
        WHERE p.joined_at <= c.at AND (CAST(:org AS uuid) IS NULL OR p.org_id = CAST(:org AS uuid))
          AND (CAST(:after_org AS uuid) IS NULL
            OR (p.org_id, p.user_id) > (CAST(:after_org AS uuid), CAST(:after_user AS uuid)))
          AND NOT EXISTS (
            SELECT FROM local_runs r
            WHERE r.job = :job AND r.org_id = p.org_id AND r.user_id = p.user_id AND r.on_date = c.on_date
          )
        ORDER BY p.org_id, p.user_id LIMIT :most
    )
"""  # noqa: S608 - our own words
COUNT = "SELECT count(*) FROM chosen"
TAKE = """
    , taken AS (
        INSERT INTO local_runs (job, org_id, user_id, on_date, state, job_id)
        SELECT :job, org_id, user_id, on_date, CASE WHEN is_late THEN 'late' ELSE 'done' END, CAST(:job_id AS uuid)
        FROM chosen ORDER BY org_id, user_id
        ON CONFLICT DO NOTHING RETURNING org_id, user_id, on_date, state
    )
    SELECT taken.*, c.zone FROM taken JOIN chosen c USING (org_id, user_id, on_date) ORDER BY org_id, user_id
"""


def _take(known: LocalJob, come: Sequence[Come], at: datetime, after: list[str] | None, most: int) -> Sequence[Any]:
    """The next people, written down as done; what is done for them follows in the same transaction."""
    return db.session.execute(_statement(known, TAKE), _values(known, come, at, after, most)).all()


def _statement(known: LocalJob, what: str) -> TextClause:
    return text(CHOSEN.replace("{people}", known.people) + what)


def _values(
    known: LocalJob, come: Sequence[Come], at: datetime, after: list[str] | None, most: int | None
) -> dict[str, Any]:
    return {
        "zones": join(c.zone for c in come), "days": join(c.on.isoformat() for c in come),
        "late": join(str(c.is_late) for c in come), "at_times": join(c.at.isoformat() for c in come),
        "job": known.name, "at": at, "org": current_actor().org_id, "job_id": running().id, "most": most,
        "after_org": after[0] if after else None, "after_user": after[1] if after else None,
    }  # fmt: skip


def _work(known: LocalJob, people: Sequence[Person], failed: list[int]) -> Counter[str]:
    """Do it for all at once. Where that fails, for halves of them, down to whom it fails for: the others get theirs."""
    try:
        with db.session.begin_nested():
            return Counter(dict(known.work(people)))
    except (JobTimeoutException, OperationalError):
        raise
    except Exception as error:
        if len(people) > 1:
            middle = len(people) // 2
            return _work(known, people[:middle], failed) + _work(known, people[middle:], failed)
        failed[0] += 1
        if failed[0] > MOST_FAILED:
            raise
        _record_failure(known, people[0], error)
        return Counter(failed=1)


def _record_failure(known: LocalJob, person: Person, error: Exception) -> None:
    db.session.execute(
        text(
            "UPDATE local_runs SET state = 'failed'"
            " WHERE job = :job AND org_id = :org AND user_id = :user AND on_date = :on_date"
        ),
        {"job": known.name, "org": person.org_id, "user": person.user_id, "on_date": person.on},
    )
    faults.capture("job_error", error, org_id=person.org_id, job_id=running().id, job=known.name)
