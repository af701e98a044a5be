"""`python -m bench [name …]`, or `make bench ONLY=name,name`: runs the lines, prints one table, writes a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

from bench import table
from bench.lines import bell, claims, imports, jobs, limiter, live, matching, pages, rescan, texts
from bench.rounds import Line

LINES: dict[str, Callable[[], list[Line]]] = {
    "texts": texts.measure,
    "limiter": limiter.measure,
    "matching": matching.measure,
    "claims": claims.measure,
    "live": live.measure,
    "bell": bell.measure,
    "pages": pages.measure,
    "jobs": jobs.measure,
    "import": imports.measure,
    "rescan": rescan.measure,
}

ALONE: dict[str, Callable[[], list[Line]]] = {"bell": bell.measure_alone}
"""What a line measures where nothing else was asked for; all of them together have ten minutes."""


def main(arguments: Sequence[str]) -> int:
    wanted = _names(arguments) or _names([os.environ.get("ONLY", "")]) or list(LINES)
    if unknown := [name for name in wanted if name not in LINES]:
        print(f"There is no line called {', '.join(unknown)}; there are {', '.join(LINES)}.", file=sys.stderr)
        return 2
    began = time.monotonic()
    lines = LINES | ALONE if len(wanted) == 1 else LINES
    found = [line for name in wanted for line in _measure(name, lines[name])]
    print("", table.table(found), "", *table.notes(found), sep="\n")
    target = table.write(found, time.monotonic() - began)
    print(f"{time.monotonic() - began:.0f} s in all; written to {os.path.relpath(target)}")
    return 0


def _measure(name: str, measure: Callable[[], list[Line]]) -> list[Line]:
    print(f"measuring {name} …", flush=True)
    began = time.monotonic()
    lines = measure()
    print(f"  done in {time.monotonic() - began:.0f} s", flush=True)
    return lines


def _names(arguments: Sequence[str]) -> list[str]:
    return [name for argument in arguments for name in argument.replace(",", " ").split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
