"""The console's page of jobs: found, understood, run by hand, run again, taken out."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.operations import job_log, job_retention
from nexapp.operations.provider import first_id
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue
from nexapp.spine.jobs.runner import drain_ledger, system_unit
from nexapp.spine.tenancy import Role
from tests.live import Heard

from .conftest import Sql, Visitor

AddJob = Callable[..., UUID]


@pytest.fixture
def add_job(owner_sql: Sql) -> AddJob:
    def add(name: str = "expire_slots", status: str = "succeeded", **values: Any) -> UUID:
        row = {"id": new_id(), "actor_role": "system", "queue": "default", "name": name, "status": status} | values
        row = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()}
        owner_sql(
            f"INSERT INTO background_jobs ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", *row.values()
        )
        found: UUID = row["id"]  # type: ignore[assignment]
        return found

    return add


def progress(done: int, total: int, **counts: int) -> dict[str, Any]:
    return {"done": done, "total": total, "counts": counts, "after": None}


def test_only_platform_admins_get_in(signed_in: Callable[..., Visitor], add_job: AddJob, owner_sql: Sql) -> None:
    job_id = add_job(status="failed")
    org_id = new_id()
    owner_sql("INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'X', 'x', 'UTC')", org_id)
    visitor = signed_in(is_platform_admin=False, org_id=org_id, role=Role.OWNER)
    assert visitor.get("/admin/jobs").status_code == 403
    for path in (f"/admin/jobs/{job_id}/runs", f"/admin/jobs/{job_id}/cancellation", "/admin/jobs"):
        assert visitor.post(path, job="expire_slots").status_code in {400, 403}
    assert owner_sql("SELECT status FROM background_jobs") == [("failed",)]


def test_without_runs_it_says_what_will_be_here(admin: Visitor) -> None:
    assert "No runs yet" in admin.get("/admin/jobs").text
    assert "Nothing failed" in admin.get("/admin/jobs?state=failed").text
    assert "Nothing matches" in admin.get("/admin/jobs?state=waiting").text


def test_a_run_shows_its_figures_and_how_far_it_is(admin: Visitor, add_job: AddJob) -> None:
    add_job(status="running", progress=progress(2_000, 5_000, told=1, late=3))
    add_job()
    page = admin.get("/admin/jobs").text
    assert '<progress class="progress mb-1" max="5000" value="2000" aria-label="Expire slots">' in page
    assert "2,000 of 5,000 people" in page
    assert "3 too late, 1 notice" in page
    assert page.count("<strong>Expire slots</strong>") == 1, "what counted nothing is left out"


def test_the_list_is_filtered_and_searched(admin: Visitor, add_job: AddJob) -> None:
    failed = add_job("lapse_requests", "failed", error="ValueError: tooth_100%_gone")
    add_job("expire_slots", "queued", unique_key="expire_slots:2026-11-20T06:15")
    add_job("refresh_figures", "succeeded", progress=progress(1, 1))
    add_job("nightly_figures", "cancelled")
    shown = {
        "": {"Refresh"},
        "?state=all": {"Lapse", "Expire", "Refresh", "Nightly"},
        "?state=failed": {"Lapse"},
        "?state=waiting": {"Expire"},
        "?state=cancelled": {"Nightly"},
        "?state=all&name=expire_slots": {"Expire"},
        "?state=all&search=100%25_G": {"Lapse"},
        "?state=all&search=100x_G": set(),
        "?state=all&search=T06:15": {"Expire"},
        f"?state=all&search={failed}": {"Lapse"},
        "?state=all&search=%00": {"Lapse", "Expire", "Refresh", "Nightly"},
        "?state=nonsense&name='&before=x": {"Refresh"},
    }
    for query, expected in shown.items():
        page = admin.get(f"/admin/jobs{query}")
        assert page.status_code == 200
        assert set(re.findall(r"<strong>(\w+) ", page.text)) == expected, query


def test_the_counts_stand_above(admin: Visitor, add_job: AddJob) -> None:
    for status in ("queued", "retrying", "running", "running"):
        add_job(status=status)
    add_job(status="queued", run_at="2100-01-01")
    add_job(status="failed", finished_at="2020-01-01")
    page = admin.get("/admin/jobs").text
    assert re.findall(r'figure-value">(\d+)<', page) == ["2", "2", "0"]
    assert "1 for later" in page


def test_pages_follow_each_other_without_gap_or_double(admin: Visitor, add_job: AddJob) -> None:
    added = [add_job(error=f"number {n}.") for n in range(120)]
    seen: list[str] = []
    path: str | None = "/admin/jobs?state=all"
    while path:
        page = admin.get(path).text
        seen += re.findall(r"number (\d+)\.", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(found[1]) if found else None
    assert [int(number) for number in seen] == list(reversed(range(len(added))))


def test_a_search_goes_through_a_part_of_the_ledger_at_a_time(
    admin: Visitor, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_log, "SEARCHED", 7)
    for n in range(30):
        add_job(error=f"number {n}." if n in (1, 12, 22) else None)
    seen, looked = [], 0
    path: str | None = "/admin/jobs?state=all&search=number"
    while path:
        page = admin.get(path).text
        looked += 1
        seen += [int(number) for number in re.findall(r"number (\d+)\.", page)]
        found = re.search(r'href="([^"]+before=[^"]+)"', page)
        path = html.unescape(found[1]) if found else None
    assert (seen, looked) == ([22, 12, 1], 5)
    assert "Older ones may match" in admin.get("/admin/jobs?state=all&search=nowhere").text


def test_what_ended_a_month_ago_is_forgotten_in_parts(
    app: Flask, add_job: AddJob, owner_sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_retention, "AT_ONCE", 4)
    kept = {add_job("expire_slots", "succeeded", finished_at=now() - timedelta(days=29))}
    for days, status in ((31, "succeeded"), (40, "failed"), (50, "cancelled"), (300, "succeeded")):
        then = now() - timedelta(days=days)
        # `id` as it was made at that time.
        add_job("expire_slots", status, id=first_id(then), finished_at=then)
        add_job("expire_slots", status, id=first_id(then + timedelta(hours=1)), finished_at=then)
    then = now() - timedelta(days=60)
    kept.add(add_job("expire_slots", "succeeded", id=first_id(then), finished_at=now()))
    kept.add(add_job("expire_slots", "queued", id=first_id(then + timedelta(hours=2)), run_at="2100-01-01"))
    with app.app_context():
        with system_unit():
            enqueue("forget_finished_jobs")
        drain_ledger("slow", lambda: False)
    left = owner_sql("SELECT id, name FROM background_jobs")
    assert {row[0] for row in left if row[1] == "expire_slots"} == kept
    assert sum(row[1] == "forget_finished_jobs" for row in left) == 3, "two full parts and one that found nothing"


def test_a_page_costs_the_same_however_many_there_are(admin: Visitor, add_job: AddJob, statements: list[str]) -> None:
    costs = []
    for count in (1, 60):
        for _ in range(count):
            add_job(status="failed", progress=progress(1, 2))
        statements.clear()
        assert admin.get("/admin/jobs").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 8


def test_it_is_a_fragment_that_keeps_itself_fresh(admin: Visitor, add_job: AddJob) -> None:
    add_job(status="running", progress=progress(1, 2))
    answer = admin.get("/admin/jobs", HX_Request="true")
    assert "<html" not in answer.text
    assert "jobs-changed from:body" in answer.text
    assert answer.headers["Vary"].find("HX-Request") >= 0


def test_a_failed_job_is_run_again(admin: Visitor, add_job: AddJob, owner_sql: Sql, signals: Heard) -> None:
    job_id = add_job(status="failed", attempts=4)
    assert admin.post(f"/admin/jobs/{job_id}/runs", state="failed").status_code == 303
    assert owner_sql("SELECT status, attempts FROM background_jobs") == [("queued", 0)]
    assert owner_sql("SELECT action, subject_id FROM audit_entries") == [("job.run_again", job_id)]
    assert ("admin:ops", "jobs-changed") in signals.listen()
    assert "isn&#39;t a job that failed" in admin.get(admin.post(f"/admin/jobs/{job_id}/runs").location).text


def test_what_waits_is_cancelled_and_can_be_undone(admin: Visitor, add_job: AddJob, owner_sql: Sql) -> None:
    job_id = add_job(status="queued")
    answer = admin.post(f"/admin/jobs/{job_id}/cancellation", state="waiting")
    assert answer.location.endswith("/admin/jobs?state=waiting")
    assert owner_sql("SELECT status FROM background_jobs") == [("cancelled",)]
    assert f"/admin/jobs/{job_id}/runs" in admin.get(answer.location).text
    admin.post(f"/admin/jobs/{job_id}/runs")
    assert owner_sql("SELECT status FROM background_jobs") == [("queued",)]


def test_what_runs_in_one_piece_is_not_cancelled(admin: Visitor, add_job: AddJob, owner_sql: Sql) -> None:
    job_id = add_job(status="running")
    assert "Cancel<span" not in admin.get("/admin/jobs?state=running").text
    admin.post(f"/admin/jobs/{job_id}/cancellation")
    assert owner_sql("SELECT status FROM background_jobs") == [("running",)]


def test_an_unknown_job_is_not_found(admin: Visitor) -> None:
    for action in ("runs", "cancellation"):
        assert admin.post(f"/admin/jobs/{new_id()}/{action}").status_code == 404


def test_a_job_is_started_by_hand(admin: Visitor, owner_sql: Sql) -> None:
    assert admin.post("/admin/jobs", job="expire_slots").status_code == 303
    assert owner_sql("SELECT name, status, actor_role FROM background_jobs") == [("expire_slots", "queued", "system")]
    assert owner_sql("SELECT action, changes ->> 'job' FROM audit_entries") == [("job.started", "expire_slots")]


@pytest.mark.parametrize(("fields", "words"), [
    ({"job": "handle_event"}, "Not a valid choice"),
    ({"job": "expire_slots", "on_date": "2026-11-20"}, "This job has no day"),
    ({"job": "expire_slots", "on_date": "soon"}, "Not a valid date"),
])  # fmt: skip
def test_what_cannot_be_started_says_why(admin: Visitor, owner_sql: Sql, fields: dict[str, str], words: str) -> None:
    answer = admin.post("/admin/jobs", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'id="by-hand" open' in answer.text
    assert owner_sql("SELECT count(*) FROM background_jobs") == [(0,)]
