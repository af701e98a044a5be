"""The people of the list: one of them, adding one, files of them, the poster."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.blackbox import eventually, sql

NAMES = [
    "person", "person_new", "imports", "import_mapping", "import_checked", "import_done", "poster", "own_place_why",
]  # fmt: skip
CONTENT = "Full name,Mobile,Shoe size\nAna,{phone},7\nBen,12,8\n"
SOURCE = "They signed at our counter"


def arrange(places: Any, merchant: Any) -> None:
    found = sql(
        places.stack,
        "SELECT r.id FROM notify_requests r JOIN organizations o ON o.id = r.org_id WHERE o.slug = %s LIMIT 1",
        merchant.slug,
    )
    checked, done = _checked(merchant, "(212) 555-0123"), _checked(merchant, "(212) 555-0124")
    merchant.submit(merchant.get(done), f"{done}/run").expect(200)
    eventually(
        lambda: "What it did" in merchant.get(done).words and "Running" not in merchant.get(done).words, 20, "it"
    )
    own = places.paths["own_place"][1].partition("?")[0]
    places.add(merchant, person=f"/waiting-list/{found[0][0]}", person_new="/waiting-list/new")
    places.add(merchant, imports="/waiting-list/imports", import_mapping=_upload(merchant, "12"))
    places.add(merchant, import_checked=checked, import_done=done, poster="/waiting-list/poster")
    places.add(None, own_place_why=f"{own}?why=1")


def _checked(merchant: Any, phone: str) -> str:
    address = _upload(merchant, phone)
    merchant.submit(merchant.get(address), f"{address}/mapping", source=SOURCE).expect(200)
    eventually(lambda: "Import 1 person" in merchant.get(address).words, 20, "the check")
    return address


def _upload(merchant: Any, phone: str) -> str:
    """A form with a file, which the reader of pages can't fill in."""
    token = merchant.get("/waiting-list/imports").form("/waiting-list/imports").fields["csrf_token"]
    file = {"file": ("people.csv", CONTENT.format(phone=phone).encode(), "text/csv")}
    answer = merchant.http.post("/waiting-list/imports", data={"csrf_token": token}, files=file)
    return urlsplit(answer.headers["location"]).path
