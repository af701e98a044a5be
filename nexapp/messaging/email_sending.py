"""Sending e-mails: a queue and a worker of their own, several letters under way at once.

A letter waits for hours while the mail server is away. One that was handed over without an answer is `unknown` and
never sent again; so is one whose worker died between its last line and the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import Row, text

from nexapp.gateways.email import (
    EmailAmbiguous,
    EmailAway,
    EmailBusy,
    EmailGateway,
    EmailNotBegun,
    EmailRefused,
    OutboundEmail,
)
from nexapp.gateways.email.smtp import NOT_AVAILABLE, MailServer, SmtpGateway
from nexapp.messaging.channel_drain import ChannelDrain
from nexapp.messaging.channel_queue import ChannelQueue, Outcome, Parcel, later, not_begun, refused, sent, unknown
from nexapp.messaging.email_contents import Content, Letter, Unwritable, Withheld, compose_all
from nexapp.spine import faults
from nexapp.spine.config import settings
from nexapp.spine.db import db

IN_FLIGHT = 8
REST_SECONDS = (1.0, 3.0, 9.0, 30.0, 60.0, 120.0, 300.0)
"""Between tries while the server is away; one letter tries for all."""

TELL_AFTER = 3
"""So many tries in vain, and the people who run the installation are told."""

# Who waited for the server goes on at once when it is back; what is held for a morning waits on.
_WAKE = text(
    """
    UPDATE messages SET send_at = now()
    WHERE status = 'queued' AND channel = 'email' AND error_code = :away AND send_at > now()
    """
)

_READDRESS = text(
    """
    UPDATE messages m SET to_email = a.address
    FROM unnest(CAST(:ids AS uuid[]), CAST(:addresses AS text[])) AS a (id, address) WHERE m.id = a.id
    """
)


@dataclass(frozen=True, slots=True)
class Load:
    gateway: EmailGateway | None
    content: Content


class EmailDrain(ChannelDrain[Load]):
    queue = ChannelQueue("email", marks=True)
    lease_seconds = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._trouble = _Trouble()

    @property
    def in_flight(self) -> int:  # type: ignore[override]
        """One, where the server was away: it finds out for all."""
        return 1 if self._trouble.tries else IN_FLIGHT

    def prepare(self, parcels: Sequence[Parcel]) -> Sequence[Load]:
        contents, gateway = compose_all(parcels), email_gateway()
        _readdress(parcels, contents)
        return [Load(gateway, contents.get(parcel.id) or Withheld("There is nothing to say.")) for parcel in parcels]

    def send(self, parcel: Parcel, load: Load) -> Outcome:
        if isinstance(load.content, Withheld):
            return Outcome(parcel.id, "cancelled", "cancelled", error=load.content.why, counted=False)
        if isinstance(load.content, Unwritable):
            return refused(parcel, load.content.why)
        if load.gateway is None:
            return refused(parcel, "No mail server is set (MAIL_URL).")
        return self._attempt(parcel, load.content, load.gateway)

    def settle(self, rows: Sequence[Row[Any]], outcomes: Sequence[Outcome]) -> None:
        if self._trouble.take_back_again():
            db.session.execute(_WAKE, {"away": NOT_AVAILABLE})
        if self._trouble.take_news():
            faults.capture("job_error", "The mail server is away; e-mails wait until it is back.", severity="high")

    def _attempt(self, parcel: Parcel, letter: Letter, gateway: EmailGateway) -> Outcome:
        email = OutboundEmail(
            str(parcel.id), parcel.to_email or "", letter.subject, letter.text, letter.html, letter.headers
        )
        try:
            gateway.send(email, parcel.begin)
        except EmailNotBegun:
            return not_begun(parcel)
        except EmailAway as error:
            return later(parcel, str(error), code=NOT_AVAILABLE, rests=self._trouble.note())
        except EmailBusy as error:
            return later(parcel, str(error))
        except EmailRefused as error:
            return refused(parcel, str(error))
        except EmailAmbiguous as error:
            outcome = unknown(parcel, str(error))
            outcome.rests = self._trouble.note() if error.hangs else 0.0
            return outcome
        self._trouble.end()
        return sent(parcel)


class _Trouble:
    """With the server as a whole. Asked by the threads, and by the main thread for what follows."""

    def __init__(self) -> None:
        self.tries = 0
        self._rests_until = 0.0
        self._is_back = self._is_news = False
        self._lock = threading.Lock()

    def note(self) -> float:
        """Seconds to leave the server alone. Letters that were under way together count as one try."""
        with self._lock:
            left = self._rests_until - time.monotonic()
            if left > 0:
                return left
            self.tries += 1
            self._is_news = self.tries == TELL_AFTER
            wait = REST_SECONDS[min(self.tries, len(REST_SECONDS)) - 1]
            self._rests_until = time.monotonic() + wait
            return wait

    def end(self) -> None:
        with self._lock:
            self._is_back = self._is_back or self.tries > 0
            self.tries, self._rests_until = 0, 0.0

    def take_back_again(self) -> bool:
        with self._lock:
            found, self._is_back = self._is_back, False
            return found

    def take_news(self) -> bool:
        with self._lock:
            found, self._is_news = self._is_news, False
            return found


def _readdress(parcels: Sequence[Parcel], contents: Mapping[UUID, Content]) -> None:
    """Where they go now, also in what is kept of them."""
    moved = {
        parcel.id: content.to
        for parcel in parcels
        if isinstance(content := contents.get(parcel.id), Letter) and content.to and content.to != parcel.to_email
    }
    if not moved:
        return
    db.session.execute(_READDRESS, {"ids": list(moved), "addresses": list(moved.values())})
    for parcel in parcels:
        parcel.to_email = moved.get(parcel.id, parcel.to_email)


def email_gateway() -> EmailGateway | None:
    """The mail server of this installation; None where none is set."""
    found: EmailGateway | None = current_app.extensions.get("email_gateway")
    if found is None and settings().sends_email:
        found = SmtpGateway(MailServer.of(settings().mail_url), settings().mail_from)
        current_app.extensions["email_gateway"] = found
    return found
