"""What is proposed next, and why: by stated rules, from what happened before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from nexapp.sales.suggesting import suggest

ZONE = "America/Chicago"
WEDNESDAY = datetime(2026, 11, 18, 18, tzinfo=UTC)
A_DAY = timedelta(days=1)


@dataclass
class Known:
    name: str = "Ana Ruiz"
    score: int = 60
    phone: str | None = "+13125550142"
    email: str | None = "ana@example.com"
    last_activity_at: datetime | None = WEDNESDAY


@pytest.fixture(scope="module", autouse=True)
def words() -> Iterator[None]:
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        yield


def answers(*moments: tuple[datetime, str]) -> list[SimpleNamespace]:
    return [SimpleNamespace(at=at, kind=kind) for at, kind in moments]


@pytest.mark.parametrize(
    ("score", "on"), [(86, date(2026, 11, 19)), (60, date(2026, 11, 23)), (20, date(2026, 11, 25))]
)  # fmt: skip
def test_the_pause_suits_the_temperature(score: int, on: date) -> None:
    """Three days after Wednesday is a Saturday: it waits for Monday."""
    found = suggest(Known(score=score), [], ZONE, WEDNESDAY)
    assert (found.due.on, found.due.wall) == (on, time(9))
    assert str(score) in found.reasons[0]


def test_long_silence_means_tomorrow() -> None:
    found = suggest(Known(last_activity_at=WEDNESDAY - 30 * A_DAY), [], ZONE, WEDNESDAY)
    assert found.due.on == date(2026, 11, 19)
    assert "The last contact was 30 days ago." in found.reasons


def test_when_they_answered_before_counts() -> None:
    tuesday = datetime(2026, 11, 17, 16, tzinfo=UTC)
    past = answers((tuesday, "reply"), (tuesday - 7 * A_DAY, "reply"), (tuesday - 2 * A_DAY, "meeting"))
    found = suggest(Known(), past, ZONE, WEDNESDAY)
    assert (found.due.on.weekday(), found.due.wall) == (1, time(10))
    assert "They answered 2 of 3 times on a Tuesday, around 10:00 AM." in found.reasons


@pytest.mark.parametrize(
    ("known", "calls", "channel"),
    [
        (Known(score=90), 0, "call"),
        (Known(), 0, "text"),
        (Known(), 2, "call"),
        (Known(phone=None), 0, "email"),
        (Known(phone=None, email=None), 0, "other"),
    ],
)
def test_the_channel(known: Known, calls: int, channel: str) -> None:
    found = suggest(known, answers(*[(WEDNESDAY - A_DAY, "call")] * calls), ZONE, WEDNESDAY)
    assert found.channel == channel
    assert "Ana Ruiz" in found.message


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@given(
    st.integers(0, 100), st.none() | moments, moments,
    st.sampled_from(["UTC", ZONE, "Pacific/Kiritimati", "Asia/Kolkata"]),
    st.lists(st.tuples(moments, st.sampled_from(["reply", "meeting", "call"])), max_size=6),
)  # fmt: skip
def test_it_lies_ahead_and_says_why(
    score: int, last: datetime | None, present: datetime, zone: str, past: list[tuple[datetime, str]]
) -> None:
    found = suggest(Known(score=score, last_activity_at=last), answers(*past), zone, present)
    assert found.due.at > present
    assert len(found.reasons) >= 2
    assert all(found.reasons)
    local = [at.astimezone(ZoneInfo(zone)) for at, kind in past if kind in ("reply", "meeting")]
    if not any(at.weekday() >= 5 for at in local):
        assert found.due.on.weekday() < 5
