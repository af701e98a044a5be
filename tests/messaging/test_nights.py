"""Texts that something held up until the night wait for the morning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.messaging import leases
from nexapp.messaging.lanes import ANSWERS, CODES, OFFERS
from nexapp.spine.clock import now
from nexapp.spine.jobs.runner import system_unit
from tests.messaging.conftest import Queue

Sql = Callable[..., list[Any]]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def night(begins: timedelta, hours: int = 11) -> dict[str, Any]:
    evening = now() + begins
    return {"sleeps_from": evening, "sleeps_until": evening + hours * HOUR}


def test_a_text_held_up_until_the_night_leaves_in_the_morning(
    queue: Queue, send_texts: Any, states: Any, owner_sql: Sql
) -> None:
    queue(3, send_at=now() - 2 * HOUR, **night(-HOUR))
    queue(1, to="+15551239999", send_at=now() - 2 * HOUR, **night(HOUR))
    send_texts()
    assert states() == {"queued": 3, "sent": 1}
    assert owner_sql("SELECT DISTINCT send_at = sleeps_until FROM messages WHERE status = 'queued'") == [(True,)]
    assert owner_sql("SELECT kind, count(*) FROM message_events WHERE kind = 'held_back' GROUP BY 1") == [
        ("held_back", 3)
    ]
    owner_sql("UPDATE messages SET send_at = now(), sleeps_until = now() WHERE status = 'queued'")
    send_texts()
    assert states() == {"sent": 4}


@pytest.mark.parametrize("days", [1, 2, 9])
def test_later_nights_count_too(days: int, queue: Queue, send_texts: Any, states: Any, owner_sql: Sql) -> None:
    queue(1, send_at=now() - (days + 1) * DAY, **night(-days * DAY - HOUR))
    queue(1, to="+15551239999", send_at=now() - (days + 1) * DAY, **night(-days * DAY - 12 * HOUR))
    send_texts()
    assert states() == {"queued": 1, "sent": 1}
    [(wait,)] = owner_sql("SELECT send_at - sleeps_until FROM messages WHERE status = 'queued'")
    assert wait == days * DAY


def test_asleep_is_not_due(app: Flask, queue: Queue) -> None:
    queue(2, send_at=now() - 2 * HOUR, **night(-HOUR))
    with app.app_context(), system_unit():
        assert not leases.is_due()
        assert leases.count_due((CODES, OFFERS), 10) == 0
        assert leases.claim("w", (CODES, OFFERS), 10) == []


def test_what_would_be_too_late_in_the_morning_expires(queue: Queue, send_texts: Any, states: Any) -> None:
    queue(1, send_at=now() - 2 * HOUR, expires_at=now() - HOUR, **night(-HOUR))
    send_texts()
    assert states() == {"expired": 1}


def test_a_second_try_waits_for_the_morning_too(
    queue: Queue, send_texts: Any, until_quiet: Any, faults: Any, states: Any, owner_sql: Sql, sum_up: Any
) -> None:
    faults(drop_before_accept=1.0)
    queue(1, **night(HOUR))
    queue(1, to="+15551239999", lane=ANSWERS)
    send_texts()
    faults(drop_before_accept=0)
    owner_sql("UPDATE messages SET sleeps_from = now() - interval '1 hour' WHERE lane = 3")
    owner_sql("UPDATE messages SET uncertain_since = now() - interval '1 minute', lease_until = now()")
    send_texts()
    assert owner_sql("SELECT lane, status IN ('sent', 'delivered'), attempts FROM messages ORDER BY lane") == [
        (1, True, 2),
        (3, False, 1),
    ]
    assert states()["queued"] == 1
    assert sum_up()["messages"] == 1
