"""A sales team's pages: the list, the board, one prospect, the stages, a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.blackbox import Merchant, eventually, sql

NAMES = [
    "prospects", "prospects_board", "prospect", "prospect_new", "prospects_trash", "prospects_view", "prospect_note",
    "stages", "prospect_imports", "prospect_import_mapping", "prospect_import_checked",
]  # fmt: skip
CONTENT = "Full name,Mail,Shoe size\nAna Ruiz,ana@example.com,7\nBen,12@,8\n"


def arrange(places: Any, _merchant: Any) -> None:
    team = Merchant(places.stack).sign_up("Area Sales", kind="sales")
    stages = dict(sql(places.stack, "SELECT name, id FROM prospect_stages WHERE org_id = %s", team.org_id))
    typed = {"name": "Ana Ruiz", "company": "Ruiz Ltd", "email": "ana@example.com", "stage_id": str(stages["New"])}
    one = team.submit(team.get("/prospects/new"), "/prospects", **typed).expect(200).path
    team.submit(team.get(one), f"{one}/notes", body="Asked for the price list").expect(200)
    (note,) = sql(places.stack, "SELECT id FROM prospect_notes WHERE org_id = %s", team.org_id)
    places.add(team, prospects="/prospects?temperature=cold", prospects_board="/prospects/board", prospect=one)
    places.add(team, prospect_new="/prospects/new", prospects_trash="/prospects/trash", stages="/settings/stages")
    places.add(team, prospects_view="/prospects/views/new?owner=me", prospect_note=f"{one}/notes/{note[0]}")
    checked = _upload(team)
    team.submit(team.get(checked), f"{checked}/mapping").expect(200)
    eventually(lambda: "What it would do" in team.get(checked).words, 60, "the check")
    places.add(team, prospect_imports="/prospects/imports", prospect_import_mapping=_upload(team))
    places.add(team, prospect_import_checked=checked)


def _upload(team: Any) -> str:
    """A form with a file, which the reader of pages can't fill in."""
    token = team.get("/prospects/imports").form("/prospects/imports").fields["csrf_token"]
    file = {"file": ("people.csv", CONTENT.encode(), "text/csv")}
    answer = team.http.post("/prospects/imports", data={"csrf_token": token}, files=file)
    return urlsplit(answer.headers["location"]).path
