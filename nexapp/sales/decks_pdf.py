"""A pitch deck as a PDF, one slide a page."""

from __future__ import annotations

import math
from typing import Any

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from nexapp.sales.decks import Slides
from nexapp.sales.decks_letters import FONTS, cleaned, has_own_font, shown

WIDTH, HEIGHT, MARGIN = 297.0, 167.0, 18.0
"""Millimetres: a screen's 16 to 9."""
SIZES = ((30, 17), (26, 15), (22, 13), (18, 11), (14, 9), (11, 7), (9, 6))
"""Of the title and its points, from the largest on until all of it stands on the page."""

SMALL, GAP, LEADING = 10, 2.0, 0.48
Colour = tuple[int, int, int]
INK, ACCENT, QUIET = (30, 41, 59), (6, 111, 209), (100, 116, 139)


def render(title: str, slides: Slides) -> bytes:
    """Never fails for what stands in it: a letter that there is none of becomes a box."""
    pdf = FPDF(orientation="landscape", unit="mm", format=(HEIGHT, WIDTH))
    pdf.set_auto_page_break(False)
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    family = _choose_font(pdf)
    pdf.set_title(cleaned(title))
    for number, slide in enumerate(slides, 1):
        pdf.add_page()
        _draw(pdf, family, slide, number, len(slides))
    return bytes(pdf.output())


def _draw(pdf: FPDF, family: str, slide: dict[str, Any], number: int, of: int) -> None:
    pdf.set_fill_color(*ACCENT)
    pdf.rect(0, 0, 6, HEIGHT, style="F")
    top = MARGIN + (30 if number == 1 else 0)
    title, lines = shown(slide["title"]), [shown(line) for line in slide["lines"]]
    large, small = _choose_sizes(pdf, family, title, lines, HEIGHT - MARGIN - top)
    pdf.set_text_color(*INK)
    pdf.set_y(top)
    _write(pdf, family, "B", large, title)
    pdf.ln(3 * GAP)
    for line in lines:
        _write(pdf, family, "", small, line)
        pdf.ln(GAP)
    pdf.set_y(HEIGHT - 12)
    pdf.set_text_color(*QUIET)
    _write(pdf, family, "", SMALL, f"{number} / {of}")


def _choose_sizes(pdf: FPDF, family: str, title: str, lines: list[str], room: float) -> tuple[int, int]:
    wide = _width(pdf, family, "B", title), [_width(pdf, family, "", line) for line in lines]
    room -= 3 * GAP + GAP * len(lines)
    for large, small in SIZES:
        # Breaking lines takes long; at its best it takes as many as the letters fill.
        if _least(wide[0], large) + sum(_least(line, small) for line in wide[1]) > room:
            continue
        high = _write(pdf, family, "B", large, title, dry=True)
        if high + sum(_write(pdf, family, "", small, line, dry=True) for line in lines) <= room:
            return large, small
    return SIZES[-1]


def _width(pdf: FPDF, family: str, style: str, words: str) -> float:
    """On one line, of letters of one point."""
    pdf.set_font(family, style, SMALL)
    return pdf.get_string_width(words) / SMALL


def _least(width: float, size: int) -> float:
    return max(1, math.ceil(width * size / (WIDTH - 2 * MARGIN))) * size * LEADING


def _write(pdf: FPDF, family: str, style: str, size: int, words: str, *, dry: bool = False) -> float:
    """A paragraph from the present place on, broken into lines; how high it is. `dry`: that alone."""
    pdf.set_font(family, style, size)
    written = pdf.multi_cell(
        WIDTH - 2 * MARGIN, size * LEADING, words, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT, dry_run=dry,
        output=MethodReturnValue.HEIGHT,
    )  # fmt: skip
    return float(written)  # type: ignore[arg-type]


def _choose_font(pdf: FPDF) -> str:
    if not has_own_font():
        return "Helvetica"
    for style, path in FONTS.items():
        pdf.add_font("Deck", style, path)
    return "Deck"
