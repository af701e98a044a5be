"""Lists of the settings pages: as few statements for thirty rows as for one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from tests.people import Browser
from tests.slots.merchant_world import Shop

MANY = 30
MOST = 12


def add_locations(shop: Shop, _owner: Browser, number: int) -> None:
    shop.insert("locations", id=new_id(), org_id=shop.org_id, name=f"Place {number}")


def add_staff(shop: Shop, _owner: Browser, number: int) -> None:
    shop.insert("staff_members", id=new_id(), org_id=shop.org_id, display_name=f"Staff {number}", position=number)


def add_answers(shop: Shop, _owner: Browser, number: int) -> None:
    shop.insert("canned_replies", id=new_id(), org_id=shop.org_id, title=f"Answer {number}", body="Yes.")


def add_devices(shop: Shop, owner: Browser, number: int) -> None:
    shop.insert(
        "user_sessions", id=new_id(), token_hash=secrets.token_bytes(32), user_id=owner.actor.user_id,
        org_id=shop.org_id, expires_at=now() + timedelta(days=1), idle_seconds=86400, user_agent=f"Phone {number}",
    )  # fmt: skip


def add_imports(shop: Shop, _owner: Browser, number: int) -> None:
    shop.insert(
        "list_imports", id=new_id(), org_id=shop.org_id, filename=f"{number}.csv", encoding="utf-8", delimiter=",",
        headers="[]", has_headers=True, row_count=1, part_count=1, status="done",
    )  # fmt: skip


def add_businesses(shop: Shop, owner: Browser, number: int) -> None:
    org_id = new_id()
    shop.insert("organizations", id=org_id, name=f"Shop {number}", slug=f"more-{org_id.hex}", time_zone="UTC")
    shop.insert("memberships", id=new_id(), org_id=org_id, user_id=owner.actor.user_id, role="owner")


LISTS = {
    "/settings/locations": add_locations,
    "/settings/staff": add_staff,
    "/settings/replies": add_answers,
    "/account": add_devices,
    "/waiting-list/imports": add_imports,
    "/businesses": add_businesses,
}


@pytest.mark.parametrize("path", LISTS)
def test_thirty_rows_take_as_few_statements_as_one(shop: Shop, path: str, statements: list[str]) -> None:
    add: Callable[[Shop, Browser, int], None] = LISTS[path]
    owner, numbers, counts, lengths = shop.browser(), iter(range(2 * MANY)), [], []
    for rows in (1, MANY):
        for _ in range(rows):
            add(shop, owner, next(numbers))
        statements.clear()
        answer = owner.get(path)
        assert answer.status_code == 200
        counts.append(len([s for s in statements if "set_config" not in s and "nexapp_session" not in s]))
        lengths.append(len(answer.data))
    assert counts[0] == counts[1] <= MOST
    assert lengths[1] > lengths[0]
