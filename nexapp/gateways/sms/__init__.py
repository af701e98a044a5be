"""Sending texts through a provider, and finding out what became of one.

Owns the Protocol that messaging sends through, the table of provider codes and the Twilio client. Every
failure of `send` is one of four errors, classed by what is certain about the text: `SmsRefused`, `SmsBusy`,
`SmsAmbiguous` and `SmsUnauthorised`. Only after `SmsAmbiguous` may the person have the text.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nexapp.gateways.sms.errors import SmsAmbiguous, SmsBusy, SmsError, SmsRefused, SmsUnauthorised

__all__ = [
    "OutboundSms",
    "SentSms",
    "SmsAmbiguous",
    "SmsBusy",
    "SmsError",
    "SmsGateway",
    "SmsRefused",
    "SmsUnauthorised",
]


@dataclass(frozen=True, slots=True)
class OutboundSms:
    """One text. `sender` is a number in E.164, a messaging service (`MG…`), or empty: the gateway's own."""

    to: str
    body: str
    sender: str = ""
    status_callback: str = ""
    validity_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class SentSms:
    """What the provider says of a text: its id, its state in their words, its code when it failed."""

    sid: str
    status: str
    error_code: int | None = None


class SmsGateway(Protocol):
    def send(self, message: OutboundSms) -> SentSms:
        """Hand one text to the provider, once; never repeats by itself."""

    def find(self, to: str, body: str, since: datetime) -> SentSms | None:
        """The newest text to this number with this body that the provider made since then.

        None means "not listed", which is no proof that it was not accepted: a provider's list lags.
        """

    def fetch(self, sid: str) -> SentSms | None:
        """The provider's present state of a text; None when it knows no such id."""
