"""Letters over SMTP. `MAIL_URL` is `smtp://user:password@host:587` (encrypted where the server offers it, and always
where there is a password) or `smtps://host:465`.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from nexapp.gateways.email import (
    EmailAmbiguous,
    EmailAway,
    EmailBusy,
    EmailNotBegun,
    EmailRefused,
    OutboundEmail,
    at_once,
)

SECONDS = 10.0
NOT_AVAILABLE = 421
PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where to, and as whom. Raises `ValueError` with a sentence for an address that can't be used."""

    host: str
    port: int
    encrypted: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> MailServer:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("looks like smtp://user:password@host:587 or smtps://host:465")
        port = parts.port or PORTS[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, parts.scheme == "smtps", user, password)


class _WholeAddresses(EmailPolicy):
    """Addresses in headers stay in one piece: encoded and cut, as long ones otherwise are, no program reads them."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.startswith("List-") else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name.startswith("List-") else super().fold_binary(name, value)


_POLICY = _WholeAddresses(linesep="\r\n")


class SmtpGateway:
    def __init__(self, server: MailServer, sender: str, seconds: float = SECONDS) -> None:
        self._server = server
        self._name, self._address = parseaddr(sender)
        self._seconds = seconds

    def send(self, email: OutboundEmail, begin: Callable[[], bool] = at_once) -> None:
        """One connection for each letter. Raises `EmailRefused`, `EmailBusy` or `EmailAmbiguous`."""
        letter = self._written(email)
        try:
            connection = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise EmailAway(f"The mail server refused our name and password ({error.smtp_code}).") from None
        except (OSError, smtplib.SMTPException) as error:
            raise EmailAway(f"The mail server could not be reached: {type(error).__name__}.") from None
        try:
            self._envelope(connection, email.to)
            self._hand_over(connection, letter, begin)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()

    def _connect(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.encrypted:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._seconds, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._seconds)
        try:
            self._greet(connection, context)
        except BaseException:
            connection.close()
            raise
        return connection

    def _greet(self, connection: smtplib.SMTP, context: ssl.SSLContext) -> None:
        connection.ehlo()
        if not self._server.encrypted and (self._server.user or connection.has_extn("starttls")):
            connection.starttls(context=context)
            connection.ehlo()
        if self._server.user:
            connection.login(self._server.user, self._server.password)

    def _envelope(self, connection: smtplib.SMTP, to: str) -> None:
        try:
            steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
                lambda: connection.mail(self._address),
                lambda: connection.rcpt(to),
                lambda: connection.docmd("data"),
            )
            for step in steps:
                code, answer = step()
                if code not in {250, 251, 354}:
                    raise _refusal(code, answer)
        except (OSError, smtplib.SMTPException) as error:
            raise EmailAway(f"The mail server hung up: {type(error).__name__}.") from None

    def _hand_over(self, connection: smtplib.SMTP, letter: bytes, begin: Callable[[], bool]) -> None:
        """Without its last line a letter isn't one: until then nothing has happened."""
        try:
            connection.send(_dotted(letter))
        except (OSError, smtplib.SMTPException) as error:
            raise EmailAway(f"The mail server hung up: {type(error).__name__}.") from None
        if not begin():
            connection.close()
            raise EmailNotBegun("The letter was taken back.")
        try:
            connection.send(b".\r\n")
            code, answer = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            hangs = "timed out" in str(error)
            sentence = f"No answer after the letter was handed over: {type(error).__name__}."
            raise EmailAmbiguous(sentence, hangs=hangs) from None
        if code != 250:
            raise _refusal(code, answer)

    def _written(self, email: OutboundEmail) -> bytes:
        try:
            return self._letter(email)
        except (ValueError, TypeError, LookupError) as error:
            # Not a word of the network: it could not be written, and won't be the next time.
            raise EmailRefused(f"The letter could not be written: {type(error).__name__}: {error}") from None

    def _letter(self, email: OutboundEmail) -> bytes:
        letter = EmailMessage(policy=_POLICY)
        local, _at, domain = self._address.rpartition("@")
        letter["From"] = Address(self._name, local, domain)
        letter["To"] = email.to
        letter["Subject"] = " ".join(email.subject.split())
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{email.message_id}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        for name, value in email.headers.items():
            letter[name] = value
        letter.set_content(email.text)
        if email.html:
            letter.add_alternative(email.html, subtype="html")
        return letter.as_bytes()


def _refusal(code: int, answer: bytes | str) -> EmailRefused | EmailBusy:
    told = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    sentence = f"The mail server said {code}: {told[:200]}"
    if code == NOT_AVAILABLE:
        return EmailAway(sentence)
    return EmailRefused(sentence) if code >= 500 else EmailBusy(sentence)


def _dotted(letter: bytes) -> bytes:
    """As it goes over the line, without the dot that ends it."""
    whole = letter if letter.endswith(b"\r\n") else letter + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", whole)
