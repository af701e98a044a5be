"""A business's name in its public address."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator

LONGEST = 60
LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i", "&": " and ", "'": ""}
)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
TRIES = 50


def slug_of(name: str) -> str:
    """`Café & Co.` → `cafe-and-co`; a name without Latin letters or digits gets `business-` and a few signs."""
    latin = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:LONGEST].strip("-")
    return slug or f"business-{_signs()}"


def slug_candidates(name: str) -> Iterator[str]:
    """The plain slug, then numbered ones, at last one that nobody has."""
    slug = slug_of(name)
    yield slug
    for number in range(2, TRIES):
        yield f"{slug}-{number}"
    while True:
        yield f"{slug}-{_signs()}"


def _signs() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(6))
