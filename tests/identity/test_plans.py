"""The plan: seen by all, chosen by the owner, and nothing in between."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.identity.people import Person

PLAN = "/settings/plan"


def tier(owner_sql: Callable[..., list[Any]]) -> str:
    return str(owner_sql("SELECT tier FROM organizations")[0][0])


def test_the_owner_changes_it_at_once(owner: Person, owner_sql: Callable[..., list[Any]]) -> None:
    shown = owner.get(PLAN).text
    assert "Your plan" in shown
    assert owner.post(PLAN, {"tier": "elite"}, page=PLAN).status_code == 303
    assert "You are on Elite now." in owner.get(PLAN).text
    assert owner.post(PLAN, {"tier": "elite"}, page=PLAN).status_code == 303
    assert "You are on Elite already." in owner.get(PLAN).text
    assert tier(owner_sql) == "elite"
    changes = owner_sql("SELECT changes FROM audit_entries WHERE action = 'organization.tier_changed'")
    assert changes == [({"from": "free", "to": "elite"},)]


@pytest.mark.parametrize("wanted", ["", "platinum", "FREE"])
def test_there_are_no_other_plans(owner: Person, owner_sql: Callable[..., list[Any]], wanted: str) -> None:
    assert owner.post(PLAN, {"tier": wanted}, page=PLAN).status_code == 422
    assert tier(owner_sql) == "free"


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_others_see_it_only(owner: Person, owner_sql: Callable[..., list[Any]], role: str) -> None:
    token = owner.token(PLAN)
    owner_sql("UPDATE memberships SET role = %s", role)
    shown = owner.get(PLAN)
    assert (shown.status_code, 'name="tier"' in shown.text) == (200, False)
    assert owner.client.post(PLAN, data={"csrf_token": token, "tier": "pro"}).status_code == 403
    assert tier(owner_sql) == "free"


@pytest.mark.parametrize(("here", "stands_out"), [("free", ["pro"]), ("pro", ["elite"]), ("elite", [])])
def test_only_the_next_larger_plan_stands_out(
    owner: Person, owner_sql: Callable[..., list[Any]], here: str, stands_out: list[str]
) -> None:
    owner_sql("UPDATE organizations SET tier = %s", here)
    buttons = re.findall(r'<button class="([^"]+)" type="submit" name="tier" value="(\w+)"', owner.get(PLAN).text)
    assert len(buttons) == 2
    assert [value for look, value in buttons if "btn-primary" in look] == stands_out
