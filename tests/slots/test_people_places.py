"""Where somebody wants to come to: asked where a business has several places, and heeded by the offers."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from nexapp.slots.opening import open_slot
from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine.ids import new_id
from tests.slots.merchant_world import Shop

Acting = Callable[..., Any]


def own_page(shop: Shop, request_id: UUID) -> str:
    """The address that the person has."""
    with shop.app.app_context():
        token = request_token(request_id)
    shop.sql("UPDATE notify_requests SET token_hash = %s WHERE id = %s", hash_token(token), request_id)
    return f"/w/{token}"


@pytest.fixture
def places(shop: Shop) -> tuple[UUID, UUID]:
    north, south = new_id(), new_id()
    for place_id, name in ((north, "North"), (south, "South")):
        shop.insert("locations", id=place_id, org_id=shop.org_id, name=name)
    return north, south


def test_the_forms_ask_only_where_there_is_a_choice(shop: Shop, places: tuple[UUID, UUID]) -> None:
    owner, ana = shop.browser(), shop.person("Ana Ruiz")
    slug = shop.value("SELECT slug FROM organizations WHERE id = %s", shop.org_id)
    addresses = (f"/b/{slug}", own_page(shop, ana), f"/waiting-list/{ana}", "/waiting-list/new")

    def asked() -> list[bool]:
        return ['name="location_id"' in owner.get(address).get_data(as_text=True) for address in addresses]

    assert asked() == [True] * 4
    shop.sql("UPDATE locations SET is_active = false WHERE id = %s", places[1])
    assert asked() == [False] * 4


def test_the_wish_is_kept_shown_and_heeded(shop: Shop, acting: Acting, places: tuple[UUID, UUID]) -> None:
    north, south = places
    owner, ana, ben = shop.browser(), shop.person("Ana Ruiz"), shop.person("Ben Bo")
    path = own_page(shop, ana)
    assert owner.post(f"{path}/preferences", time_range="any", location_id=str(south)).status_code == 303
    assert "<dd>South</dd>" in owner.get(path).get_data(as_text=True)
    assert "at South" in unescape(owner.get("/waiting-list").get_data(as_text=True))
    slots = [shop.slot(location_id=place) for place in (north, south, None)]
    for slot_id in slots:
        with acting(shop.owner):
            open_slot(slot_id)
    assert [shop.reason(slot_id, ana) for slot_id in slots] == ["other_location", None, None]
    assert [shop.reason(slot_id, ben) for slot_id in slots] == [None, None, None]
    assert "Wish for another location" in owner.get(f"/waiting-list/{ana}").get_data(as_text=True)


def test_another_business_s_place_is_no_choice(shop: Shop, other_shop: Shop, places: tuple[UUID, UUID]) -> None:
    ana = other_shop.person("Zoe Zander")
    owner = other_shop.browser()
    answer = owner.post(f"/waiting-list/{ana}/preferences", name="Z", time_range="any", location_id=str(places[0]))
    assert answer.status_code == 422
