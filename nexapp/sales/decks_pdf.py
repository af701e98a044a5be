"""A pitch deck as a PDF, one slide a page.

Letters come from a font that the asset build has put beside the pages' files; without it from the fonts that every
reader of PDFs has, which know Latin letters only: then others are written in their nearest Latin ones.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from nexapp.sales.decks import Slides
from nexapp.spine.web.templating import VENDOR

WIDTH, HEIGHT, MARGIN = 297.0, 167.0, 18.0
"""Millimetres: a screen's 16 to 9."""
FONTS = {"": "fonts/DejaVuSans.ttf", "B": "fonts/DejaVuSans-Bold.ttf"}
TITLE, POINT, SMALL = 30, 17, 10
Colour = tuple[int, int, int]
INK, ACCENT, QUIET = (30, 41, 59), (6, 111, 209), (100, 116, 139)
SIMPLER = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...",
    "\u20ac": "EUR", "\u2022": "-", "\u00a0": " ", "\u0131": "i", "\u0141": "L", "\u0142": "l", "\u0152": "OE",
    "\u0153": "oe",
})  # fmt: skip


def render(title: str, slides: Slides) -> bytes:
    """Never fails for what stands in it: what can't be shown is left out or written as `?`."""
    pdf = FPDF(orientation="landscape", unit="mm", format=(HEIGHT, WIDTH))
    pdf.set_auto_page_break(False)
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    family = _choose_font(pdf)
    pdf.set_title(_shown(pdf, title))
    for number, slide in enumerate(slides, 1):
        pdf.add_page()
        _draw(pdf, family, slide, number, len(slides))
    return bytes(pdf.output())


def _draw(pdf: FPDF, family: str, slide: dict[str, object], number: int, of: int) -> None:
    pdf.set_fill_color(*ACCENT)
    pdf.rect(0, 0, 6, HEIGHT, style="F")
    pdf.set_y(MARGIN + (30 if number == 1 else 0))
    _write(pdf, family, "B", TITLE, INK, str(slide["title"]), most=60)
    pdf.ln(6)
    lines = slide["lines"] if isinstance(slide["lines"], list) else []
    # What doesn't fit becomes smaller, so that no slide runs over its page.
    size = max(POINT - max(0, len(lines) - 6), 9)
    for line in lines:
        _write(pdf, family, "", size, INK, str(line), most=HEIGHT - MARGIN - 6)
        pdf.ln(2)
    pdf.set_y(HEIGHT - 12)
    _write(pdf, family, "", SMALL, QUIET, f"{number} / {of}", most=HEIGHT)


def _write(
    pdf: FPDF, family: str, style: str, size: int, colour: tuple[int, int, int], words: str, most: float
) -> None:
    pdf.set_font(family, style, size)
    pdf.set_text_color(*colour)
    if pdf.get_y() < most or pdf.get_y() > HEIGHT - 15:
        text = _shown(pdf, words)
        pdf.multi_cell(WIDTH - 2 * MARGIN, size * 0.48, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _choose_font(pdf: FPDF) -> str:
    if not has_own_font():
        return "Helvetica"
    for style, path in FONTS.items():
        pdf.add_font("Deck", style, str(VENDOR / path))
    return "Deck"


@cache
def has_own_font() -> bool:
    return all(Path(VENDOR / path).is_file() for path in FONTS.values())


def _shown(pdf: FPDF, words: str) -> str:
    clean = "".join(c for c in words if c == " " or unicodedata.category(c)[0] not in "CZ")
    if has_own_font():
        return clean
    return "".join(_latin(c) for c in clean.translate(SIMPLER))


def _latin(letter: str) -> str:
    """The letter, its base without accents, or `?`."""
    for form in (letter, unicodedata.normalize("NFKD", letter)):
        base = "".join(c for c in form if not unicodedata.combining(c))
        try:
            (letter if form is letter else base).encode("latin-1")
        except UnicodeEncodeError:
            continue
        return letter if form is letter else base
    return "?"
