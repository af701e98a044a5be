"""What a reader of PDFs copies out of a file: each line that was written, by the tables of its fonts."""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.S)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)
PIECE = re.compile(rb"/(F\d+) [\d.]+ Tf|([\d.]+) Td|\(((?:[^()\\]|\\.)*)\) Tj", re.S)
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def read_lines(pdf: bytes) -> list[tuple[float, str]]:
    """Each with its height above the page's foot, page after page."""
    objects = {int(number): content for number, content in OBJECT.findall(pdf)}
    fonts = _fonts(objects)
    pages = [content for content in objects.values() if re.search(rb"/Type /Page\b", content)]
    found: list[tuple[float, str]] = []
    for page in pages:
        [contents] = re.findall(rb"/Contents (\d+) 0 R", page)
        found += _lines(_stream(objects[int(contents)]), fonts)
    return found


def _fonts(objects: dict[int, bytes]) -> dict[bytes, dict[int, str]]:
    named = b"".join(names for content in objects.values() for names in re.findall(rb"/Font <<(.*?)>>", content, re.S))
    tables = {}
    for name, number in set(re.findall(rb"/(F\d+) (\d+) 0 R", named)):
        [table] = re.findall(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
        pairs = re.findall(
            rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", _stream(objects[int(table)]).split(b"endcodespacerange")[1]
        )
        tables[name] = {int(code, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for code, letter in pairs}
    return tables


def _lines(content: bytes, fonts: dict[bytes, dict[int, str]]) -> list[tuple[float, str]]:
    font, height, found = b"", 0.0, []
    for chosen, place, written in PIECE.findall(content):
        if chosen:
            font = chosen
        elif place:
            height = float(place)
        else:
            raw = re.sub(rb"\\(.)", lambda one: ESCAPES.get(one[1], one[1]), written, flags=re.S)
            codes = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
            found.append((height, "".join(fonts[font][code] for code in codes)))
    return found


def _stream(content: bytes) -> bytes:
    [raw] = STREAM.findall(content)
    return zlib.decompress(raw) if b"/FlateDecode" in content else raw
