"""The poster: one page that any reader opens, and a code that leads to the public page."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest
import segno
from flask import Flask

from nexapp.slots.poster import PAPERS, Poster, width_of, write_pdf, write_svg
from nexapp.spine.tenancy import Role
from tests.slots.merchant_world import Shop

URL = "https://nexapp.example/b/downtown-dental"
NAUGHTY = "Zoë & <b>Łódź</b> (\\ 日本) " + "W" * 90


@pytest.mark.parametrize("paper", sorted(PAPERS))
@pytest.mark.parametrize("name", ["Downtown Dental", NAUGHTY])
def test_the_pdf_holds_together(whole_app: Flask, paper: str, name: str) -> None:
    with whole_app.test_request_context():
        content = write_pdf(Poster(name, URL, paper))
    assert content.startswith(b"%PDF-1.4")
    start = int(re.findall(rb"startxref\n(\d+)", content)[0])
    assert content[start : start + 4] == b"xref"
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", content)]
    for number, place in enumerate(places, 1):
        assert content[place:].startswith(f"{number} 0 obj".encode())
    length = int(re.findall(rb"/Length (\d+)", content)[0])
    stream = content.split(b"stream\n", 1)[1]
    assert stream[length:].startswith(b"\nendstream")
    assert b"nexapp.example/b/downtown-dental" in stream


@pytest.mark.parametrize("name", ["Downtown Dental", NAUGHTY])
def test_nothing_is_wider_than_the_page_and_the_svg_is_xml(whole_app: Flask, name: str) -> None:
    poster = Poster(name, URL)
    with whole_app.test_request_context():
        lines, svg = poster.lines(), write_svg(poster)
    assert max(width_of(line.words, line.font) * line.size for line in lines) <= poster.size[0] * 0.87
    words = [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert name in words


def test_the_squares_are_the_codes() -> None:
    squares = list(Poster("x", URL).squares())
    step = squares[0][3]
    dark = sum(round(width / step) for _left, _top, width, _height in squares)
    assert dark == sum(map(sum, segno.make(URL, error="m", micro=False).matrix))


def test_the_pages_of_it(shop: Shop, other_shop: Shop) -> None:
    viewer = shop.browser(Role.VIEWER)
    page = viewer.get("/waiting-list/poster").get_data(as_text=True)
    assert "US Letter" in page
    svg = unescape(viewer.get("/waiting-list/poster.svg", paper="a4").get_data(as_text=True))
    assert shop.name in svg
    assert other_shop.name not in svg
    pdf = viewer.get("/waiting-list/poster.pdf", paper="'; --", download=1)
    assert pdf.mimetype == "application/pdf"
    assert pdf.headers["Content-Disposition"].startswith("attachment")
