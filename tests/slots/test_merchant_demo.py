"""The demo: quick, complete, and there once however often it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask


def test_seeding_is_quick_and_idempotent(app: Flask, owner_sql: Callable[..., list[Any]]) -> None:
    runner = app.test_cli_runner()
    began = time.perf_counter()
    first = runner.invoke(args=["seed-demo"])
    elapsed = time.perf_counter() - began
    assert first.exit_code == 0, first.output or repr(first.exception)
    counted = "SELECT (SELECT count(*) FROM slots), (SELECT count(*) FROM messages), (SELECT count(*) FROM users)"
    counts = owner_sql(counted)
    again = runner.invoke(args=["seed-demo"])

    assert again.exit_code == 0
    assert "already" in again.output
    assert counts == owner_sql(counted)
    assert elapsed < 10, "five seconds at most on a machine with nothing else to do"
    assert counts[0][0] > 150
    assert counts[0][1] > 1500


def test_nobody_of_the_demo_waits_for_a_text(app: Flask, owner_sql: Callable[..., list[Any]]) -> None:
    app.test_cli_runner().invoke(args=["seed-demo"])
    assert owner_sql("SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')") == [(0,)]
    states = {row[0] for row in owner_sql("SELECT DISTINCT status FROM slots")}
    assert states >= {"draft", "open", "booked", "completed", "expired", "cancelled"}
    assert owner_sql("SELECT count(*) FROM notify_requests r JOIN organizations o ON o.id = r.org_id"
                     " WHERE o.slug = 'downtown-dental'") == [(40,)]  # fmt: skip


def test_the_sign_ins_name_each_role(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["demo-sign-ins"]).output == ""
    runner.invoke(args=["seed-demo"])
    printed = runner.invoke(args=["demo-sign-ins"]).output
    for words in ("owner, Downtown Dental", "staff, Summit Sales", "platform admin", "(212) 555-0101"):
        assert words in printed
