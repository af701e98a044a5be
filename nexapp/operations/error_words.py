"""What each kind of error means to the person who mends it: data only."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class Kind:
    title: str
    seen: str
    """What the person in front of it was told."""
    mend: str


KINDS: dict[str, Kind] = {
    "sms_failed": Kind(
        _("Text not delivered"),
        _("The business sees the text as failed, with the reason, on its slot's page. The client got nothing."),
        _("Check the number and the provider's code below. If many fail, look at the provider's account."),
    ),
    "job_error": Kind(
        _("Job failed"),
        _("Nobody saw a message: this ran in the background and gave up after its last try."),
        _("Mend the cause, then run the job again."),
    ),
    "request_error": Kind(
        _("Page failed"),
        _("Something failed on our side. Nothing was changed."),
        _("Mend the cause. The person can send the same page again: nothing was saved."),
    ),
    "db_error": Kind(
        _("Database refused"),
        _("Something failed on our side. Nothing was changed."),
        _("Read the statement's error below. The person can try again: nothing was saved."),
    ),
    "notice_error": Kind(
        _("Notice not made"),
        _("Nobody saw a message: what the notice was about went on, and somebody was not told of it."),
        _("Mend the cause: a type that nobody registered, something that is gone, or a statement that failed."),
    ),
    "webhook_error": Kind(
        _("Provider's message not handled"),
        _("Nobody saw a message. What the provider reported is stored and not yet counted."),
        _("Mend the cause, then run the job again: the stored message is handled once."),
    ),
    "socket_error": Kind(
        _("Live update failed"),
        _("The page went on without live updates and fetches every 30 seconds."),
        _("Mend the cause. Pages catch up by themselves."),
    ),
}

SEVERITIES: dict[str, str] = {
    "critical": _("Critical"),
    "high": _("High"),
    "medium": _("Medium"),
    "low": _("Low"),
}

STATES: dict[str, str] = {
    "open": _("Open"),
    "resolved": _("Resolved"),
    "all": _("All"),
}
