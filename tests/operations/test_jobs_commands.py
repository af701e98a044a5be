"""`jobs run` and `jobs list`."""

from __future__ import annotations

from flask import Flask

from .conftest import Sql


def test_a_run_is_queued_and_listed(app: Flask, owner_sql: Sql) -> None:
    runner = app.test_cli_runner()
    assert "expire_slots" in runner.invoke(args=["jobs", "list"]).output
    done = runner.invoke(args=["jobs", "run", "expire_slots"])
    assert done.exit_code == 0, done.output
    assert owner_sql("SELECT name, status FROM background_jobs") == [("expire_slots", "queued")]
    [line] = [line for line in runner.invoke(args=["jobs", "list"]).output.splitlines() if "expire_slots" in line]
    assert "queued" in line


def test_what_cannot_run_says_why(app: Flask, owner_sql: Sql) -> None:
    runner = app.test_cli_runner()
    unknown = runner.invoke(args=["jobs", "run", "handle_event"])
    assert unknown.exit_code == 1
    assert "There is no such job." in unknown.output
    assert runner.invoke(args=["jobs", "run", "expire_slots", "--date", "2026-11-20"]).exit_code == 1
    assert runner.invoke(args=["jobs", "run", "expire_slots", "--date", "soon"]).exit_code == 2
    assert owner_sql("SELECT count(*) FROM background_jobs") == [(0,)]
