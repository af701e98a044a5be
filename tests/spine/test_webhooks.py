"""Webhooks: stored, then handled; a repeat is stored once and handled once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from nexapp.spine import webhooks
from nexapp.spine.tenancy import SYSTEM, Actor
from nexapp.spine.webhooks import WebhookEvent, handle_webhook, receive

from .conftest import Sql, leave_effect

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []

    def handle(event: WebhookEvent) -> None:
        seen.append(event.payload)
        leave_effect()

    monkeypatch.setitem(webhooks._handlers, "probe", handle)
    return seen


def test_a_repeat_is_stored_and_handled_once(
    acting: Acting, handled: list[dict[str, Any]], run_jobs: Callable[[], None], owner_sql: Sql
) -> None:
    for _ in range(3):
        with acting(SYSTEM):
            receive("probe", "SM1:sent", {"n": 1})
    with acting(SYSTEM):
        assert receive("probe", "SM1:delivered", {"n": 2}) is True
        assert receive("probe", "SM1:delivered", {"n": 2}) is False
    run_jobs()
    assert handled == [{"n": 1}, {"n": 2}]
    assert owner_sql("SELECT count(*) FROM webhook_events WHERE source = 'probe' AND handled_at IS NOT NULL") == [(2,)]


def test_the_same_id_of_another_source_is_another_event(acting: Acting, handled: Any) -> None:
    with acting(SYSTEM):
        assert receive("probe", "1", {}) is True
        assert receive("other", "1", {}) is True


def test_handling_twice_has_one_effect(
    acting: Acting, handled: list[Any], run_jobs: Callable[[], None], owner_sql: Sql, count_effects: Callable[..., int]
) -> None:
    with acting(SYSTEM):
        receive("probe", "1", {})
    run_jobs()
    [(event_id,)] = owner_sql("SELECT id FROM webhook_events WHERE source = 'probe'")
    with acting(SYSTEM):
        handle_webhook(str(event_id))
    assert (len(handled), count_effects()) == (1, 1)


def test_one_that_fails_stays_for_the_next_try(
    acting: Acting, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], None], owner_sql: Sql
) -> None:
    monkeypatch.setitem(webhooks._handlers, "probe", lambda event: 1 / 0)
    with acting(SYSTEM):
        receive("probe", "1", {})
    run_jobs()
    assert owner_sql("SELECT handled_at FROM webhook_events") == [(None,)]
    assert owner_sql("SELECT status FROM background_jobs") == [("retrying",)]
