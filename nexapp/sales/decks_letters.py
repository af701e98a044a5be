"""Which letters the file of a pitch deck can hold.

They come from a font that the asset build has put beside the pages' files: Latin with all its accents, Greek, Cyrillic
and more. It has no Chinese, Japanese or Korean, and hardly any emoji. Without it there are the fonts that every reader
of PDFs has, which know Western European letters only: then others are written in their nearest one.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from fpdf import FPDF
from fpdf.fonts import TTFFont

from nexapp.spine.web.templating import VENDOR

FONTS = {"": VENDOR / "fonts/DejaVuSans.ttf", "B": VENDOR / "fonts/DejaVuSans-Bold.ttf"}
BOX, ASKED = "\u25a1", "?"
"""What stands for a letter that there is none of."""

SIMPLER = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...",
    "\u20ac": "EUR", "\u2022": "-", "\u0131": "i", "\u0141": "L", "\u0142": "l", "\u0152": "OE", "\u0153": "oe",
})  # fmt: skip

VARIANTS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They only choose how the letter before them looks."""

LEFTWARD = {"R", "AL", "AN"}
"""Hebrew, Arabic: the font has some, but a line of them would run the wrong way, with letters that don't join."""


def has_own_font() -> bool:
    return all(path.is_file() for path in FONTS.values())


def cleaned(words: str) -> str:
    """One line of letters, accents joined to them; nothing that only steers a screen."""
    joined = (c for c in unicodedata.normalize("NFC", words) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(" " if unicodedata.category(c)[0] == "Z" else c for c in joined if c not in VARIANTS)


def shown(words: str) -> str:
    """The words as the file says them."""
    if has_own_font():
        return "".join(_own(c) for c in cleaned(words))
    return "".join(_latin(c) for c in cleaned(words).translate(SIMPLER))


def unshown(words: str) -> str:
    """The letters that the file has a box for, each once, in their order."""
    if not has_own_font():
        return ""
    return "".join(dict.fromkeys(c for c in cleaned(words) if _own(c) == BOX != c))


def _own(letter: str) -> str:
    if ord(letter) in _known() and unicodedata.bidirectional(letter) not in LEFTWARD:
        return letter
    # What changes the letter before it, such as the tone of an emoji's skin, needs no box of its own.
    return "" if unicodedata.category(letter)[0] == "M" else BOX


@cache
def _known() -> frozenset[int]:
    """What both weights have."""
    pdf = FPDF()
    for style, path in FONTS.items():
        pdf.add_font("Deck", style, path)
    tables = [font.cmap for font in pdf.fonts.values() if isinstance(font, TTFFont)]
    return frozenset.intersection(*map(frozenset, tables))


def _latin(letter: str) -> str:
    """The letter, its base without accents, or `?`."""
    for form in (letter, unicodedata.normalize("NFKD", letter)):
        base = "".join(c for c in form if not unicodedata.combining(c))
        try:
            (letter if form is letter else base).encode("latin-1")
        except UnicodeEncodeError:
            continue
        return letter if form is letter else base
    return ASKED
