"""What a push service's answer means, whichever service it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from nexapp.gateways.push import PushBusy, PushError, PushGone, PushRefused

LONGEST_WAIT = 24 * 3600.0
AWAY_SECONDS = 5.0
"""For so long a service that didn't answer is left alone, so that it doesn't hold up the others' pushes."""


def error_of(status: int, headers: Mapping[str, str], detail: str = "") -> PushError:
    said = f"The push service answered {status}{f': {detail[:200]}' if detail else '.'}"
    if status in (404, 410):
        return PushGone("The device takes no pushes any more.", status)
    if status == 429 or status >= 500:
        wait = retry_after(headers.get("retry-after", ""))
        return PushBusy(said, status, wait, rests=wait or 0.0)
    return PushRefused(said, status)


def no_answer(reason: object) -> PushBusy:
    return PushBusy(f"The push service did not answer: {reason}", rests=AWAY_SECONDS)


def retry_after(value: str) -> float | None:
    """Seconds, given as such or as a date; None for nothing and for nonsense."""
    value = value.strip()
    if value.isdigit():
        return min(float(value), LONGEST_WAIT)
    try:
        left = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(left, 0.0), LONGEST_WAIT)
