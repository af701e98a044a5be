"""The link to a mailbox: once, for a quarter of an hour, by a button, with one answer for every address."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from flask import Flask

from nexapp.identity.emails import parse_email
from nexapp.spine.errors import BadInput
from tests.identity.people import ANA, BEN, Person
from tests.identity.team_world import LINK, Sql

PAGE, MAIL = "/sign-in/email", "ana@example.com"


@pytest.fixture
def mailbox(phone: httpx.Client, send_emails: Callable[[], None]) -> Callable[[str], list[str]]:
    """The links in the letters to an address, the newest first."""
    phone.delete("/dev/mail/messages")

    def read(address: str) -> list[str]:
        send_emails()
        letters = phone.get("/dev/mail/messages.json", params={"to": address}).json()
        return [found.group(1) for letter in letters if (found := LINK.search(letter["text"]))]

    return read


@pytest.fixture
def known(owner: Person, owner_sql: Sql) -> Person:
    owner_sql("UPDATE users SET email = %s WHERE phone = %s", MAIL, ANA)
    return owner


def ask(person: Person, address: str = MAIL, **more: str) -> int:
    return person.post(PAGE, {"email": address} | more, page=PAGE).status_code


def again(sql: Sql) -> None:
    sql("UPDATE email_links SET created_at = created_at - interval '1 minute'")


def test_a_link_signs_in_once(
    known: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]]
) -> None:
    other = new_person()
    assert ask(other, "ANA@Example.com", next="/settings/staff") == 303
    [link] = mailbox(MAIL.upper())
    assert other.get(link).status_code == 200
    assert other.get("/settings").status_code == 303, "opening it signs nobody in"
    done = other.post(link, page=link)
    assert (done.status_code, done.location) == (303, "/settings/staff")
    assert other.get("/settings").status_code == 200
    replay = new_person()
    assert replay.get(link).status_code == 410
    assert replay.post(link, page="/sign-in").status_code == 410
    assert replay.get("/settings").status_code == 303


def test_scanners_and_forgers_spend_nothing(
    known: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]], owner_sql: Sql
) -> None:
    ask(known)
    [link] = mailbox(MAIL)
    scanner = new_person().client
    for method in ("GET", "HEAD"):
        assert scanner.open(link, method=method).status_code == 200
    assert scanner.post(link, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert owner_sql("SELECT used_at FROM email_links") == [(None,)]


def test_known_and_unknown_addresses_get_one_answer(
    known: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]], owner_sql: Sql
) -> None:
    person = new_person()
    answers = []
    for address in (MAIL, "nobody@example.com"):
        sent = person.post(PAGE, {"email": address}, page=PAGE)
        limited = person.post(PAGE, {"email": address}, page=PAGE)
        answers.append((sent.status_code, sent.location, limited.status_code, limited.headers["Retry-After"]))
    assert answers[0] == answers[1] == (303, "/sign-in/email/sent", 429, "30")
    assert len(mailbox(MAIL)) == 1
    assert mailbox("nobody@example.com") == []
    assert owner_sql("SELECT count(*) FROM users WHERE email = 'nobody@example.com'") == [(0,)]


def test_links_are_limited_and_lapse(known: Person, owner_sql: Sql, mailbox: Callable[[str], list[str]]) -> None:
    statuses = []
    for _ in range(6):
        statuses.append(ask(known))
        again(owner_sql)
    assert statuses == [303] * 5 + [429]
    link = mailbox(MAIL)[0]
    owner_sql("UPDATE email_links SET expires_at = now()")
    assert known.get(link).status_code == 410
    assert known.post(link, page="/settings").status_code == 410


def test_a_closed_account_stays_closed(
    known: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]], owner_sql: Sql
) -> None:
    other = new_person()
    ask(other)
    [link] = mailbox(MAIL)
    owner_sql("UPDATE users SET deactivated_at = now()")
    assert other.post(link, page=link).status_code == 403


def test_an_admin_by_mail_shows_the_second_factor_too(
    known: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]], owner_sql: Sql
) -> None:
    owner_sql("UPDATE users SET is_platform_admin = true")
    other = new_person()
    ask(other)
    [link] = mailbox(MAIL)
    assert other.post(link, page=link).location.startswith("/sign-in/second-factor")
    assert other.get("/admin").status_code == 303


def test_an_address_counts_once_its_mailbox_has_answered(
    owner: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]], owner_sql: Sql
) -> None:
    assert owner.post("/account/email", {"email": MAIL}, page="/account").status_code == 303
    assert owner_sql("SELECT email FROM users") == [(None,)]
    [link] = mailbox(MAIL)
    shown = new_person().get(link).text
    assert "opens the account of ••• 0001" in shown, "whoever asked could make a stranger's address theirs"
    assert new_person().post(link, page=link).location == "/account"
    assert owner_sql("SELECT email FROM users") == [(MAIL,)]
    assert owner.post("/account/email", {"email": "new@example.com"}, page="/account").status_code == 303
    [second] = mailbox("new@example.com")
    owner.post(second, page=second)
    assert owner_sql("SELECT email FROM users") == [("new@example.com",)]
    assert owner_sql("SELECT to_email FROM messages WHERE purpose = 'email_changed'") == [(MAIL,)]
    assert owner.post("/account/email/removal", page="/account").status_code == 303
    assert owner_sql("SELECT email FROM users") == [(None,)]


def test_an_address_of_another_account_is_not_taken_over(
    known: Person, new_person: Callable[[], Person], mailbox: Callable[[str], list[str]], owner_sql: Sql
) -> None:
    ben = new_person()
    ben.sign_in(BEN)
    added = ben.post("/account/email", {"email": MAIL.upper()}, page="/account")
    assert added.status_code == 303, "the answer doesn't tell that somebody has it"
    [link] = mailbox(MAIL)
    assert ben.post(link, page=link).status_code == 409
    assert owner_sql("SELECT email FROM users ORDER BY phone") == [(MAIL,), (None,)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [(" Ana@Example.COM ", "Ana@example.com"), ("ana+x@ex-ample.co", "ana+x@ex-ample.co"),
     ("ana@bücher.example", "ana@xn--bcher-kva.example"), ("\u200bana@example.com", "ana@example.com")],
)  # fmt: skip
def test_addresses_are_read_as_people_write_them(written: str, kept: str, app: object) -> None:
    with app.test_request_context():  # type: ignore[attr-defined]
        assert parse_email(written) == kept


@pytest.mark.parametrize(
    "written", ["", "ana", "@x.de", "ana@", "ana@x", "a b@x.de", ".a@x.de", "a..b@x.de", "a@x..de", "a@1.2.3.4",
                "a@-x.de", "a@x.de,b@y.de", "a@" + "x" * 250 + ".de", '"a b"@x.de'],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str, app: object) -> None:
    with app.test_request_context(), pytest.raises(BadInput):  # type: ignore[attr-defined]
        parse_email(written)


def test_without_a_mail_server_the_other_way_is_not_offered(
    owner: Person, app: Flask, new_person: Callable[[], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    none = app.extensions["settings"].model_copy(update={"mail_url": ""})
    monkeypatch.setitem(app.extensions, "settings", none)
    assert PAGE not in new_person().get("/sign-in").text
    assert ask(new_person()) == 503
    invited = owner.post("/settings/team/invitations", {"contact": MAIL, "role": "staff"}, page="/settings/team")
    assert invited.status_code == 422
