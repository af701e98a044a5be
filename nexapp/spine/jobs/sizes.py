"""How much a job of several steps takes at once: so much that a step lasts some seconds, whatever lies behind one item.

A step must end well before its row's lease does, and a worker that dies must not lose much; but a transaction for
every few items costs more than the items. What one takes isn't known beforehand: someone has two prospects, someone
thousands.
"""

from __future__ import annotations

FIRST = 1_000
LEAST, MOST = 20, 10_000
SECONDS = 3.0
GROWTH = 4
"""At most so many times as many as in the last step: the next ones may be heavier."""
CUT = 8
"""A step that was lost is tried again with one of so many parts of it."""


def size_after(size: int, done: int, seconds: float) -> int:
    """The size of the next step, after one of `size` that found `done` items and took so long."""
    if not done:
        return size
    fitting = int(done * SECONDS / max(seconds, 0.001))
    return max(LEAST, min(fitting, size * GROWTH, MOST))


def size_for(size: int, attempts_lost: int) -> int:
    """The size of a step whose worker died at it, or that failed, so many times."""
    return max(LEAST, size // CUT**attempts_lost) if attempts_lost > 0 else size
