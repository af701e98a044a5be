"""What can be read of a text that somebody typed, pasted or sent in a file."""

from __future__ import annotations

import unicodedata
from typing import Any

_UNSEEN = {"Cc", "Cs", "Co", "Cn"}
"""Control characters, halves of pairs, and what means nothing outside one program: our own marks in texts, too."""

_OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of the text around them, on other people's pages and in texts."""


def readable(value: Any) -> Any:
    """A filter: what can be read, with its line breaks."""
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in value if c == "\n" or _is_readable(c)).strip()


def one_line(value: Any) -> Any:
    """A filter: what can be read, on one line with single spaces."""
    if not isinstance(value, str):
        return value
    return " ".join(readable("".join(" " if c.isspace() else c for c in value)).split())


def _is_readable(character: str) -> bool:
    return character not in _OVERRIDES and unicodedata.category(character) not in _UNSEEN
