"""The list and the page of one error: found, understood, resolved, opened again."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from nexapp.operations.error_words import KINDS, SEVERITIES
from nexapp.spine.ids import new_id

from .conftest import Sql, Visitor

AddError = Callable[..., UUID]


def test_only_platform_admins_get_in(signed_in: Callable[..., Visitor], add_error: AddError) -> None:
    visitor = signed_in(is_platform_admin=False)
    error_id = add_error()
    for path in ("/admin", "/admin/errors", f"/admin/errors/{error_id}"):
        assert visitor.get(path).status_code == 403


def test_without_errors_it_says_what_will_be_here(admin: Visitor) -> None:
    assert "No open errors" in admin.get("/admin/errors").text
    assert "Nothing matches" in admin.get("/admin/errors?kind=job_error").text


def test_the_list_is_filtered_and_searched(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    add_error("ValueError: tooth_100%_gone", kind="job_error", severity="critical")
    add_error("KeyError: chair", request_id="0198abcdef")
    add_error("TypeError: old", resolved_at="2026-01-01T00:00Z")
    shown = {
        "": {"tooth", "chair"},
        "?kind=job_error": {"tooth"},
        "?severity=critical": {"tooth"},
        "?severity=low": set(),
        "?state=resolved": {"old"},
        "?state=all": {"tooth", "chair", "old"},
        "?search=CHAIR": {"chair"},
        "?search=0198abcdef": {"chair"},
        "?search=100%25_g": {"tooth"},
        "?search=100x_g": set(),
        "?search=%00": {"tooth", "chair"},
        "?kind=nonsense&severity='&state=x": {"tooth", "chair"},
    }
    for query, expected in shown.items():
        page = admin.get(f"/admin/errors{query}")
        assert page.status_code == 200
        assert {word for word in ("tooth", "chair", "TypeError: old") if word in page.text} == {
            "TypeError: old" if word == "old" else word for word in expected
        }, query


def test_pages_follow_each_other_without_gap_or_double(admin: Visitor, owner_sql: Sql) -> None:
    owner_sql(
        "INSERT INTO system_errors (id, fingerprint, kind, severity, message, last_seen_at)"
        " SELECT gen_random_uuid(), n::text, 'job_error', 'low', 'number ' || n || '.',"
        " now() - make_interval(secs => n / 3) FROM generate_series(1, 120) n"
    )
    seen: list[str] = []
    path: str | None = "/admin/errors"
    while path:
        page = admin.get(path).text
        seen += [word.split(".")[0] for word in page.split("number ")[1:]]
        path = _next(page)
    assert sorted(map(int, seen)) == list(range(1, 121))


def _next(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return html.unescape(found[1]) if found else None


def test_a_broken_mark_shows_the_first_page(admin: Visitor, add_error: AddError) -> None:
    add_error()
    for mark in ("x", "2026-01-01_x", "_", "2026-01-01T00:00:00+00:00_"):
        assert "broken" in admin.get(f"/admin/errors?before={mark}").text


def test_htmx_gets_the_fragment_that_fetches_itself_again(admin: Visitor, add_error: AddError) -> None:
    add_error()
    answer = admin.get("/admin/errors?kind=request_error", HX_Request="true")
    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]
    assert 'hx-get="/admin/errors?kind=request_error&amp;state=open"' in answer.text
    assert "errors-changed from:body" in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_tells_what_people_saw_and_what_mends_it(admin: Visitor, add_error: AddError, kind: str) -> None:
    error_id = add_error(
        "ValueError: <script>", kind=kind, stack_trace="File one\n<b>two", details=json.dumps({"path": "/x"}), count=7
    )
    page = admin.get(f"/admin/errors/{error_id}")
    assert page.status_code == 200
    order = [page.text.index(words) for words in ("What people saw", "The cause", "What mends it", "Stack trace")]
    assert order == sorted(order)
    assert "<script>" not in page.text.split("ValueError:")[1][:12]
    assert "<b>two" not in page.text


def test_an_unknown_error_is_not_found(admin: Visitor) -> None:
    assert admin.get(f"/admin/errors/{new_id()}").status_code == 404
    assert admin.post(f"/admin/errors/{new_id()}/resolution").status_code == 404
    assert admin.get("/admin/errors/nonsense").status_code == 404


def test_resolving_and_reopening_is_recorded(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    error_id = add_error()
    assert admin.post(f"/admin/errors/{error_id}/resolution", note="Mended the chair").status_code == 303
    [(by, note)] = owner_sql("SELECT resolved_by, resolution_note FROM system_errors WHERE resolved_at IS NOT NULL")
    assert by is not None
    assert note == "Mended the chair"
    assert admin.post(f"/admin/errors/{error_id}/resolution").status_code == 303
    assert admin.post(f"/admin/errors/{error_id}/reopening", note="Broke again").status_code == 303
    assert owner_sql("SELECT resolved_at, resolution_note FROM system_errors") == [(None, None)]
    trail = owner_sql("SELECT action, subject_id, user_id, changes->>'note' FROM audit_entries ORDER BY id")
    assert trail == [
        ("error.resolved", error_id, by, "Mended the chair"),
        ("error.reopened", error_id, by, "Broke again"),
    ]
    page = admin.get(f"/admin/errors/{error_id}").text
    assert "Resolved by Robin" in page
    assert "Broke again" in page


def test_a_note_too_long_is_kept_and_explained(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    error_id = add_error()
    answer = admin.post(f"/admin/errors/{error_id}/resolution", note="n" * 501)
    assert answer.status_code == 422
    assert "n" * 501 in answer.text
    assert "Keep the note under 500 characters." in answer.text
    assert owner_sql("SELECT resolved_at FROM system_errors") == [(None,)]


def test_a_note_with_a_number_is_masked(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    admin.post(f"/admin/errors/{add_error()}/resolution", note="Called +1 212 555 0101 about it")
    [(note,)] = owner_sql("SELECT resolution_note FROM system_errors")
    assert "212" not in note


def test_reopening_what_came_back_points_to_the_new_entry(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    old = add_error(fingerprint="same", resolved_at="2026-01-01T00:00Z")
    fresh = add_error(fingerprint="same")
    assert admin.post(f"/admin/errors/{old}/reopening").status_code == 409
    assert f"/admin/errors/{fresh}" in admin.get(f"/admin/errors/{old}").text
    assert owner_sql("SELECT count(*) FROM audit_entries") == [(0,)]


def test_a_failed_job_is_run_again_once(
    admin: Visitor, add_error: AddError, owner_sql: Sql, run_jobs: Callable[[], None]
) -> None:
    job_id = new_id()
    owner_sql(
        "INSERT INTO background_jobs (id, actor_role, queue, name, status, attempts, finished_at, arguments)"
        " VALUES (%s, 'system', 'default', 'handle_event', 'failed', 4, now(), '{\"event\": \"x\"}')",
        job_id,
    )
    error_id = add_error(kind="job_error", job_id=job_id)
    assert "Run the job again" in admin.get(f"/admin/errors/{error_id}").text
    assert admin.post(f"/admin/errors/{error_id}/runs").status_code == 303
    assert owner_sql("SELECT status, attempts FROM background_jobs") == [("queued", 0)]
    assert admin.post(f"/admin/errors/{error_id}/runs").status_code == 303
    assert owner_sql("SELECT action FROM audit_entries") == [("error.job_run_again",)]
    assert "Run the job again" not in admin.get(f"/admin/errors/{error_id}").text


def test_an_error_without_a_job_runs_none(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    assert admin.post(f"/admin/errors/{add_error()}/runs").status_code == 303
    assert owner_sql("SELECT count(*) FROM audit_entries") == [(0,)]


def test_a_forged_form_changes_nothing(admin: Visitor, add_error: AddError, owner_sql: Sql) -> None:
    error_id = add_error()
    assert admin.client.post(f"/admin/errors/{error_id}/resolution").status_code == 400
    assert owner_sql("SELECT resolved_at FROM system_errors") == [(None,)]


def test_resolving_tells_the_open_pages(admin: Visitor, add_error: AddError, signals: list[Any]) -> None:
    admin.post(f"/admin/errors/{add_error()}/resolution")
    assert ("admin:ops", "errors-changed") in signals


def test_the_words_cover_what_the_database_knows(owner_sql: Sql) -> None:
    rows = owner_sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid = 'system_errors'::regclass"
    )
    allowed = {name: set(re.findall(r"'(\w+)'", rule)) for name, rule in rows}
    assert allowed["system_errors_kind_check"] == set(KINDS)
    assert allowed["system_errors_severity_check"] == set(SEVERITIES)


def test_signed_out_people_are_sent_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/admin/errors")
    assert answer.status_code == 303
    assert "/sign-in" in answer.location
