"""What a thread does with one message: send it, or look up what became of it. No database, no app context."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

import structlog

from nexapp.gateways.sms import OutboundSms, SmsBusy, SmsError, SmsGateway
from nexapp.messaging.gateway import callback_prefix, sms_gateway
from nexapp.messaging.lanes import CODES
from nexapp.messaging.leases import Errand
from nexapp.messaging.verdicts import (
    Verdict,
    accepted,
    ambiguous,
    cannot_tell,
    failed_attempt,
    is_over,
    not_begun,
    not_listed,
)
from nexapp.spine.clock import now
from nexapp.spine.config import settings

log = structlog.get_logger()


@dataclass(slots=True)
class Courier:
    gateway: SmsGateway
    callback_prefix: str
    codes_from: str
    settle_seconds: float
    stopping: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of_app(cls) -> Courier:
        chosen = settings()
        return cls(sms_gateway(), callback_prefix(), chosen.twilio_codes_from, chosen.sms_settle_seconds)

    def send(self, errand: Errand) -> Verdict:
        """One attempt, at its turn. Never raises."""
        if not self._await_turn(errand) or is_over(errand):
            return not_begun(errand)
        try:
            return accepted(errand, self.gateway.send(self._outbound(errand)))
        except SmsError as error:
            return failed_attempt(errand, error)
        except Exception as error:
            # Whatever it was, it may have come after the request left.
            log.exception("send_failed", message_id=str(errand.id))
            return ambiguous(errand, f"{type(error).__name__}: {error}")

    def look(self, errand: Errand) -> Verdict:
        """Whether the provider has a text of unknown fate. Never raises."""
        try:
            found = self.gateway.find(errand.to_phone, errand.body, errand.since)
        except SmsError as error:
            return cannot_tell(errand, error, self.settle_seconds)
        except Exception as error:
            log.exception("look_up_failed", message_id=str(errand.id))
            return cannot_tell(errand, SmsBusy(None, f"{type(error).__name__}: {error}"), self.settle_seconds)
        if found is not None:
            return accepted(errand, found, "found")
        return not_listed(errand, self.settle_seconds)

    def _await_turn(self, errand: Errand) -> bool:
        """False where the worker is told to stop first, or stood still so long that the message isn't its own."""
        while (left := errand.start_at - time.monotonic()) > 0:
            if self.stopping.wait(left):
                return False
        return not self.stopping.is_set() and time.monotonic() < errand.lease_end

    def _outbound(self, errand: Errand) -> OutboundSms:
        return OutboundSms(
            to=errand.to_phone,
            body=errand.body,
            sender=self.codes_from if errand.lane == CODES else "",
            status_callback=f"{self.callback_prefix}{errand.id}" if self.callback_prefix else "",
            validity_seconds=_seconds_left(errand),
        )


def _seconds_left(errand: Errand) -> int | None:
    if errand.expires_at is None:
        return None
    return max(1, math.floor((errand.expires_at - now()).total_seconds()))
