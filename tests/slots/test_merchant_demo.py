"""The demo: quick, complete, and there once however often it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from nexapp.operations.demo import seed_parts
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work

MOST = {"people": 200, "slots": 330, "sales": 50, "notices": 110}


def test_each_part_is_seeded_set_based(app: Flask, statements: list[str]) -> None:
    """One statement for each row would be thousands in every part."""
    asked = {}
    with app.app_context(), unit_of_work(SYSTEM):
        for part in seed_parts():
            asked[part] = len(statements)
            statements.clear()
    assert {part: count for part, count in asked.items() if count > MOST[part]} == {}


def test_seeding_is_idempotent(app: Flask, owner_sql: Callable[..., list[Any]]) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["seed-demo"])
    assert first.exit_code == 0, first.output or repr(first.exception)
    counted = "SELECT (SELECT count(*) FROM slots), (SELECT count(*) FROM messages), (SELECT count(*) FROM users)"
    counts = owner_sql(counted)
    again = runner.invoke(args=["seed-demo"])

    assert again.exit_code == 0
    assert "already" in again.output
    assert counts == owner_sql(counted)
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
