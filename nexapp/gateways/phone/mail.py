"""The local mailbox: a real mail server on loopback that keeps what it gets, and the page that shows it.

Some local parts fail on purpose: `refused@…` is refused for good, `busy@…` for now, `silent@…` is taken and never
answered.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from nexapp.gateways.phone.page import POLICY, as_page, load_templates
from nexapp.gateways.phone.server import Request, Response, as_json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
  id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  subject TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, date_sent TEXT NOT NULL,
  headers TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS letters_recipient ON letters (recipient, id);
"""
_ADD_HEADERS = "ALTER TABLE letters ADD COLUMN headers TEXT NOT NULL DEFAULT ''"
_PAGE_POLICY = POLICY.replace("default-src 'none';", "default-src 'none'; frame-src 'self';")
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A letter is foreign to the page that shows it: it runs nothing and fetches nothing."""

_SHOWN = 50
_MOST_LISTED = 1_000
_LARGEST = 2 * 1024 * 1024
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+")


@dataclass(frozen=True, slots=True)
class Letter:
    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    date_sent: str
    headers: str = ""
    """As they came, one a line."""


class Mailbox:
    """Keeps letters in SQLite, used by the event loop alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "mail.sqlite3", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)
        if "headers" not in {row[1] for row in self._db.execute("PRAGMA table_info (letters)")}:
            self._db.execute(_ADD_HEADERS)
        self._templates = load_templates()

    def close(self) -> None:
        self._db.close()

    # What the mail server calls, by the names that aiosmtpd looks for.

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        local = address.partition("@")[0].lower()
        if not _ADDRESS.fullmatch(address) or local == "refused":
            return "550 There is no such mailbox"
        if local == "busy":
            return "451 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        for recipient in envelope.rcpt_tos:
            self._keep(_letter(parsed, envelope.mail_from or "", recipient))
            if recipient.lower().startswith("silent@"):
                server.transport.abort()
        return "250 OK"

    # What the page and its JSON show.

    def show(self, request: Request) -> Response:
        search = request.query.get("to", "").strip()[:80]
        page = self._templates.get_template("mail.html").render(letters=self._list(search, _SHOWN), search=search)
        return as_page(page, _PAGE_POLICY)

    def show_letter(self, request: Request) -> Response:
        """One letter's HTML by its Message-ID, as a mail program would show it."""
        rows = self._db.execute("SELECT html FROM letters WHERE message_id = ?", (request.query.get("id", ""),))
        found = rows.fetchone()
        if found is None or not found[0]:
            return Response(404, b"There is no such letter.", "text/plain")
        return as_page(found[0].replace("<head>", '<head><base target="_blank">', 1), _LETTER_POLICY)

    def list_messages(self, request: Request) -> Response:
        """Newest first."""
        return as_json([asdict(letter) for letter in self._list(request.query.get("to", ""), _MOST_LISTED)])

    def forget(self, _request: Request) -> Response:
        self._db.execute("DELETE FROM letters")
        return Response(204)

    def _keep(self, letter: Letter) -> None:
        names = ", ".join(Letter.__slots__)
        places = ", ".join("?" * len(Letter.__slots__))
        values = tuple(getattr(letter, name) for name in Letter.__slots__)
        self._db.execute(f"INSERT INTO letters ({names}) VALUES ({places})", values)  # noqa: S608

    def _list(self, to: str, limit: int) -> list[Letter]:
        sql = (
            f"SELECT {', '.join(Letter.__slots__)} FROM letters"  # noqa: S608 - names of our own columns
            " WHERE ? = '' OR recipient = ? COLLATE NOCASE ORDER BY id DESC LIMIT ?"
        )
        return [Letter(*row) for row in self._db.execute(sql, (to, to, limit))]


async def listen(mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    """Start the mail server. Its package comes with the embedded servers, not with the product."""
    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(mailbox, hostname="localhost", data_size_limit=_LARGEST, enable_SMTPUTF8=True),
        host, port, reuse_address=True,
    )  # fmt: skip


def _letter(parsed: EmailMessage, sender: str, recipient: str) -> Letter:
    return Letter(
        str(parsed.get("Message-ID", "")), sender, recipient, str(parsed.get("Subject", "")), _part(parsed, "plain"),
        _part(parsed, "html"), datetime.now(UTC).isoformat(timespec="milliseconds"),
        "\n".join(f"{name}: {value}" for name, value in parsed.items()),
    )  # fmt: skip


def _part(parsed: EmailMessage, kind: str) -> str:
    body = parsed.get_body((kind,))
    return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
