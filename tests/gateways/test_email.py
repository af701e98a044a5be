"""The SMTP client against the local mailbox, a real mail server in the phone's process."""

from __future__ import annotations

import socket

import httpx
import pytest

from nexapp.gateways.email import EmailAmbiguous, EmailBusy, EmailRefused, OutboundEmail
from nexapp.gateways.email.smtp import MailServer, SmtpGateway
from nexapp.local.stack import Stack

SENDER = "Nex Äpp <hello@nexapp.example>"


@pytest.fixture
def mailbox(services: Stack) -> SmtpGateway:
    httpx.delete(f"{services.phone_url}/dev/mail/messages")
    return SmtpGateway(MailServer.of(services.environment["MAIL_URL"]), SENDER, seconds=3)


def letter(to: str, **changes: str) -> OutboundEmail:
    return OutboundEmail(
        **{"message_id": "m1", "to": to, "subject": "Héllo", "text": "Line 1\n\nhttp://x.example"} | changes
    )


def letters(services: Stack, to: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = httpx.get(f"{services.phone_url}/dev/mail/messages.json", params={"to": to}).json()
    return found


def test_a_letter_arrives_as_written(services: Stack, mailbox: SmtpGateway) -> None:
    mailbox.send(letter("ana@example.com", html="<p>Hi &amp; bye</p>"))
    [found] = letters(services, "ana@example.com")
    assert found["subject"] == "Héllo"
    assert found["text"].strip() == "Line 1\n\nhttp://x.example"
    assert found["html"].strip() == "<p>Hi &amp; bye</p>"
    assert (found["message_id"], found["sender"]) == ("<m1@nexapp.example>", "hello@nexapp.example")
    page = httpx.get(f"{services.phone_url}/dev/mail").text
    assert '<a href="http://x.example"' in page


def test_a_subject_carries_no_headers(services: Stack, mailbox: SmtpGateway) -> None:
    mailbox.send(letter("ana@example.com", subject="Join\r\nBcc: eve@example.com"))
    assert letters(services, "ana@example.com")[0]["subject"] == "Join Bcc: eve@example.com"
    assert letters(services, "eve@example.com") == []


def test_headers_arrive_whole_and_carry_no_others(services: Stack, mailbox: SmtpGateway) -> None:
    address = f"<http://127.0.0.1:5000/u/{'x' * 120}.hot_lead>"
    mailbox.send(OutboundEmail("m1", "ana@example.com", "Hi", "Hi", headers={"List-Unsubscribe": address}))
    assert f"List-Unsubscribe: {address}" in letters(services, "ana@example.com")[0]["headers"].splitlines()
    with pytest.raises(EmailRefused):
        mailbox.send(
            OutboundEmail(
                "m2", "ana@example.com", "Hi", "Hi", headers={"List-Unsubscribe": "<x>\r\nBcc: eve@x.example"}
            )
        )
    assert len(letters(services, "ana@example.com")) == 1


def test_the_mailbox_shows_html_in_a_frame_that_runs_nothing(services: Stack, mailbox: SmtpGateway) -> None:
    mailbox.send(letter("ana@example.com", html="<html><head></head><body><script>x()</script>Hi</body></html>"))
    page = httpx.get(f"{services.phone_url}/dev/mail").text
    assert "<script>x()" not in page
    shown = httpx.get(f"{services.phone_url}/dev/mail/letter", params={"id": "<m1@nexapp.example>"})
    assert "Hi" in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert httpx.get(f"{services.phone_url}/dev/mail/letter", params={"id": "<none>"}).status_code == 404


@pytest.mark.parametrize(
    ("line", "arrives"), [(".", "."), ("..", ".."), (".x", ".x"), ("From me", "From me"), ("x" * 2000, "x" * 2000)]
)
def test_every_line_arrives_as_it_is(services: Stack, mailbox: SmtpGateway, line: str, arrives: str) -> None:
    mailbox.send(letter("ana@example.com", text=f"a\n{line}\nb"))
    assert letters(services, "ana@example.com")[0]["text"].strip() == f"a\n{arrives}\nb"


@pytest.mark.parametrize(
    ("to", "failure", "arrives"),
    [("refused@x.example", EmailRefused, 0), ("busy@x.example", EmailBusy, 0), ("silent@x.example", EmailAmbiguous, 1)],
)
def test_each_failure_is_known_for_what_it_is(
    services: Stack, mailbox: SmtpGateway, to: str, failure: type[Exception], arrives: int
) -> None:
    with pytest.raises(failure):
        mailbox.send(letter(to))
    assert len(letters(services, to)) == arrives


def test_no_server_is_certainly_not_taken() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(EmailBusy):
        SmtpGateway(MailServer.of(f"smtp://127.0.0.1:{port}"), SENDER, seconds=1).send(letter("a@x.example"))


def test_a_server_that_says_nothing_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = MailServer.of(f"smtp://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(EmailBusy):
            SmtpGateway(server, SENDER, seconds=0.3).send(letter("a@x.example"))


def test_a_password_is_not_sent_in_the_clear(services: Stack) -> None:
    """The local mailbox offers no encryption, so a password stays at home."""
    url = services.environment["MAIL_URL"].replace("smtp://", "smtp://ana:secret@")
    with pytest.raises(EmailBusy):
        SmtpGateway(MailServer.of(url), SENDER, seconds=1).send(letter("a@x.example"))


@pytest.mark.parametrize(
    ("url", "server"),
    [("smtp://mail.example.com", MailServer("mail.example.com", 587, False)),
     ("smtps://u%40x:p%2Fw@mail.example.com:4650", MailServer("mail.example.com", 4650, True, "u@x", "p/w"))],
)  # fmt: skip
def test_addresses_of_servers(url: str, server: MailServer) -> None:
    assert MailServer.of(url) == server
    assert "p/w" not in repr(server)


@pytest.mark.parametrize("url", ["", "http://mail.example.com", "smtp://", "mail.example.com:25"])
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        MailServer.of(url)
