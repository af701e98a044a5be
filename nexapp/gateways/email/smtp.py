"""Letters over SMTP. `MAIL_URL` is `smtp://user:password@host:587` (encrypted where the server offers it, and always
where there is a password) or `smtps://host:465`.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from nexapp.gateways.email import EmailAmbiguous, EmailBusy, EmailRefused, OutboundEmail

SECONDS = 10.0
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


class SmtpGateway:
    def __init__(self, server: MailServer, sender: str, seconds: float = SECONDS) -> None:
        self._server = server
        self._name, self._address = parseaddr(sender)
        self._seconds = seconds

    def send(self, email: OutboundEmail) -> None:
        """One connection for each letter. Raises `EmailRefused`, `EmailBusy` or `EmailAmbiguous`."""
        letter = self._letter(email)
        try:
            connection = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise EmailBusy(f"The mail server refused our name and password ({error.smtp_code}).") from None
        except (OSError, smtplib.SMTPException) as error:
            raise EmailBusy(f"The mail server could not be reached: {type(error).__name__}.") from None
        try:
            self._hand_over(connection, email.to, letter)
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

    def _hand_over(self, connection: smtplib.SMTP, to: str, letter: bytes) -> None:
        self._envelope(connection, to)
        try:
            code, answer = connection.data(letter)
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from None
        except (OSError, smtplib.SMTPException) as error:
            raise EmailAmbiguous(f"No answer after the letter was handed over: {type(error).__name__}.") from None
        if code != 250:
            raise _refusal(code, answer)

    def _envelope(self, connection: smtplib.SMTP, to: str) -> None:
        try:
            for code, answer in (connection.mail(self._address), connection.rcpt(to)):
                if code not in {250, 251}:
                    raise _refusal(code, answer)
        except (OSError, smtplib.SMTPException) as error:
            raise EmailBusy(f"The mail server hung up: {type(error).__name__}.") from None

    def _letter(self, email: OutboundEmail) -> bytes:
        letter = EmailMessage(policy=SMTP)
        local, _at, domain = self._address.rpartition("@")
        letter["From"] = Address(self._name, local, domain)
        letter["To"] = email.to
        letter["Subject"] = " ".join(email.subject.split())
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{email.message_id}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(email.text)
        if email.html:
            letter.add_alternative(email.html, subtype="html")
        return letter.as_bytes()


def _refusal(code: int, answer: bytes | str) -> EmailRefused | EmailBusy:
    told = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    sentence = f"The mail server said {code}: {told[:200]}"
    return EmailRefused(sentence) if code >= 500 else EmailBusy(sentence)
