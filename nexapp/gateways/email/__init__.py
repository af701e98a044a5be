"""E-mail to the outside: what a gateway does, and how it can fail. `smtp` is the only one; tests and the demo run it
against the local mailbox, a mail server inside the local phone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboundEmail:
    """`message_id` is ours and stands in the letter's Message-ID, so that a second copy can be known."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str | None = None


class EmailGateway(Protocol):
    def send(self, email: OutboundEmail) -> None:
        """Returns once the mail server has taken the letter over."""


class EmailRefused(Exception):
    """The server will not take it, now or later."""


class EmailBusy(Exception):
    """Certainly not taken: no connection, or the server asks for another try."""


class EmailAmbiguous(Exception):
    """The letter was handed over, and no answer came: it may be on its way."""
