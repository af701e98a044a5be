"""Letters to prospects: the link in each that stops them, for one address and one organisation."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from nexapp.sales import letter_addresses
from nexapp.sales.letter_addresses import Link, link_url
from nexapp.sales.models import Prospect
from nexapp.sales.sequence_sending import email_prospect
from nexapp.spine.db import db
from nexapp.spine.errors import Conflict
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.sales.follow_ups_world import SalesTeam

Acting = Callable[[Actor], AbstractContextManager[None]]
Mailbox = Callable[[str], list[dict[str, str]]]
ANA = "ana@example.com"


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql)


@pytest.fixture
def rep(team: SalesTeam) -> Actor:
    return team.member()


@pytest.fixture
def mailbox(phone: httpx.Client, send_emails: Callable[[], None]) -> Mailbox:
    """What arrives at an address, the newest first; sends what is due first."""
    phone.delete("/dev/mail/messages")

    def read(address: str) -> list[dict[str, str]]:
        send_emails()
        found: list[dict[str, str]] = phone.get("/dev/mail/messages.json", params={"to": address}).json()
        return found

    return read


@pytest.fixture
def write(acting: Acting) -> Callable[..., None]:
    def write_to(actor: Actor, prospect_id: UUID, subject: str = "An offer") -> None:
        with acting(actor):
            prospect = db.session.get_one(Prospect, prospect_id)
            email_prospect(prospect, "Hello Ana,\n\nshall we <talk>?", subject)

    return write_to


def path_in(letter: dict[str, str]) -> str:
    found = re.search(r"^List-Unsubscribe: <https?://[^/]+(/e/[^>\s]+)>$", letter["headers"], re.MULTILINE)
    assert found, letter["headers"]
    return found[1]


def states(team: SalesTeam) -> list[tuple[str, str | None]]:
    rows = sorted(team.rows("messages"), key=lambda row: row["id"])
    return [(row["status"], row["error"]) for row in rows]


def test_a_letter_says_how_to_stop_it(team: SalesTeam, rep: Actor, write: Any, mailbox: Mailbox) -> None:
    write(rep, team.prospect(email="Ana@Example.com", owner_id=rep.user_id))
    [letter] = mailbox("Ana@Example.com")
    assert letter["subject"] == "An offer"
    assert letter["text"].startswith("Hello Ana,\n\nshall we <talk>?\n\n--\n")
    assert "You get this from Summit Sales." in letter["text"]
    assert path_in(letter) in letter["text"]
    assert team.row("messages")["created_by"] == str(rep.user_id), "the story says who wrote it"
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in letter["headers"].splitlines()


def test_opening_the_link_stops_nothing(
    team: SalesTeam, rep: Actor, write: Any, mailbox: Mailbox, client: FlaskClient
) -> None:
    write(rep, team.prospect(email=ANA, owner_id=rep.user_id))
    path = path_in(mailbox(ANA)[0])
    for method in ("GET", "HEAD"):
        assert client.open(path, method=method).status_code == 200
    assert "Summit Sales writes to ana@example.com." in client.get(path).text
    assert team.row("letter_addresses")["stopped_at"] is None
    assert client.post(path, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert team.row("letter_addresses")["stopped_at"] is None


def test_one_click_stops_every_later_letter_and_those_that_wait(
    team: SalesTeam, rep: Actor, write: Any, mailbox: Mailbox, client: FlaskClient
) -> None:
    """Signed out, without cookies; for whichever prospect has that address, however it is written."""
    ana = team.prospect(email=ANA, owner_id=rep.user_id)
    other = team.prospect("The same", email="ANA@example.com", owner_id=rep.user_id)
    write(rep, ana)
    path = path_in(mailbox(ANA)[0])
    write(rep, ana, "One that waits")
    for _tap in range(2):
        answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Summit Sales doesn" in answer.text
    assert [letter["subject"] for letter in mailbox(ANA)] == ["An offer"]
    assert states(team)[1] == ("cancelled", "They asked not to get e-mail.")
    for prospect_id in (ana, other):
        with pytest.raises(Conflict, match="asked not to get e-mail"):
            write(rep, prospect_id, "Another")
        assert [row["kind"] for row in team.rows("prospect_events", prospect_id=prospect_id)] == ["email_stopped"]
    assert len(team.rows("audit_entries", action="letters.stopped")) == 1
    assert len(team.rows("messages")) == 2


def test_another_organisation_and_another_address_still_write(
    app: Flask, team: SalesTeam, rep: Actor, write: Any, mailbox: Mailbox, client: FlaskClient,
    owner_sql: Callable[..., list[Any]],
) -> None:  # fmt: skip
    write(rep, team.prospect(email=ANA, owner_id=rep.user_id))
    client.post(path_in(mailbox(ANA)[0]))
    others = SalesTeam(app, owner_sql)
    theirs = others.member()
    write(theirs, others.prospect(email=ANA, owner_id=theirs.user_id), "From others")
    write(rep, team.prospect(email="ben@example.com", owner_id=rep.user_id), "To Ben")
    assert [letter["subject"] for letter in mailbox(ANA)] == ["From others", "An offer"]
    assert [letter["subject"] for letter in mailbox("ben@example.com")] == ["To Ben"]


def test_only_whoever_has_the_link_takes_it_back(
    team: SalesTeam, rep: Actor, write: Any, mailbox: Mailbox, client: FlaskClient
) -> None:
    ana = team.prospect(email=ANA, owner_id=rep.user_id)
    write(rep, ana)
    path = path_in(mailbox(ANA)[0])
    assert "Undo" in client.post(path).text
    assert "Get them again" in client.get(path).text
    for _tap in range(2):
        assert "Stop these e-mails" in client.post(f"{path}/undo").text
    write(rep, ana, "Again")
    assert [letter["subject"] for letter in mailbox(ANA)] == ["Again", "An offer"]
    kinds = [row["kind"] for row in sorted(team.rows("prospect_events"), key=lambda row: row["id"])]
    assert kinds == ["email_stopped", "email_wanted"]


def test_a_link_can_not_be_made_up(app: Flask, team: SalesTeam, rep: Actor, write: Any, client: FlaskClient) -> None:
    write(rep, team.prospect(email=ANA, owner_id=rep.user_id))
    row = team.row("letter_addresses")
    with app.app_context():
        token = link_url(Link(team.org_id, UUID(row["id"]))).split("/e/")[1]
        strange = link_url(Link(new_id(), UUID(row["id"]))).split("/e/")[1]
    written, signature = token.rsplit(".", 1)
    for forged in (
        f"{strange.rsplit('.', 1)[0]}.{signature}",
        strange,
        written,
        token[:-2],
        "x",
        "a.b.c",
        f".{signature}",
    ):
        for answer in (client.get(f"/e/{forged}"), client.post(f"/e/{forged}"), client.post(f"/e/{forged}/undo")):
            assert answer.status_code == 410, forged
    assert team.row("letter_addresses")["stopped_at"] is None


def test_the_team_sees_it_and_is_offered_no_e_mail(
    app: Flask, team: SalesTeam, write: Any, mailbox: Mailbox, client: FlaskClient
) -> None:
    browser = team.browser(Role.OWNER)
    me = browser.actor
    ana = team.prospect(email=ANA, owner_id=me.user_id)
    assert "mailto:" in browser.get(f"/prospects/{ana}").text
    drafted = browser.post(f"/prospects/{ana}/drafts", tone="friendly").text
    assert "Send as an e-mail" in drafted
    write(me, ana)
    client.post(path_in(mailbox(ANA)[0]))
    page = browser.get(f"/prospects/{ana}").text
    assert "mailto:" not in page
    assert page.count("Asked not to get e-mail") == 2
    assert "Find a way to reach" in page, "the suggestion names no e-mail either"
    drafted = browser.post(f"/prospects/{ana}/drafts", tone="friendly").text
    assert "Send as an e-mail" not in drafted
    assert "They asked not to get e-mail." in drafted
    answer = browser.post(
        f"/prospects/{ana}/drafts/sending", how="email", subject="Hello", body="Hello", key=str(new_id())
    )
    assert answer.status_code == 409
    assert len(team.rows("messages")) == 1


def test_letters_are_read_in_one_statement(
    team: SalesTeam, rep: Actor, write: Any, acting: Acting, statements: list[str]
) -> None:
    from nexapp.messaging.email_sending import EmailDrain
    from nexapp.spine.tenancy import SYSTEM

    for number in range(20):
        write(rep, team.prospect(email=f"p{number}@example.com", owner_id=rep.user_id))
    with acting(SYSTEM):
        parcels = EmailDrain.queue.claim("a worker", 20, 30)
        statements.clear()
        contents = letter_addresses.compose_letters(parcels)
        assert len(statements) == 1
    assert len({content.headers["List-Unsubscribe"] for content in contents.values()}) == 20  # type: ignore[union-attr]
