from __future__ import annotations

import pytest
from flask import Flask

from nexapp.identity.phones import area_zone_of, is_fiction, may_be_texted, parse_phone, prefix_of, region_of, zone_of
from nexapp.spine.errors import BadInput

SAME = [
    "(305) 555-0123",
    "305-555-0123",
    "305.555.0123",
    "3055550123",
    "1 305 555 0123",
    "+1 305 555 0123",
    "+13055550123",
    "1-305-555-0123",
    "001 305 555 0123",
    "011 1 305 555 0123",
    "tel:+1-305-555-0123",
    "  305 555 0123 ",
    "305/555/0123",
    "(305)555-0123",
    "+1 (305) 555\u20110123",
    "\u202a+1 305-555-0123\u202c",
    "\uff13\uff10\uff15\uff15\uff15\uff15\uff10\uff11\uff12\uff13",
    "\u0663\u0660\u0665\u0665\u0665\u0665\u0660\u0661\u0662\u0663",
    "305\u00a0555\u00a00123",
    "Call me: 305 555 0123",
]

IMPOSSIBLE = [
    "",
    "   ",
    "abc",
    "555-0123",
    "123",
    "911",
    "+",
    "+1",
    "12345678901234567890",
    "000-000-0000",
    "(123) 456-7890",
    "+999 123 4567",
    "305 555 0123 or 305 555 0124",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "305-555-0123 x45",
    "+1 900 555 1234",
    "1-800-356-9377",
    "null",
    "+1305555012",
    "\x00",
    "\u202e",
    "\u00bd" * 10,
    "\U0001f642" * 10,
    "1" * 5000,
]


@pytest.fixture(autouse=True)
def within(whole_app: Flask):
    with whole_app.app_context():
        yield


@pytest.mark.parametrize("written", SAME)
def test_every_human_form_is_the_same_number(written: str) -> None:
    assert parse_phone(written) == "+13055550123"


@pytest.mark.parametrize("written", IMPOSSIBLE)
def test_an_impossible_number_gets_a_sentence(written: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_phone(written)
    assert refused.value.sentence.endswith(".")
    assert len(refused.value.sentence) < 120


@pytest.mark.parametrize(
    ("written", "country", "phone"),
    [
        ("07911 123456", "GB", "+447911123456"),
        ("+44 7911 123456", "US", "+447911123456"),
        ("0044 7911 123456", "US", "+447911123456"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("(416) 555-2345", "CA", "+14165552345"),
        ("305 555 0123", "not a country", "+13055550123"),
    ],
)
def test_the_country_is_a_default_only(written: str, country: str, phone: str) -> None:
    assert parse_phone(written, country) == phone


def test_the_whole_area_code_of_fiction_is_taken_on_the_local_phone() -> None:
    assert parse_phone("+15551230001") == "+15551230001"
    assert parse_phone("555 123 0001") == "+15551230001"


@pytest.mark.parametrize(
    ("phone", "fiction"),
    [
        ("+15551230001", True),
        ("+13055550123", True),
        ("+13055550223", False),
        ("+13055551234", False),
        ("+447911123456", False),
    ],
)
def test_fiction(phone: str, fiction: bool) -> None:
    assert is_fiction(phone) is fiction
    assert may_be_texted(phone)


def test_fiction_is_refused_at_a_real_provider(whole_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = whole_app.extensions["settings"].model_copy(update={"twilio_account_sid": "AC123"})
    monkeypatch.setitem(whole_app.extensions, "settings", real)
    assert not may_be_texted("+13055550123")
    with pytest.raises(BadInput, match="reserved"):
        parse_phone("+13055550123")
    assert parse_phone("+13053601234") == "+13053601234"


def test_a_shop_may_have_a_toll_free_line() -> None:
    assert parse_phone("1-800-356-9377", for_texts=False) == "+18003569377"


@pytest.mark.parametrize(
    ("phone", "zone", "region", "prefix"),
    [
        ("+13053601234", "America/New_York", "US-FL", "+1305"),
        ("+12123601234", "America/New_York", "US-NY", "+1212"),
        ("+13103601234", "America/Los_Angeles", "US-CA", "+1310"),
        ("+12063601234", "America/Los_Angeles", "US-WA", "+1206"),
        ("+18083601234", "Pacific/Honolulu", "US-HI", "+1808"),
        ("+15551230001", "America/New_York", "US", "+1555"),
        ("+14163601234", "America/Toronto", "CA-ON", "+1416"),
        ("+447911123456", "Europe/London", "GG", "+44791"),
        ("+61412345678", "Australia/Sydney", "AU", "+61412"),
        ("+4915123456789", "Europe/Berlin", "DE", "+49151"),
        ("+919876543210", "Asia/Calcutta", "IN", "+91987"),
    ],
)
def test_where_a_number_is_from(phone: str, zone: str, region: str, prefix: str) -> None:
    assert (zone_of(phone), region_of(phone), prefix_of(phone)) == (zone, region, prefix)


@pytest.mark.parametrize(
    ("phone", "zone"),
    [
        ("+15551230001", ""),
        ("+18003569377", ""),
        ("+12125550101", "America/New_York"),
        ("+447911123456", "Europe/London"),
    ],
)
def test_a_number_of_no_place_tells_no_zone(phone: str, zone: str) -> None:
    assert area_zone_of(phone) == zone
