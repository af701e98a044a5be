"""The bench's own arithmetic; what it measures is never asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.phone_ledger import Accepted, largest_lead
from bench.rounds import Line, interleaved, show_seconds, skipped
from bench.table import notes, table, write
from bench.taps import NotOneWinner, check_one_winner

MET = Line(4, "taps", "10 ms", "9 ms", 1.111, "≤ 1.6", True, "two processes")
MISSED = Line(9, "jobs", "2.00 s", "3.00 s", 1.5, "≥ 2", False)


def test_contestants_take_turns_and_ratios_are_per_round() -> None:
    order: list[str] = []
    seconds = {"ours": iter([1.0, 10.0, 1.0]), "theirs": iter([2.0, 30.0, 4.0])}

    def turn(name: str) -> float:
        order.append(name)
        return next(seconds[name])

    found = interleaved({"ours": lambda: turn("ours"), "theirs": lambda: turn("theirs")}, 3)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert found.median("ours") == 1.0
    assert found.ratio("theirs", "ours") == 3.0  # of 2, 3 and 4; the medians alone would give 4


def test_no_further_round_begins_when_the_time_is_up() -> None:
    assert interleaved({"ours": lambda: 1.0}, 5, at_most_seconds=0.0).seconds == {"ours": [1.0]}


def test_the_table_says_of_every_line_whether_its_goal_is_met() -> None:
    lines = [MET, MISSED, skipped(4, "taps, vs Node", "≤ 1.6", "no Node on this machine")]
    heading, _, *rows = table(lines).splitlines()
    assert heading.split() == ["#", "metric", "ours", "baseline", "ratio", "goal", "met", "or", "not"]
    assert [row.split("  ")[-1] for row in rows] == ["met", "not met", "skipped"]
    assert "1.11" in rows[0]
    assert notes(lines) == ["4: two processes", "4: no Node on this machine"]


def test_the_file_holds_every_line(tmp_path: Path) -> None:
    written = json.loads(write([MET, MISSED], 12.34, tmp_path / "results").read_text())
    assert written["seconds"] == 12.3
    assert [line["met"] for line in written["lines"]] == [True, False]


def test_durations_are_shown_in_their_own_unit() -> None:
    assert [show_seconds(0.0421), show_seconds(29.951)] == ["42 ms", "29.95 s"]


def test_a_text_is_early_when_it_comes_sooner_after_any_other_than_the_rate_allows() -> None:
    assert largest_lead([0.0, 0.1, 0.2, 0.3], 10) == pytest.approx(0.0)
    assert largest_lead([0.0, 0.1, 1.2, 1.2, 1.3], 10) == pytest.approx(0.1)  # a pause is not made up for
    assert largest_lead([], 10) == 0.0


def test_a_text_is_counted_twice_when_number_and_words_are_the_same() -> None:
    assert Accepted([1.0, 2.0, 3.0], [("+1", "a"), ("+1", "b"), ("+1", "a")]).twice == 1


@pytest.mark.parametrize("statuses", [[409, 409], [303, 200, 409], [303, 500], [303, 409, 0]])
def test_anything_but_one_winner_and_losers_told_ends_the_round(statuses: list[int]) -> None:
    with pytest.raises(NotOneWinner):
        check_one_winner(statuses)


def test_one_winner_passes() -> None:
    check_one_winner([409, 303, 409])
