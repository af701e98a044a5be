"""The console's sums of what was not sent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from nexapp.notifications.skips import REASONS
from nexapp.operations.unsent_words import reason_of_others
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role

from .conftest import Sql, Visitor


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_only_platform_admins_get_in(signed_in: Callable[..., Visitor], owner_sql: Sql) -> None:
    org_id = new_id()
    owner_sql("INSERT INTO organizations (id, name, slug, time_zone) VALUES (%s, 'X', 'x', 'UTC')", org_id)
    visitor = signed_in(is_platform_admin=False, org_id=org_id, role=Role.OWNER)
    assert visitor.get("/admin/notices").status_code == 403


def test_reasons_are_summed_over_everybody(admin: Visitor, owner_sql: Sql) -> None:
    assert "Everything was sent" in admin.get("/admin/notices").text
    for times in (2, 1):
        user_id = new_id()
        owner_sql(
            "INSERT INTO users (id, email, name) VALUES (%s, %s, 'Kim Secret')", user_id, f"{user_id}@example.com"
        )
        for _ in range(times):
            owner_sql(
                "INSERT INTO notification_skips (id, user_id, type, reason, title) VALUES (%s, %s, 'coin_earned',"
                " 'frequency_cap', 'A secret')", new_id(), user_id,
            )  # fmt: skip
    owner_sql(
        "INSERT INTO notification_skips (id, user_id, type, channel, reason, created_at)"
        " SELECT %s, id, 'gone_type', 'email', 'paused', now() - interval '8 days' FROM users LIMIT 1", new_id(),
    )  # fmt: skip
    shown = words(admin.get("/admin/notices").text)
    assert "Coins Not made at all They had as many as they allow in a day. 3 2" in shown
    assert "secret" not in shown.lower()
    assert "gone_type" not in shown, "older than a week"


@pytest.mark.parametrize("reason", REASONS)
def test_no_reason_speaks_to_the_reader(app: Flask, reason: str) -> None:
    with app.test_request_context():
        assert not re.search(r"\byours?\b|\byou\b", reason_of_others(reason), re.IGNORECASE)
