"""What an attempt or a look-up says of a message, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from nexapp.gateways.sms import SentSms, SmsAmbiguous, SmsBusy, SmsError, SmsRefused, SmsUnauthorised
from nexapp.gateways.sms.codes import find_code
from nexapp.messaging.leases import Errand
from nexapp.messaging.states import FAILURES, state_of
from nexapp.spine.clock import now

RETRY_SECONDS = (1.0, 3.0, 9.0)
"""One first try and three retries."""

FIRST_LOOK_SECONDS = 0.5
LONGEST_LOOK_SECONDS = 10.0
NEAR_SECONDS = 60.0
"""With less time left than this a text of unknown fate isn't sent again."""

HOPELESS_SECONDS = 3600.0
"""So long without any answer to the look-ups, and a person has to decide."""


@dataclass(slots=True)
class Verdict:
    """Where a message goes. `wait` is in seconds: until the next try (`queued`) or look (`sending`)."""

    id: UUID
    status: str
    event: str
    wait: float = 0.0
    sid: str | None = None
    code: int | None = None
    error: str | None = None
    counted: bool = True
    """False: the attempt never reached the provider's judgement and doesn't count as one."""
    uncertain: bool = False
    opts_out: bool = False
    pauses: bool = False
    alert: str = ""
    """Severity of the error to show, if any."""
    looked: bool = False
    """It comes from a look-up."""
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def details(self) -> dict[str, object]:
        found = {"sid": self.sid, "code": self.code, "why": self.error, **self.extra}
        return {name: value for name, value in found.items() if value is not None}


def accepted(errand: Errand, sent: SentSms, event: str = "sent") -> Verdict:
    """The provider has the text; it may know already that it failed."""
    status = state_of(sent.status)
    verdict = Verdict(errand.id, status, event, sid=sent.sid, code=sent.error_code)
    if status in FAILURES:
        known = find_code(sent.error_code)
        verdict.error = str(known.sentence) if known else "The provider could not deliver the text."
        verdict.opts_out = bool(known and known.opts_out)
        verdict.event, verdict.alert = status, "medium"
    return verdict


def failed_attempt(errand: Errand, error: SmsError) -> Verdict:
    if isinstance(error, SmsRefused):
        severity = "low" if error.opts_out else "medium"
        return Verdict(
            errand.id,
            "failed",
            "failed",
            code=error.code,
            error=error.sentence,
            opts_out=error.opts_out,
            alert=severity,
        )
    if isinstance(error, SmsUnauthorised):
        return Verdict(
            errand.id, "queued", "held_back", code=error.code, error=error.sentence, counted=False, pauses=True
        )
    if isinstance(error, SmsBusy):
        return _busy(errand, error)
    return ambiguous(errand, error.reason if isinstance(error, SmsAmbiguous) else str(error))


def ambiguous(errand: Errand, reason: str) -> Verdict:
    return Verdict(errand.id, "sending", "uncertain", wait=FIRST_LOOK_SECONDS, error=reason, uncertain=True)


def not_begun(errand: Errand) -> Verdict:
    """Nothing left this machine: back into the line, or out of it where its time is over."""
    if is_over(errand):
        return Verdict(errand.id, "expired", "expired", counted=False)
    return Verdict(errand.id, "queued", "", counted=False)


def not_listed(errand: Errand, settle_seconds: float) -> Verdict:
    """The provider's list doesn't show the text. It may lag: only a look after the settling time decides."""
    if errand.uncertain_for < settle_seconds:
        return look_again(errand, settle_seconds)
    if errand.attempts > len(RETRY_SECONDS) or _is_near(errand):
        return give_up(errand.id)
    return Verdict(errand.id, "queued", "resend", error="The provider doesn't have the text.")


def cannot_tell(errand: Errand, error: SmsError, settle_seconds: float) -> Verdict:
    """No answer is no evidence: never a reason to send again."""
    overdue = errand.uncertain_for >= settle_seconds and is_over(errand)
    if overdue or errand.uncertain_for > HOPELESS_SECONDS:
        return give_up(errand.id)
    verdict = look_again(errand, settle_seconds)
    verdict.pauses = isinstance(error, SmsUnauthorised)
    verdict.error = str(error)
    return verdict


def look_again(errand: Errand, settle_seconds: float) -> Verdict:
    wait = min(max(errand.uncertain_for / 2, FIRST_LOOK_SECONDS), LONGEST_LOOK_SECONDS)
    left = settle_seconds - errand.uncertain_for
    return Verdict(errand.id, "sending", "", wait=min(wait, left) if left > 0 else wait, uncertain=True)


def give_up(message_id: UUID, reason: str = "The person may or may not have this text.") -> Verdict:
    return Verdict(message_id, "unknown", "unknown", error=reason, alert="high")


def is_over(errand: Errand) -> bool:
    return errand.expires_at is not None and errand.expires_at <= now()


def _is_near(errand: Errand) -> bool:
    return errand.expires_at is not None and errand.expires_at <= now() + timedelta(seconds=NEAR_SECONDS)


def _busy(errand: Errand, error: SmsBusy) -> Verdict:
    if errand.attempts > len(RETRY_SECONDS):
        return Verdict(errand.id, "failed", "failed", code=error.code, error=error.reason or str(error), alert="medium")
    wait = max(RETRY_SECONDS[errand.attempts - 1], error.retry_after or 0.0)
    return Verdict(
        errand.id, "queued", "retry", wait=wait, code=error.code, error=error.reason or str(error),
        extra={"wait_seconds": wait, "attempt": errand.attempts},
    )  # fmt: skip
