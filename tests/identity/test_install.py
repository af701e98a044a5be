"""The pages as an app of a phone: what says how it is called, where it begins and how it looks."""

from __future__ import annotations

import re
import struct

import pytest
from flask.testing import FlaskClient

from tests.identity.people import Person

MANIFEST = "/manifest.webmanifest"
TRUE_COLOURS, PALETTE = 2, 3
LINK = f'<link rel="manifest" href="{MANIFEST}">'


def test_it_says_what_a_phone_asks_for(client: FlaskClient) -> None:
    answer = client.get(MANIFEST)
    assert (answer.status_code, answer.mimetype) == (200, "application/manifest+json")
    told = answer.get_json(force=True)
    assert (told["name"], told["short_name"], told["display"]) == ("NexApp", "NexApp", "standalone")
    assert (told["start_url"], told["scope"], told["id"]) == ("/", "/", "/")
    assert all(re.fullmatch(r"#[0-9a-f]{6}", told[name]) for name in ("theme_color", "background_color"))
    assert {(icon["sizes"], icon["purpose"]) for icon in told["icons"]} == {
        ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"), ("any", "any"),
    }  # fmt: skip


def test_its_pictures_are_ours_and_as_large_as_they_say(client: FlaskClient) -> None:
    for icon in client.get(MANIFEST).get_json(force=True)["icons"]:
        picture = client.get(icon["src"])
        assert (picture.status_code, picture.mimetype) == (200, icon["type"])
        if icon["type"] == "image/png":
            assert "{}x{}".format(*struct.unpack(">II", picture.data[16:24])) == icon["sizes"]


def test_a_maskable_picture_is_clear_nowhere(client: FlaskClient) -> None:
    icons = client.get(MANIFEST).get_json(force=True)["icons"]
    (source,) = [icon["src"] for icon in icons if icon["purpose"] == "maskable"]
    drawing = client.get(source).data
    colours = drawing[25]
    assert colours in {TRUE_COLOURS, PALETTE}, "those have no layer for what is clear"
    assert b"tRNS" not in drawing


@pytest.mark.parametrize("path", ["/", "/sign-in"])
def test_who_is_signed_out_can_install_it(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert LINK in page.text
    assert "manifest-src 'self'" in page.headers["Content-Security-Policy"]


def test_who_is_signed_in_can_install_it(owner: Person) -> None:
    assert LINK in owner.get("/account").text


def test_a_business_own_page_is_not_ours_to_install(owner: Person, client: FlaskClient) -> None:
    page = client.get("/b/downtown-dental")
    assert page.status_code == 200
    assert "manifest" not in page.text


@pytest.mark.parametrize(
    ("theme", "colours"),
    [
        ("auto", [("#ffffff", "light"), ("#262626", "dark")]),
        ("light", [("#ffffff", "")]),
        ("dark", [("#262626", "")]),
    ],
)
def test_the_frame_around_it_follows_the_chosen_theme(
    client: FlaskClient, theme: str, colours: list[tuple[str, str]]
) -> None:
    client.set_cookie("theme", theme)
    found = re.findall(r'<meta name="theme-color" content="([^"]+)"(?: media="\(prefers-color-scheme: (\w+)\)")?>',
                       client.get("/sign-in").text)  # fmt: skip
    assert found == colours
