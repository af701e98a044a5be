"""The poster for the counter: a QR code that leads to the public page, and what it is for. As SVG and as PDF.

The PDF is written here: one page of two built-in fonts and squares needs no library. Those fonts have the letters of
western Europe; a name with others is shown by the SVG as it is, and by the PDF as near as its letters come.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

import segno
from flask_babel import gettext as _

PAPERS = {"letter": (612.0, 792.0), "a4": (595.28, 841.89)}
"""Width and height in points."""

LETTER_COUNTRIES = {"US", "CA", "MX", "PH", "CL", "CO", "VE"}
QUIET_ZONE = 4
QR_SHARE = 0.56
"""Of the page's width, with its quiet zone."""

_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278"
    " 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944"
    " 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500"
    " 278 556 500 722 500 500 500 334 260 334 584"
)
_ASCII_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333"
    " 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944"
    " 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556"
    " 333 611 556 778 556 556 500 389 280 389 584"
)
_WIDTHS = {
    font: {chr(32 + place): int(width) for place, width in enumerate(widths.split())}
    for font, widths in (("Helvetica", _ASCII), ("Helvetica-Bold", _ASCII_BOLD))
}
_USUAL_WIDTH = 600
_NEAREST = str.maketrans("\u0141\u0142\u0110\u0111\u0126\u0127\u0131", "LlDdHhi")
"""Letters with a stroke, which are no accents to Unicode."""


@dataclass(frozen=True, slots=True)
class Line:
    """Centred words; `top` is how far down the page their foot stands, of 1."""

    words: str
    top: float
    size: float
    is_bold: bool = False

    @property
    def font(self) -> str:
        return "Helvetica-Bold" if self.is_bold else "Helvetica"


@dataclass(frozen=True, slots=True)
class Poster:
    business: str
    url: str
    paper: str = "letter"

    @property
    def size(self) -> tuple[float, float]:
        return PAPERS[self.paper]

    def lines(self) -> list[Line]:
        address = urlsplit(self.url)
        said = [
            Line(self.business, 0.115, 40, is_bold=True),
            Line(_("No time free? Get a text when one opens."), 0.165, 21),
            Line(_("Scan with your phone's camera"), 0.725, 19, is_bold=True),
            Line(_("1. Leave your name and number.   2. Answer with the code."), 0.775, 15),
            Line(_("3. When somebody cancels, the first to tap gets the time."), 0.805, 15),
            Line(_("Or go to %(address)s", address=f"{address.netloc}{address.path}"), 0.87, 15, is_bold=True),
            Line(_("Free. Message and data rates may apply. Reply STOP at any time to end the texts."), 0.945, 10.5),
        ]
        return [self._fitted(line) for line in said]

    def _fitted(self, line: Line) -> Line:
        """Smaller where it would be wider than the page."""
        room = self.size[0] * 0.86
        width = width_of(line.words, line.font) * line.size
        return line if width <= room else Line(line.words, line.top, line.size * room / width, line.is_bold)

    def squares(self) -> Iterator[tuple[float, float, float, float]]:
        """The dark runs of the code: left, top, width, height in points."""
        matrix = segno.make(self.url, error="m", micro=False).matrix
        side = self.size[0] * QR_SHARE
        step = side / (len(matrix) + 2 * QUIET_ZONE)
        left, top = (self.size[0] - side) / 2 + QUIET_ZONE * step, self.size[1] * 0.215 + QUIET_ZONE * step
        for row, modules in enumerate(matrix):
            for column, length in _runs(bytes(modules)):
                yield left + column * step, top + row * step, length * step, step


def paper_for(country: str) -> str:
    return "letter" if country in LETTER_COUNTRIES else "a4"


def write_svg(poster: Poster) -> str:
    width, height = poster.size
    path = "".join(f"M{x:.2f} {y:.2f}h{w:.2f}v{h:.2f}h-{w:.2f}z" for x, y, w, h in poster.squares())
    words = "".join(
        f'<text x="{width / 2:.2f}" y="{line.top * height:.2f}" font-size="{line.size:.2f}"'
        f' font-weight="{"bold" if line.is_bold else "normal"}">{escape(line.words)}</text>'
        for line in poster.lines()
    )
    title = escape(_("Waiting list of %(business)s", business=poster.business))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}">'
        f'<title>{title}</title><rect width="100%" height="100%" fill="#fff"/><path fill="#000" d="{path}"/>'
        f'<g font-family="Helvetica, Arial, sans-serif" text-anchor="middle" fill="#111">{words}</g></svg>'
    )


def write_pdf(poster: Poster) -> bytes:
    width, height = poster.size
    squares = "\n".join(f"{x:.2f} {height - y - h:.2f} {w:.2f} {h:.2f} re" for x, y, w, h in poster.squares())
    words = b"\n".join(_shown(line, width, height) for line in poster.lines())
    content = f"0 g\n{squares}\nf\n".encode() + words
    title = _escaped(_("Waiting list of %(business)s", business=poster.business))
    fonts = [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>".encode() for font in _WIDTHS
    ]
    return _document(
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R"
        f" /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
        *fonts,
        b"<< /Title (" + title + b") /Producer (NexApp) >>",
    )


def width_of(words: str, font: str) -> float:
    """In sizes of the font. An accent is no wider than its letter."""
    widths = _WIDTHS[font]
    letters = (unicodedata.normalize("NFKD", letter)[0] for letter in words)
    return sum(widths.get(letter, _USUAL_WIDTH) for letter in letters) / 1000


def _runs(modules: bytes) -> Iterator[tuple[int, int]]:
    start = None
    for place, module in enumerate([*modules, 0]):
        if module and start is None:
            start = place
        elif not module and start is not None:
            yield start, place - start
            start = None


def _shown(line: Line, width: float, height: float) -> bytes:
    left = (width - width_of(line.words, line.font) * line.size) / 2
    font = "F2" if line.is_bold else "F1"
    begin = f"BT /{font} {line.size:.2f} Tf {left:.2f} {height * (1 - line.top):.2f} Td (".encode()
    return begin + _escaped(line.words) + b") Tj ET"


def _escaped(words: str) -> bytes:
    """As a PDF's text, in plain ASCII: whatever else stands there is written by its number."""
    raw = b"".join(_letter(letter) for letter in words)
    return "".join(_written(byte) for byte in raw).encode()


def _written(byte: int) -> str:
    if byte in b"\\()":
        return f"\\{chr(byte)}"
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _letter(letter: str) -> bytes:
    for form in (letter, unicodedata.normalize("NFKD", letter)[0], letter.translate(_NEAREST)):
        try:
            return form.encode("cp1252")
        except UnicodeEncodeError:
            continue
    return b"?"


def _document(*objects: bytes) -> bytes:
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n"
    return (
        written
        + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}startxref\n{len(written)}\n%%EOF\n".encode()
    )
