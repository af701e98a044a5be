"""Reading a provider's refusal: which of the four errors it is.

The question is always the same: could the text have been accepted? A well-formed refusal settles it. A 5xx
does not, because a gateway in front of the provider may have given up on a request that then went through;
so a 503 counts as "not accepted" only when the provider itself says so in its own JSON.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from nexapp.gateways.sms.codes import ProviderCode, find_code
from nexapp.gateways.sms.errors import SmsAmbiguous, SmsBusy, SmsError, SmsRefused, SmsUnauthorised

# Statuses of a request that was turned away before anybody looked at it.
_TURNED_AWAY = frozenset({408, 425, 429})
_CREDENTIALS = frozenset({401, 403, 404, 407})
_LONGEST_WAIT = 3600.0


def refusal(status: int, body: str, headers: Mapping[str, str]) -> SmsError:
    """The error for an answer to a create request that is not a success; headers in lower case."""
    code, message = _provider_code(body)
    if status >= 500 or status < 400:
        return _server_fault(status, code, message, headers)
    if status in _TURNED_AWAY:
        return SmsBusy(retry_after(headers), f"{status} {message}".strip(), code)
    return _client_fault(status, code, message, headers)


def _server_fault(status: int, code: int | None, message: str, headers: Mapping[str, str]) -> SmsError:
    if status == 503 and code is not None:
        return SmsBusy(retry_after(headers), f"{code} {message}".strip(), code)
    return SmsAmbiguous(f"The provider answered {status} {message}".strip())


def _client_fault(status: int, code: int | None, message: str, headers: Mapping[str, str]) -> SmsError:
    known = find_code(code)
    if known is not None and code is not None:
        return _known_fault(known, code, status, headers)
    if status in _CREDENTIALS:
        return SmsUnauthorised(message or f"The provider answered {status}.", code, status)
    return SmsRefused(code or status, message or f"The provider answered {status}.", status)


def _known_fault(known: ProviderCode, code: int, status: int, headers: Mapping[str, str]) -> SmsError:
    sentence = str(known.sentence)
    if known.pauses:
        return SmsUnauthorised(sentence, code, status)
    if known.permanent:
        return SmsRefused(code, sentence, status, opts_out=known.opts_out)
    return SmsBusy(retry_after(headers), f"{code} {sentence}", code)


def _provider_code(body: str) -> tuple[int | None, str]:
    try:
        payload = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(payload, dict):
        return None, ""
    code = payload.get("code")
    message = payload.get("message") or payload.get("detail") or payload.get("title") or ""
    return (code if isinstance(code, int) else None), str(message)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header, which is a number or a date."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return min(_LONGEST_WAIT, max(0.0, float(value)))
    except ValueError:
        return _seconds_until(value)


def _seconds_until(value: str) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(_LONGEST_WAIT, max(0.0, (moment - datetime.now(UTC)).total_seconds()))
