"""Files that people open in a spreadsheet: written a piece at a time, with nothing in them that it would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Response, request
from werkzeug.wsgi import wrap_file

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
_IN_MEMORY = 1_000_000
_CHUNK = 65_536


def harmless(cell: str) -> str:
    """As text: an apostrophe stands before what a spreadsheet would take for a formula. An import takes it off."""
    return f"'{cell}" if cell.startswith(_RUN_BY_SPREADSHEETS) else cell


def csv_answer(rows: Iterable[Sequence[str]], filename: str, delimiter: str = ",") -> Response:
    """Read to its end while the unit lasts, and sent from a file: a long list never lies in memory whole."""
    kept: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with the answer
    # Excel takes a file without the mark for one of its own country's encoding.
    kept.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(kept, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    text.detach()  # or it would close the file as it goes
    size = kept.tell()
    kept.seek(0)
    return _attached(kept, size, filename)


def _attached(kept: IO[bytes], size: int, filename: str) -> Response:
    answer = Response(wrap_file(request.environ, kept, _CHUNK), mimetype="text/csv", direct_passthrough=True)
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer.content_length = size
    return answer
