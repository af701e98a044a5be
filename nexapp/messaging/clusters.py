"""Where one character ends for the person who reads it: an emoji of several code points is one.

The rules are those of Unicode 10, which Twilio's segment calculator follows: what belongs together stays in one
part of a long text. Later Unicode joins more; a carrier that splits by the older rules would bill by them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_LEADING, _VOWELS, _TRAILING, _SYLLABLES = (
    range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200), range(0xAC00, 0xD7A4),
)  # fmt: skip


def _points(written: str) -> frozenset[int]:
    found: set[int] = set()
    for span in written.split():
        first, _between, last = span.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


_TAKE_A_SKIN = _points(
    "261d 26f9 270a-270d 1f385 1f3c2-1f3c4 1f3c7 1f3ca-1f3cc 1f442-1f443 1f446-1f450 1f466-1f469 1f46e 1f470-1f478"
    " 1f47c 1f481-1f483 1f485-1f487 1f4aa 1f574-1f575 1f57a 1f590 1f595-1f596 1f645-1f647 1f64b-1f64f 1f6a3"
    " 1f6b4-1f6b6 1f6c0 1f6cc 1f918-1f91c 1f91e-1f91f 1f926 1f930-1f939 1f93d-1f93e 1f9d1-1f9dd"
)
_FOLLOW_A_JOINER = _points(
    "2640 2642 2695-2696 2708 2764 1f308 1f33e 1f373 1f393 1f3a4 1f3a8 1f3eb 1f3ed 1f466-1f469 1f48b 1f4bb-1f4bc 1f527"
    " 1f52c 1f5e8 1f680 1f692"
)


def cluster_sizes(body: str) -> list[int]:
    """The UTF-16 units of each character as a person sees them."""
    return [sum(2 if ord(c) > 0xFFFF else 1 for c in cluster) for cluster in clusters(body)]


def clusters(body: str) -> Iterator[str]:
    cluster = ""
    for character in body:
        if cluster and _belongs(cluster, character):
            cluster += character
            continue
        if cluster:
            yield cluster
        cluster = character
    if cluster:
        yield cluster


def _belongs(cluster: str, character: str) -> bool:
    if unicodedata.category(cluster[0]) in ("Cc", "Zl", "Zp"):
        return False
    last, point = cluster[-1], ord(character)
    if _extends(character):
        return True
    if point in _MODIFIERS:
        return ord(_last_base(cluster)) in _TAKE_A_SKIN
    if last == _JOINER:
        return point in _FOLLOW_A_JOINER
    if point in _FLAG_LETTERS:
        return ord(last) in _FLAG_LETTERS and len(cluster) == 1
    return _is_syllable(ord(last), point)


def _extends(character: str) -> bool:
    named = character in ("\u200c", _JOINER, "\u0e33", "\u0eb3", "\uff9e", "\uff9f")
    return named or ord(character) in _TAGS or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _last_base(cluster: str) -> str:
    return next((c for c in reversed(cluster) if not _extends(c)), cluster[0])


def _is_syllable(last: int, point: int) -> bool:
    """Korean letters that are written as one block."""
    ends_in_vowel = last in _VOWELS or (last in _SYLLABLES and (last - _SYLLABLES.start) % 28 == 0)
    if point in _TRAILING:
        return ends_in_vowel or last in _TRAILING or last in _SYLLABLES
    if point in _VOWELS:
        return last in _LEADING or ends_in_vowel
    return last in _LEADING and (point in _LEADING or point in _SYLLABLES)
