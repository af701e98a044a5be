"""What must never reach a log or an error row in full: phone numbers, codes, link tokens, secrets."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

_PHONE = re.compile(r"\+?\d[\d\-. ()]{6,18}\d")
_LINK = re.compile(r"(/(?:[ceilsuw]|hooks/in|calendars)/)[A-Za-z0-9_-]{12,}(?:\.[A-Za-z0-9_-]{6,})*")
_SECRET_NAME = re.compile(r"(password|secret|token|authorization|cookie|api_key|\bcode\b|body)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w+://[^:/\s@]*:)[^@\s]+@")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_ASSIGNED = re.compile(r"(\b\w*(?:password|secret|token|api_key)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',)}]+", re.IGNORECASE)
_KEPT = re.compile(
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?!\d))",
    re.IGNORECASE,
)
"""Ids of rows and instants: they look like numbers and help to find things."""
_SIX_DIGITS = re.compile(r"(?<!\d)\d{6}(?!\d)")


def mask_text(text: str) -> str:
    """Hide what is personal or secret in free text, and what no column can store; ids of rows stay readable."""
    text = text.encode(errors="replace").decode().replace("\x00", "�")
    text = _URL_PASSWORD.sub(r"\1***@", _LINK.sub(r"\1***", text))
    text = _ASSIGNED.sub(r"\1***", _BEARER.sub(r"\1 ***", text))
    # Split at a group: the odd pieces are what stays.
    pieces = _KEPT.split(text)
    return "".join(piece if position % 2 else _mask_digits(piece) for position, piece in enumerate(pieces))


def _mask_digits(text: str) -> str:
    return _SIX_DIGITS.sub("******", _PHONE.sub(_mask_phone, text))


def mask_values(values: Any) -> Any:
    """The same for a tree of values, which can be stored as JSON afterwards."""
    if isinstance(values, dict):
        return {mask_text(str(k)): "***" if _SECRET_NAME.search(str(k)) else mask_values(v) for k, v in values.items()}
    if isinstance(values, (list, tuple)):
        return [mask_values(v) for v in values]
    if values is None or isinstance(values, (bool, int)) or (isinstance(values, float) and isfinite(values)):
        return values
    return mask_text(str(values))


def _mask_phone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return f"•••{digits[-4:]}" if len(digits) >= 7 else match.group()
