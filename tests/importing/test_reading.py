"""Files as the world writes them."""

from __future__ import annotations

import csv
import io
import random

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexapp.identity.numbers import read_number
from nexapp.identity.phones import parse_phone
from nexapp.spine.errors import BadInput
from nexapp.spine.tables.answers import harmless
from nexapp.spine.tables.cells import read_cell
from nexapp.spine.tables.reading import MOST_ROWS, Sheet, read_sheet

ROWS = [["Zoë Ćirić", "(212) 555-0123"], ['Ana; the 2nd, "A"', "646\n555 0101"]]


def sheet(content: bytes) -> tuple[Sheet, list[list[str]]]:
    found = read_sheet(io.BytesIO(content))
    return found, list(found.rows)


def written(rows: list[list[str]], encoding: str, delimiter: str = ",", end: str = "\r\n") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([["Name", "Phone"], *rows])
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32")],
)  # fmt: skip
def test_encodings_are_told_apart(encoding: str, named: str) -> None:
    found, rows = sheet(written(ROWS, encoding))
    assert (found.encoding, found.headers, rows) == (named, ["Name", "Phone"], ROWS)


def test_windows_is_what_is_no_utf8() -> None:
    found, rows = sheet("Name,Phone\nJosé “Pepe” €,(212) 555-0123\n".encode("cp1252"))
    assert (found.encoding, rows[0][0]) == ("cp1252", "José “Pepe” €")
    late = b"Name,Phone\n" + b"Ana,(212) 555-0123\n" * 9000 + "José,1\n".encode("cp1252")
    assert sheet(late)[1][-1] == ["José", "1"]
    assert sheet(b"Name,Phone\n\x81\x8d,1\n")[1] == [["\ufffd\ufffd", "1"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    found, rows = sheet(written(ROWS[:1], "utf-8", delimiter, end))
    assert (found.delimiter, rows) == (delimiter, ROWS[:1])


def test_one_column_blank_lines_ragged_rows_and_no_headers() -> None:
    assert sheet(b"Phone\n(212) 555-0123\n")[1] == [["(212) 555-0123"]]
    assert sheet(b"Name,Phone\n\n,,,\n  ,\nAna\nBen,1,2\n")[1] == [["Ana"], ["Ben", "1", "2"]]
    found, rows = sheet(b"Ana,(212) 555-0123\nBen,(646) 555-0101\n")
    assert (found.has_headers, found.headers, len(rows)) == (False, ["Column 1", "Column 2"], 2)
    assert sheet(b"Phone,Phone,\n1,2,3\n")[0].headers == ["Phone", "Phone (2)", "Column 3"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b" \n\n\t\n", "empty"),
        (b"PK\x03\x04 and so on", "file of Excel"),
        (b"%PDF-1.7", "file of PDF"),
        (b"Name,Phone\nA\x00na,1\n", "no text file"),
        (b"Name,Phone\n" + b"x," * 200 + b"\n", "more than 100 columns"),
        (b'Name,Phone\n"Ana,1\n' + b"Ben,2\n" * 100, "never closed"),
        (b"Name,Phone\n" + b"x" * 200_000 + b"\n", "Line 2"),
        ("Name,Phone\nAna,1\n".encode("utf-16")[:-1] + b"\xd8", "can't be read"),
        (b"Name,Phone\n" + b"A,1\n" * (MOST_ROWS + 1), "more than 100,000 rows"),
    ],
)
def test_what_cannot_be_read_says_why(whole_app: Flask, content: bytes, sentence: str) -> None:
    with whole_app.test_request_context(), pytest.raises(BadInput, match=sentence):
        sheet(content)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)))
def test_what_was_written_is_what_is_read(rows: list[list[str]]) -> None:
    kept = [row for row in rows if any(cell.strip() for cell in row) and all(c.count("\n") < 50 for c in row)]
    if len(kept) == len(rows):
        assert sheet(written(rows, "utf-8-sig"))[1] == rows


@given(st.text())
@example("=1+1")
@example("'=1+1")
@example("-")
@example("''@x")
def test_no_cell_is_run_and_none_is_changed_on_its_way_back(cell: str) -> None:
    safe = harmless(cell)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    if cell == read_cell(cell):
        assert read_cell(safe) == cell


def test_plain_numbers_are_judged_as_all_others_are(whole_app: Flask) -> None:
    chance = random.Random(7)
    forms = ("{a}{e}{l}", "({a}) {e}-{l}", "+1 {a} {e} {l}", "1-{a}-{e}-{l}", "{a}.{e}.{l}", "+1{a}{e}{l}")
    with whole_app.test_request_context():
        for _ in range(3000):
            digits = {"a": f"{chance.randrange(200, 1000)}", "e": f"{chance.randrange(0, 1000):03}"}
            typed = chance.choice(forms).format(**digits, l=f"{chance.randrange(10_000):04}")
            assert quick(typed) == slow(typed), typed


def quick(typed: str) -> str:
    try:
        return read_number(typed, "US").phone
    except BadInput:
        return "no"


def slow(typed: str) -> str:
    try:
        return parse_phone(typed, "US")
    except BadInput:
        return "no"
