"""The one table that a run prints, and the file it leaves."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from bench.rounds import Line

RESULTS = Path(__file__).parent / "results"
HEADINGS = ("#", "metric", "ours", "baseline", "ratio", "goal", "met or not")


def table(lines: Sequence[Line]) -> str:
    rows = [HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    ruled = [rows[0], tuple("-" * width for width in widths), *rows[1:]]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in ruled
    )


def notes(lines: Sequence[Line]) -> list[str]:
    """Each remark once, in the order of the table."""
    return list(dict.fromkeys(f"{line.number}: {line.note}" for line in lines if line.note))


def write(lines: Sequence[Line], seconds: float, folder: Path = RESULTS) -> Path:
    folder.mkdir(exist_ok=True)
    target = folder / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    found = {"seconds": round(seconds, 1), "machine": machine, "lines": [line.as_json() for line in lines]}
    target.write_text(json.dumps(found, indent=2) + "\n")
    return target


def _cells(line: Line) -> tuple[str, ...]:
    ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
    verdict = {True: "met", False: "not met", None: "skipped"}[line.met]
    return (str(line.number), line.metric, line.ours, line.baseline, ratio, line.goal, verdict)
