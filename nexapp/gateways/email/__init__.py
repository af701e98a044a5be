"""E-mail to the outside: what a gateway does, and how it can fail. `smtp` is the only one; tests and the demo run it
against the local mailbox, a mail server inside the local phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboundEmail:
    """`message_id` is ours and stands in the letter's Message-ID, so that a second copy can be known."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def at_once() -> bool:
    return True


class EmailGateway(Protocol):
    def send(self, email: OutboundEmail, begin: Callable[[], bool] = at_once) -> None:
        """Returns once the mail server has taken the letter over.

        `begin` is asked right before the last line, which can't be taken back; after a no it isn't sent.
        """


class EmailRefused(Exception):
    """The server will not take it, now or later."""


class EmailBusy(Exception):
    """Certainly not taken: the server asks for another try."""


class EmailAway(EmailBusy):
    """Certainly not taken, and no other would be: the server can't be reached, hangs, or doesn't let us in."""


class EmailNotBegun(EmailBusy):
    """Certainly not taken: `begin` said no."""


class EmailAmbiguous(Exception):
    """The letter was handed over, and no answer came: it may be on its way."""

    def __init__(self, sentence: str, *, hangs: bool = False) -> None:
        super().__init__(sentence)
        self.hangs = hangs
