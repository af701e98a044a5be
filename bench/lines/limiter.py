"""Goal 2: the same with the limiter, against arithmetic; and once more through a kill -9 of the worker."""

from __future__ import annotations

import time

from bench.fan_out import FanOut
from bench.phone_ledger import Accepted, largest_lead
from bench.product import Product, product
from bench.rounds import Line, show_seconds

TEXTS = 600
PER_SECOND = 10
ARITHMETIC = (TEXTS - 1) / PER_SECOND
LARGEST_RATIO = 1.02
SLACK_SECONDS = 0.25
"""A thread that the machine let wait makes the text after it look early by as much."""

SETTINGS = {"SMS_PER_SECOND": str(PER_SECOND), "SMS_LEASE_SECONDS": "5", "SMS_SETTLE_SECONDS": "5"}


def measure() -> list[Line]:
    with product(SETTINGS) as ours:
        fan_out = FanOut(ours, TEXTS)
        seconds, since = fan_out.run(ARITHMETIC * 2 + 10)
        undisturbed = fan_out.ledger.accepted(since)
        fan_out.settle()
        _, since = fan_out.run(ARITHMETIC * 2 + 60, lambda mark: _kill_midway(ours, fan_out, mark))
        fan_out.settle()
        time.sleep(float(SETTINGS["SMS_SETTLE_SECONDS"]))  # by then a second copy would have come
        return [_paced(seconds), *_kept(undisturbed, fan_out.ledger.accepted(since))]


def _kill_midway(ours: Product, fan_out: FanOut, since: int) -> None:
    fan_out.ledger.await_count(since, TEXTS // 3, ARITHMETIC)
    ours.stack.kill_worker("messages")


def _paced(seconds: float) -> Line:
    ratio = seconds / ARITHMETIC
    metric = f"{TEXTS} texts at {PER_SECOND}/s, vs arithmetic"
    goal = f"≤ {LARGEST_RATIO}"
    return Line(2, metric, show_seconds(seconds), show_seconds(ARITHMETIC), ratio, goal, ratio <= LARGEST_RATIO)


def _kept(*runs: Accepted) -> list[Line]:
    """Both runs, the second through the kill."""
    lead = max(largest_lead(run.moments, PER_SECOND) for run in runs)
    twice, missing = sum(run.twice for run in runs), sum(max(0, TEXTS - len(set(run.texts))) for run in runs)
    note = f"early: more than {SLACK_SECONDS:.2f} s before its turn, counted from any earlier text"
    on_time, once = lead <= SLACK_SECONDS, not twice and not missing
    return [
        Line(2, "none early, through kill -9", f"{show_seconds(lead)} ahead", "", None, "none", on_time, note),
        Line(2, "none twice or lost, through kill -9", f"{twice} twice, {missing} lost", "", None, "none", once),
    ]
