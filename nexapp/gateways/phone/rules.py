"""What the local phone refuses, with Twilio's own codes, and the numbers that fail on purpose.

To `+15005550001` → 21211 · `…0002` → 21612 · `…0003` → 21408 · `…0004` → 21610 · `…0009` → 21614 (as
Twilio's own test numbers). From `+15005550001` → 21212 · `…0007` → 21606 · `…0008` → 21611.
Accepted, then failing at the carrier: to `+15005550010` → undelivered 30003 · `…0011` → undelivered 30005 ·
`…0012` → failed 30007. Every other number in E.164 is accepted and delivered.
"""

import re
from dataclasses import dataclass

LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}", re.IGNORECASE)
_SHORT_CODE = re.compile(r"\d{3,8}")

_TO = "+1500555"
REFUSED_TO = {
    f"{_TO}0001": 21211,
    f"{_TO}0002": 21612,
    f"{_TO}0003": 21408,
    f"{_TO}0004": 21610,
    f"{_TO}0009": 21614,
}
REFUSED_FROM = {f"{_TO}0001": 21212, f"{_TO}0007": 21606, f"{_TO}0008": 21611}
FAILING_AFTER = {
    f"{_TO}0010": ("undelivered", 30003),
    f"{_TO}0011": ("undelivered", 30005),
    f"{_TO}0012": ("failed", 30007),
}

MESSAGES = {
    20001: "Invalid parameter.",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20503: "Service unavailable",
    21211: "The 'To' number is not a valid phone number.",
    21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21266: "'To' and 'From' number cannot be the same.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number is not a valid, SMS-capable number for this account.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages.",
    21612: "The 'To' phone number is not currently reachable via SMS.",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A create request; `sender` is empty when a messaging service is to choose it."""

    to: str
    body: str
    sender: str
    service_sid: str
    callback: str
    validity: str

    @classmethod
    def of(cls, form: dict[str, str]) -> "Asked":
        return cls(
            form.get("To", "").strip(),
            form.get("Body", ""),
            form.get("From", "").strip(),
            form.get("MessagingServiceSid", "").strip(),
            form.get("StatusCallback", "").strip(),
            form.get("ValidityPeriod", ""),
        )


def is_number(value: str) -> bool:
    return _E164.fullmatch(value) is not None


def find_refusal(asked: Asked) -> int | None:
    """The code that Twilio would refuse this request with."""
    return _wrong_to(asked) or _wrong_sender(asked) or _wrong_content(asked)


def _wrong_to(asked: Asked) -> int | None:
    if not asked.to:
        return 21604
    if not is_number(asked.to):
        return 21211
    return REFUSED_TO.get(asked.to)


def _wrong_sender(asked: Asked) -> int | None:
    if asked.service_sid:
        return None if _SERVICE.fullmatch(asked.service_sid) else 20001
    if not asked.sender:
        return 21603
    if asked.sender == asked.to:
        return 21266
    if not (is_number(asked.sender) or _SHORT_CODE.fullmatch(asked.sender)):
        return 21212
    return REFUSED_FROM.get(asked.sender)


def _wrong_content(asked: Asked) -> int | None:
    if not asked.body.strip():
        return 21602
    if len(asked.body) > LONGEST_BODY:
        return 21617
    if asked.callback and not asked.callback.startswith(("http://", "https://")):
        return 21609
    if asked.validity and not (asked.validity.isdigit() and 1 <= int(asked.validity) <= LONGEST_VALIDITY):
        return 20001
    return None
