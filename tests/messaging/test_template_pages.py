"""The pages of a business's own wordings: preview, versions, test."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from nexapp.messaging.purposes import editable
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.people import Browser
from tests.slots.merchant_world import Shop

Sql = Callable[..., list[Any]]
OFFER = "/settings/texts/slot_available"
GOOD = "{{first_name}}, {{time}} is open: {{url}}"


@pytest.fixture
def manager(shop: Shop) -> Browser:
    return shop.browser(Role.MANAGER)


def words(answer: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))).split())


def versions(shop: Shop) -> list[Any]:
    return shop.sql(
        "SELECT version, body, is_current FROM message_templates WHERE org_id = %s ORDER BY version", shop.org_id
    )


def test_the_list_shows_every_wording_filled_in(manager: Browser) -> None:
    shown = words(manager.get("/settings/texts"))
    assert all(str(kind.title) in shown for kind in editable().values())
    assert "Downtown Dental has a cancellation! Tue 24 Nov, 3:30 PM ET available." in shown
    assert "{{" not in shown


def test_saving_makes_versions(manager: Browser, shop: Shop) -> None:
    assert manager.post(OFFER, body=GOOD, seen="0", then="save").status_code == 303
    assert manager.post(OFFER, body="Now: {{url}}", seen="1", then="save").status_code == 303
    assert manager.post(OFFER, body="Now:  {{url}} ", seen="2", then="save").status_code == 303
    assert versions(shop) == [(1, GOOD, False), (2, "Now: {{url}}", True)]
    shown = words(manager.get(OFFER))
    assert "Version 2 · in use · The manager" in shown
    assert shop.value("SELECT count(*) FROM audit_entries WHERE action = 'wording.saved'") == 2


def test_earlier_versions_and_the_default_come_back(manager: Browser, shop: Shop) -> None:
    for seen, body in (("0", GOOD), ("1", "Now: {{url}}")):
        manager.post(OFFER, body=body, seen=seen, then="save")
    first = shop.value("SELECT id FROM message_templates WHERE version = 1")
    assert manager.post(f"{OFFER}/versions/{first}/use").status_code == 303
    assert versions(shop) == [(1, GOOD, True), (2, "Now: {{url}}", False)]
    assert manager.post(f"{OFFER}/default").status_code == 303
    assert [current for _v, _b, current in versions(shop)] == [False, False]
    assert "Default · in use" in words(manager.get(OFFER))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("no link", "This text needs {{url}}."),
        ("{{url}} {{phone}}", "There is no {{phone}} to fill in here."),
        ("{{url}} {{ 7*7 }}", "Only variables such as {{time}} may stand in braces."),
        ("{{url}} {% for x in y %}", "braces"),
        ("", "Write the text."),
        ("{{url}}" + "x" * 1000, "At most 1000 characters; this has 1007."),
        ("{{url}} <script>alert(1)</script> {{ config }}", "There is no {{config}} to fill in here."),
    ],
)
def test_what_cant_be_saved_is_kept_and_explained(manager: Browser, shop: Shop, body: str, why: str) -> None:
    answer = manager.post(OFFER, body=body, seen="0", then="save")
    assert answer.status_code == 422
    assert why in words(answer)
    assert html.escape(body, quote=True).replace("&#x27;", "&#39;") in answer.get_data(as_text=True)
    assert "<script>alert" not in answer.get_data(as_text=True)
    assert versions(shop) == []


def test_who_saves_over_somebody_elses_is_told(manager: Browser, shop: Shop) -> None:
    manager.post(OFFER, body=GOOD, seen="0", then="save")
    answer = shop.browser(Role.ADMIN).post(OFFER, body="Mine: {{url}}", seen="0", then="save")
    assert answer.status_code == 409
    assert "Somebody saved another wording meanwhile" in words(answer)
    assert "Mine: {{url}}" in html.unescape(answer.get_data(as_text=True))
    assert len(versions(shop)) == 1


def test_the_preview_counts_and_prices(manager: Browser) -> None:
    shown = words(manager.post(f"{OFFER}/preview", fragment=True, body="Süß: {{url}} 👍"))
    assert "Süß: http" in shown
    assert "UCS-2 (because of 👍)" in shown
    assert "Segments 1 (2 in the first text to a person" in shown
    assert "about $0.0083 a text, $0.83 for 100 people" in shown
    broken = words(manager.post(f"{OFFER}/preview", fragment=True, body="{{url}} {{nope}}"))
    assert "There is no {{nope}}" in broken
    whole = words(manager.post(OFFER, body="Look: {{url}}", seen="0", then="preview"))
    assert "Look: http" in whole


def test_a_test_goes_to_the_askers_own_number_alone(manager: Browser, shop: Shop) -> None:
    answer = manager.post(OFFER, body=GOOD, seen="0", then="test")
    assert "A test is on its way" in answer.headers["HX-Trigger"]
    own = shop.value("SELECT phone FROM users WHERE id = %s", manager.actor.user_id)
    [(to, body, status)] = shop.texts("template_test")
    assert (to, status) == (own, "queued")
    assert body.startswith("Ana, Tue 24 Nov, 3:30 PM ET is open: http")
    assert versions(shop) == []
    for _again in range(9):
        assert manager.post(OFFER, body=GOOD, seen="0", then="test").status_code == 200
    assert manager.post(OFFER, body=GOOD, seen="0", then="test").status_code == 429
    assert len(shop.texts("template_test")) == 10


def test_who_may_not(shop: Shop) -> None:
    staff = shop.browser(Role.STAFF)
    assert staff.get("/settings/texts").status_code == 403
    assert staff.post(OFFER, body=GOOD, seen="0", then="save").status_code == 403


def test_unknown_and_fixed_wordings_have_no_page(manager: Browser) -> None:
    for purpose in ("nothing", "sign_in_code", "opted_out"):
        assert manager.get(f"/settings/texts/{purpose}").status_code == 404


def test_a_few_statements_whatever_the_versions(manager: Browser, shop: Shop, statements: list[str]) -> None:
    for seen in range(4):
        manager.post(OFFER, body=f"{seen} {{{{url}}}}", seen=str(seen), then="save")
    statements.clear()
    manager.get(OFFER)
    few = len(statements)
    for seen in range(4, 12):
        manager.post(OFFER, body=f"{seen} {{{{url}}}}", seen=str(seen), then="save")
    statements.clear()
    manager.get(OFFER)
    assert len(statements) == few <= 14


def test_a_wording_that_uses_everything_can_be_sent(manager: Browser, shop: Shop) -> None:
    """Whoever sends a text gives all that may stand in it: the slot with its price left out is the poorest case."""
    for purpose in ("slot_available", "in_turn", "booking_cancelled"):
        everything = " ".join(f"{name}={{{{{name}}}}}" for name in sorted(editable()[purpose].allowed))
        assert manager.post(f"/settings/texts/{purpose}", body=everything, seen="0", then="save").status_code == 303
    request = shop.person("Ana Ruiz")
    assert manager.post(f"/slots/{shop.slot(status='draft')}/rounds").status_code in (200, 303)
    # What has left isn't put together with the next one.
    shop.sql("UPDATE messages SET status = 'delivered', attempts = 1")
    shop.sql("UPDATE organizations SET offer_mode = 'in_turn'")
    assert manager.post(f"/slots/{shop.slot(status='draft')}/rounds").status_code in (200, 303)
    booked = shop.booked(request)
    assert manager.post(f"/slots/{booked}/cancellation").status_code in (200, 303)
    offers = [body for _to, body, _status in shop.texts()]
    assert [("place=1" in body, "total=1" in body) for body in offers] == [(False, False), (True, True)]
    [(_to, farewell, _status)] = shop.texts("booking_cancelled")
    assert "first_name=Ana" in farewell
    assert shop.value("SELECT count(*) FROM messages WHERE template_id IS NULL") == 0


def test_no_test_is_promised_to_a_number_that_takes_no_texts(manager: Browser, shop: Shop) -> None:
    phone = shop.value("SELECT phone FROM users WHERE id = %s", manager.actor.user_id)
    shop.insert("consumers", id=new_id(), phone=phone, time_zone="", region="US", opted_out_at="2026-01-01Z")
    answer = manager.post(OFFER, body=GOOD, seen="0", then="test")
    assert answer.status_code == 422
    assert "Your own number opted out" in words(answer)
    assert shop.texts("template_test") == []


def test_versions_lead_to_their_comparison(manager: Browser, shop: Shop) -> None:
    def compared() -> str:
        found = re.search(r'href="(/analytics/wordings[^"]+)"', manager.get(OFFER).get_data(as_text=True))
        assert found
        return html.unescape(found[1])

    manager.post(OFFER, body=GOOD, seen="0", then="save")
    first = shop.value("SELECT id FROM message_templates")
    assert compared() == f"/analytics/wordings?first={first}&second=default-slot_available"
    manager.post(OFFER, body="Now: {{url}}", seen="1", then="save")
    second = shop.value("SELECT id FROM message_templates WHERE version = 2")
    assert compared() == f"/analytics/wordings?first={second}&second={first}"
    assert manager.get(compared()).status_code == 200
