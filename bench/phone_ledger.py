"""What the provider accepted, read from the local phone's own ledger: neither contestant can tell it otherwise."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.product import LATENCY_SECONDS, BenchStack


@dataclass(frozen=True, slots=True)
class Accepted:
    """Texts in the order of their acceptance; `moments` are of `time.time()`."""

    moments: list[float]
    texts: list[tuple[str, str]]

    @property
    def twice(self) -> int:
        return sum(count - 1 for count in Counter(self.texts).values())


class PhoneLedger:
    def __init__(self, stack: BenchStack) -> None:
        path = Path(stack.data_dir) / "phone" / "phone.sqlite3"
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)

    def mark(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM messages").fetchone()[0])

    def count(self, since: int) -> int:
        return int(self._db.execute("SELECT count(*) FROM messages WHERE id > ?", (since,)).fetchone()[0])

    def await_count(self, since: int, wanted: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (seen := self.count(since)) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{seen} of {wanted} texts after {seconds:.0f} s")
            time.sleep(0.03)

    def accepted(self, since: int) -> Accepted:
        rows = self._db.execute(
            "SELECT created_at, recipient, body FROM messages WHERE id > ? ORDER BY created_at", (since,)
        ).fetchall()
        # The ledger notes a text as it arrives; its sender learns of it a latency later.
        return Accepted([row[0] + LATENCY_SECONDS for row in rows], [(row[1], row[2]) for row in rows])


def largest_lead(moments: Sequence[float], per_second: float) -> float:
    """By how many seconds the hastiest text came before its turn, counted from any text before it."""
    lead, behind = 0.0, float("inf")
    for number, moment in enumerate(moments):
        ahead = number / per_second - moment
        behind = min(behind, ahead)
        lead = max(lead, ahead - behind)
    return lead
