"""What must never reach a log or an error row in full: phone numbers, codes, link tokens, secrets."""

from __future__ import annotations

import re
from typing import Any

_PHONE = re.compile(r"\+?\d[\d\-. ()]{6,18}\d")
_LINK = re.compile(r"(/[cw]/)[A-Za-z0-9_-]{12,}")
_SECRET_NAME = re.compile(r"(password|secret|token|authorization|cookie|api_key|\bcode\b|body)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w+://[^:/\s@]+:)[^@\s]+@")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SIX_DIGITS = re.compile(r"(?<!\d)\d{6}(?!\d)")


def mask_text(text: str) -> str:
    """Hide what is personal or secret in free text; ids of rows stay readable."""
    text = _URL_PASSWORD.sub(r"\1***@", _LINK.sub(r"\1***", text))
    kept: list[str] = []
    pieces = _UUID.split(text)
    ids = [*_UUID.findall(text), ""]
    for piece, row_id in zip(pieces, ids, strict=True):
        kept += [_SIX_DIGITS.sub("******", _PHONE.sub(_mask_phone, piece)), row_id]
    return "".join(kept)


def mask_values(values: Any) -> Any:
    if isinstance(values, dict):
        return {k: "***" if _SECRET_NAME.search(str(k)) else mask_values(v) for k, v in values.items()}
    if isinstance(values, (list, tuple)):
        return [mask_values(v) for v in values]
    return mask_text(values) if isinstance(values, str) else values


def mask_phone(phone: str) -> str:
    return f"{phone[:2]}•••{phone[-4:]}" if len(phone) > 6 else "•••"


def _mask_phone(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return f"•••{digits[-4:]}" if len(digits) >= 7 else match.group()
