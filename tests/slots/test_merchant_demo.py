"""The demo: quick, complete, and there once however often it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask


def test_seeding_is_set_based_and_idempotent(
    app: Flask, owner_sql: Callable[..., list[Any]], statements: list[str]
) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["seed-demo"])
    asked = len(statements)
    assert first.exit_code == 0, first.output or repr(first.exception)
    counted = "SELECT (SELECT count(*) FROM slots), (SELECT count(*) FROM messages), (SELECT count(*) FROM users)"
    counts = owner_sql(counted)
    again = runner.invoke(args=["seed-demo"])

    assert again.exit_code == 0
    assert "already" in again.output
    assert counts == owner_sql(counted)
    assert asked < 700, "one for each row would be thousands"
    assert counts[0][0] > 150
    assert counts[0][1] > 1500


def test_nobody_of_the_demo_waits_for_a_text(app: Flask, owner_sql: Callable[..., list[Any]]) -> None:
    app.test_cli_runner().invoke(args=["seed-demo"])
    assert owner_sql("SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')") == [(0,)]
    states = {row[0] for row in owner_sql("SELECT DISTINCT status FROM slots")}
    assert states >= {"draft", "open", "booked", "completed", "expired", "cancelled"}
    assert owner_sql("SELECT count(*) FROM notify_requests r JOIN organizations o ON o.id = r.org_id"
                     " WHERE o.slug = 'downtown-dental' AND r.status <> 'invited'") == [(40,)]  # fmt: skip


def test_the_sign_ins_name_each_role(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["demo-sign-ins"]).output == ""
    runner.invoke(args=["seed-demo"])
    printed = runner.invoke(args=["demo-sign-ins"]).output
    for words in ("owner, Downtown Dental", "staff, Summit Sales", "platform admin", "(212) 555-0101"):
        assert words in printed
