"""Two wordings of a text, side by side."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from nexapp.slots.figures.comparing import Comparison
from nexapp.slots.figures.queries import Wording
from nexapp.slots.figures.sums import TextSums
from nexapp.spine.ids import new_id
from tests.figures.arranging import book, offered, texted
from tests.slots.merchant_world import Shop


def wording(shop: Shop, version: int, *, current: bool = False) -> UUID:
    template_id = new_id()
    shop.insert(
        "message_templates", id=template_id, org_id=shop.org_id, purpose="slot_available", version=version,
        body=f"Words of version {version}: {{{{url}}}}", is_current=current,
    )  # fmt: skip
    return template_id


def test_each_wording_has_its_own_figures(shop: Shop) -> None:
    old, new = wording(shop, 1), wording(shop, 2, current=True)
    slot_id, _default = offered(shop)
    texted(shop, slot_id, shop.person("Olga"), template_id=old)
    winner = texted(shop, slot_id, shop.person("Nina"), template_id=new)
    texted(shop, slot_id, shop.person("Nora"), template_id=new, status="failed", sent_at=None)
    book(shop, slot_id, winner)

    page = shop.browser().get("/analytics/wordings", first=str(new), second="default-slot_available")
    text = page.get_data(as_text=True)
    assert "Version 2" in text
    assert "Words of version 2" in text
    assert "has a cancellation!" in text
    assert "100.00%" in text
    assert "Too few texts to tell yet" in text

    listed = shop.browser().get("/analytics").get_data(as_text=True)
    assert "in use" in listed
    assert listed.index("Version 2") < listed.index("Version 1") < listed.index("Default wording")


@pytest.mark.parametrize("keys", [("nothing", "default-slot_available"), ("default-slot_available",) * 2])
def test_what_cannot_be_compared_asks_for_a_choice(shop: Shop, keys: tuple[str, str]) -> None:
    slot_id, _default = offered(shop)
    texted(shop, slot_id, shop.person("Olga"), template_id=wording(shop, 1))
    answer = shop.browser().get("/analytics/wordings", first=keys[0], second=keys[1])
    assert answer.status_code == 200
    assert "Choose two different wordings." in answer.get_data(as_text=True)


def test_the_newest_are_compared_where_nobody_chose(shop: Shop) -> None:
    slot_id, _default = offered(shop)
    texted(shop, slot_id, shop.person("Olga"), template_id=wording(shop, 1))
    page = shop.browser().get("/analytics/wordings").get_data(as_text=True)
    assert "Too few texts to tell yet" in page
    assert page.index("Words of version 1") < page.rindex("has a cancellation!")


def test_one_wording_alone_teaches(shop: Shop) -> None:
    offered(shop)
    assert "Nothing to compare yet" in shop.browser().get("/analytics/wordings").get_data(as_text=True)


def test_a_foreign_wording_is_not_found(shop: Shop, other_shop: Shop) -> None:
    foreign = wording(other_shop, 1)
    slot_id, _default = offered(shop)
    texted(shop, slot_id, shop.person("Olga"), template_id=wording(shop, 1))
    page = shop.browser().get("/analytics/wordings", first=str(foreign), second="default-slot_available")
    assert "Choose two different wordings." in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((29, 29), (1000, 10), "Too few texts"),
        ((500, 50), (500, 20), "Version 1 works better: 10.00% of its texts led to a booking, against 4.00%."),
        ((500, 20), (500, 50), "Default wording works better: 10.00%"),
        ((500, 25), (500, 30), "No clear winner: 6.00% against 5.00% booked"),
        ((40, 0), (40, 0), "No clear winner: 0.00% against 0.00%"),
        ((40, 40), (40, 40), "No clear winner: 100.00%"),
    ],
)
def test_the_verdict_is_no_bolder_than_the_numbers(
    app: Flask, first: tuple[int, int], second: tuple[int, int], said: str
) -> None:
    def made(sums: tuple[int, int], template_id: UUID | None) -> Wording:
        counted = TextSums(sent=sums[0], converted=sums[1])
        return Wording("slot_available", template_id, 1 if template_id else None, None, False, counted)

    with app.test_request_context():
        assert Comparison(made(first, new_id()), made(second, None)).verdict.startswith(said)
