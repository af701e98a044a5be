"""How a carrier counts a text: its alphabet, its length and the segments it is billed as.

GSM 03.38: one septet for each character of the basic alphabet, two for its extension; 160 in one text, 153 in
each part of several. Any other character turns the whole text to UCS-2: 70 and 67 UTF-16 units. The same as
Twilio's segment calculator, which `tests/messaging/segments.json` was made with.
"""

from __future__ import annotations

from dataclasses import dataclass

from nexapp.messaging.clusters import cluster_sizes

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüàÆæßÉ"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Measure:
    """`length` is in septets (GSM-7) or UTF-16 units (UCS-2), which is what the limits count."""

    encoding: str
    length: int
    segments: int


def measure(body: str) -> Measure:
    sizes = _septets(body)
    if sizes is not None:
        return Measure("GSM-7", sum(sizes), _parts(sizes, 160, 153))
    sizes = cluster_sizes(body)
    return Measure("UCS-2", sum(sizes), _parts(sizes, 70, 67))


def outside_gsm(body: str) -> tuple[str, ...]:
    """The characters that turn a text to UCS-2, each once, in order."""
    return tuple(dict.fromkeys(c for c in body if c not in _BASIC and c not in _EXTENSION))


def _septets(body: str) -> list[int] | None:
    sizes = []
    for character in body:
        if character in _BASIC:
            sizes.append(1)
        elif character in _EXTENSION:
            sizes.append(2)
        else:
            return None
    return sizes


def _parts(sizes: list[int], single: int, several: int) -> int:
    """An escaped character or an emoji is never torn apart: it moves to the next part whole."""
    if sum(sizes) <= single:
        return 1
    parts, room = 1, several
    for size in sizes:
        if size > room:
            parts, room = parts + 1, several
        room -= size
    return parts
