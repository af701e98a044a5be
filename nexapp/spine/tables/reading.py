"""A file as people export it: whatever its encoding and its delimiter, rows of cells as text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any

from flask_babel import gettext as _

from nexapp.spine.errors import BadInput

MOST_ROWS = 100_000
MOST_COLUMNS = 100
MOST_LINES = 50
"""A cell of so many lines is a quotation mark that nobody closed."""

SAMPLE = 65_536
DELIMITERS = (",", ";", "\t", "|", "^", "~", ":")
LOOKED_AT = 20
BINARIES = {b"PK\x03\x04": "Excel", b"\xd0\xcf\x11\xe0": "Excel", b"%PDF": "PDF"}
BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
"""The longest that fits counts."""

_NUMBER = re.compile(r"[+(]?[\d\s().\-/+]{7,24}")
Row = list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` is read as it is asked for; it raises `BadInput` where the file can't be read on."""

    encoding: str
    delimiter: str
    headers: Row
    has_headers: bool
    rows: Iterator[Row]


def read_sheet(file: IO[bytes]) -> Sheet:
    """The file's columns and rows; blank lines are no rows. Raises `BadInput` with a sentence."""
    encoding = find_encoding(file)
    file.seek(0)
    lines = _lines(file, encoding)
    first = list(islice(lines, LOOKED_AT))
    if not any(line.strip() for line in first):
        raise BadInput(_("This file is empty."))
    delimiter = find_delimiter(first)
    rows = _rows(chain(first, lines), delimiter)
    top = next(rows)
    has_headers = not any(_NUMBER.fullmatch(cell.strip()) for cell in top)
    named = _named(top) if has_headers else _named([""] * len(top))
    return Sheet(encoding, delimiter, named, has_headers, _counted(rows if has_headers else chain([top], rows)))


def find_encoding(file: IO[bytes]) -> str:
    """By its mark, else by where its zeros are, else UTF-8 where it is that from end to end, else Windows-1252."""
    file.seek(0)
    sample = file.read(SAMPLE)
    if kind := next((kind for mark, kind in BINARIES.items() if sample.startswith(mark)), None):
        raise BadInput(_("This is a file of %(kind)s, not a CSV file. Save it as CSV first.", kind=kind))
    if mark := max((mark for mark in BOMS if sample.startswith(mark)), key=len, default=None):
        return BOMS[mark]
    if wide := _wide(sample):
        return wide
    return "utf-8" if _is_utf8(file) else "cp1252"


def find_delimiter(lines: list[str]) -> str:
    """The one that splits the first lines into the most columns, and all of them into as many."""
    counts = {mark: _widths(lines, mark) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: _evenness(counts[mark]))
    return best if max(counts[best], default=1) > 1 else ","


def _widths(lines: list[str], delimiter: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error:
        return []


def _evenness(widths: list[int]) -> tuple[float, int]:
    usual = max(set(widths), key=widths.count, default=1)
    share = widths.count(usual) / len(widths) if widths else 0.0
    return (share if usual > 1 else 0.0, usual)


def _wide(sample: bytes) -> str | None:
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 2 < len(sample) // 4:
        if b"\0" in sample:
            raise BadInput(_("This is no text file. Save the list as CSV first."))
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(file: IO[bytes]) -> bool:
    file.seek(0)
    try:
        reader = _text(file, "utf-8")
        while reader.read(SAMPLE):
            pass
    except UnicodeDecodeError:
        return False
    return True


class _Kept(io.RawIOBase):
    """The file for one reader; it stays open when the reader goes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        read = self._file.read(len(buffer))
        buffer[: len(read)] = read
        return len(read)


def _text(file: IO[bytes], encoding: str, errors: str = "strict") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Kept(file)), encoding, errors=errors, newline="")


def _lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    # Windows-1252 leaves five bytes undefined; whoever sees the mark in a name can mend it.
    errors = "replace" if encoding == "cp1252" else "strict"
    text = _text(file, encoding, errors)
    try:
        for line in text:
            yield line.replace("\x00", "")
    except UnicodeError:
        raise BadInput(_("Part of this file can't be read. Save it as CSV once more, as UTF-8.")) from None


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _checked(row, reader.line_num)
    except csv.Error:
        sentence = _("Line %(line)s can't be read: a cell is too long, or a quotation mark isn't closed.",
                     line=reader.line_num)  # fmt: skip
        raise BadInput(sentence) from None


def _checked(row: Row, line: int) -> Row:
    if len(row) > MOST_COLUMNS:
        raise BadInput(_("Line %(line)s has more than %(most)s columns.", line=line, most=MOST_COLUMNS))
    if any(cell.count("\n") > MOST_LINES for cell in row):
        raise BadInput(_("A quotation mark before line %(line)s is never closed.", line=line))
    return row


def _counted(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise BadInput(_("This file has more than %(most)s rows. Split it.", most=f"{MOST_ROWS:,}"))
        yield row


def _named(headers: Row) -> Row:
    """Every column has a name of its own."""
    seen: Row = []
    for place, header in enumerate(headers, 1):
        name = " ".join(header.split())[:80] or _("Column %(number)s", number=place)
        seen.append(name if name not in seen else f"{name} ({place})")
    return seen
