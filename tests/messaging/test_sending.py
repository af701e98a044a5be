"""Texts that leave: once each, in order, at the pace, with retries where they help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.messaging.conftest import MakeBusiness, Queue


def test_queued_texts_are_sent_once_each(
    queue: Queue, make_business: MakeBusiness, send_texts: Callable[[], None], states: Any, sum_up: Any
) -> None:
    queue(100, org_id=make_business())
    send_texts()
    assert states() == {"sent": 100}
    assert sum_up()["messages"] == 100
    assert sum_up()["most"] == 1
    send_texts()
    assert sum_up()["messages"] == 100
