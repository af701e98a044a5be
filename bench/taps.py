"""Rounds of taps on a contestant, by the load generator in its own process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.pipe import Pipe, pipe

TAKEN = 409
HELD = {200, 303}


class NotOneWinner(RuntimeError):
    """A contestant gave one time to several people, or to none."""


@dataclass
class Tapper:
    _pipe: Pipe

    def tap(self, port: int, paths: Sequence[str], connections: int) -> float:
        """All paths at once; seconds until the last answer. Raises `NotOneWinner`."""
        found = json.loads(self._pipe.ask(json.dumps({"port": port, "connections": connections, "paths": list(paths)})))
        check_one_winner(found["statuses"])
        return float(found["seconds"])


@contextmanager
def tapper() -> Iterator[Tapper]:
    with pipe([sys.executable, "-m", "bench.load"]) as opened:
        yield Tapper(opened)


def check_one_winner(statuses: Sequence[int]) -> None:
    winners = sum(status in HELD for status in statuses)
    if winners != 1 or statuses.count(TAKEN) != len(statuses) - 1:
        seen = {status: statuses.count(status) for status in sorted(set(statuses))}
        raise NotOneWinner(f"{len(statuses)} taps were answered with {seen}")
