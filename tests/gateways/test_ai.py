"""The local provider: what it finds was there, what it writes says only what it was told."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from nexapp.gateways.ai import FIELDS, TONES, Facts
from nexapp.gateways.ai.contacts import LONGEST, read_contact
from nexapp.gateways.ai.providers import ai_gateway

SIGNATURE = """
Maria Garcia
Head of Operations | Acme Logistics Inc.
maria.garcia@acme-logistics.com
Tel: +1 (312) 555-0142
Chicago, IL 60601
"""
LABELLED = """
Name: Jürgen Groß
Company: Müller & Söhne GmbH
Title: Geschäftsführer
E-mail: j.gross@mueller.de
Mobile: +49 30 901820
City: Berlin
"""


def found(text: str, country: str = "US") -> dict[str, str]:
    return {detail.field: detail.value for detail in read_contact(text, country)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SIGNATURE, {
            "name": "Maria Garcia", "company": "Acme Logistics Inc.", "role": "Head of Operations",
            "email": "maria.garcia@acme-logistics.com", "phone": "+13125550142", "location": "Chicago, IL",
        }),
        (LABELLED, {
            "name": "Jürgen Groß", "company": "Müller & Söhne GmbH", "role": "Geschäftsführer",
            "email": "j.gross@mueller.de", "phone": "+4930901820", "location": "Berlin",
        }),
        ("https://www.linkedin.com/in/jane-doe-4b21a91?trk=x", {"name": "Jane Doe"}),
        ("https://www.brightwater.co.uk/about", {"company": "Brightwater"}),
        ("jo.lee@northwind.com", {"name": "Jo Lee", "company": "Northwind", "email": "jo.lee@northwind.com"}),
        ("info@gmail.com", {"email": "info@gmail.com"}),
        ("Sam Lee - VP of Sales at Contoso", {"name": "Sam Lee", "role": "VP of Sales", "company": "Contoso"}),
        ("I met Ana, based in Lisbon, Portugal", {"location": "Lisbon, Portugal"}),
        ("", {}),
        ("12345", {}),
        ("\x00\u202e\ud83d", {}),
    ],
)  # fmt: skip
def test_it_reads(text: str, expected: dict[str, str]) -> None:
    assert found(text) == expected


def test_every_detail_names_the_words_it_was_found_in() -> None:
    words = " ".join(SIGNATURE.split())
    details = read_contact(SIGNATURE, "US")
    assert [detail.field for detail in details] == list(FIELDS)
    assert all(detail.evidence in words and detail.how for detail in details)


def test_a_number_without_its_code_is_one_of_the_country() -> None:
    assert found("030 901820", "DE") == {"phone": "+4930901820"}


@given(st.text(max_size=400), st.sampled_from(["US", "DE", "IN"]))
@settings(deadline=None)
def test_any_text_gives_one_short_detail_of_a_field(text: str, country: str) -> None:
    details = read_contact(text, country)
    assert len({detail.field for detail in details}) == len(details)
    for detail in details:
        assert 0 < len(detail.value) <= LONGEST[detail.field]
        assert "\n" not in detail.value + detail.evidence


def test_a_text_made_to_be_slow_is_read_all_the_same() -> None:
    for piece in ("Aa " * 7000, "a." * 10_000 + "@", "A&A, " * 4000, "1-" * 10_000, "http://" + "x-" * 9000):
        assert len(read_contact(piece, "US")) <= len(FIELDS)


FACTS = Facts("Maria Garcia", "Acme", "Owner", "Chicago", "Proposal", "$12,000", 3, 1, 1, "Ray Cole", "Summit Sales")


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("facts", [FACTS, Facts("Ana"), Facts(""), Facts("Zoë", days_silent=90)])
def test_a_draft_is_written_in_every_tone(app: Flask, tone: str, facts: Facts) -> None:
    with app.test_request_context():
        draft = ai_gateway().draft_message(facts, tone)
    assert draft.subject
    assert draft.body == draft.body.strip()
    assert "None" not in draft.body
    assert "%(" not in draft.body + draft.subject


def test_drafts_say_what_is_known(app: Flask) -> None:
    with app.test_request_context():
        formal = ai_gateway().draft_message(FACTS, "formal").body
        first = ai_gateway().draft_message(Facts("Maria Garcia", "Acme", "Owner", sender="Ray"), "friendly").body
        long_ago = ai_gateway().draft_message(Facts("Maria Garcia", days_silent=40, sender="Ray"), "friendly").body
        short = ai_gateway().draft_message(FACTS, "short").body
    assert formal.startswith("Dear Maria Garcia,")
    assert "Ray Cole" in formal
    assert "you are Owner at Acme" in first
    assert "40 days" in long_ago
    assert len(short) < len(formal)


def test_a_deck_says_what_is_known_and_leaves_out_what_is_not(app: Flask) -> None:
    with app.test_request_context():
        deck = ai_gateway().outline_deck(FACTS)
        poor = ai_gateway().outline_deck(Facts("Ana"))
    words = " ".join(line for slide in deck for line in slide.lines)
    assert "Acme" in deck[0].title
    assert "$12,000" in words
    assert "We met 1 time" in words
    assert all(slide.title and slide.lines for slide in [*deck, *poor])
    assert len(poor) < len(deck)
