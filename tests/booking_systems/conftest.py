"""A business with a booking system of each kind, and a stand-in for the other side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from nexapp.spine.jobs.runner import drain_ledger
from tests.booking_systems.calendar_host import CalendarHost
from tests.booking_systems.senders import Sender
from tests.slots.conftest import other_shop, shop
from tests.slots.merchant_world import Shop

__all__ = ["other_shop", "shop"]


@pytest.fixture
def sender(app: Flask, shop: Shop, run_jobs: Callable[[], None]) -> Sender:
    """Our own form, signed."""
    return Sender(app, shop, "generic", run=run_jobs)


@pytest.fixture
def unsigned(app: Flask, shop: Shop, run_jobs: Callable[[], None]) -> Sender:
    return Sender(app, shop, "generic", key=None, run=run_jobs)


@pytest.fixture
def run_feeds(app: Flask) -> Callable[[], None]:
    """Read every feed whose time has come, by the worker's own code."""

    def run() -> None:
        with app.app_context():
            drain_ledger("slow", lambda: False)

    return run


@pytest.fixture
def calendar_host() -> Iterator[CalendarHost]:
    with CalendarHost() as host:
        yield host


@pytest.fixture
def near_feeds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own address may be read, as an operator would allow a host of the house's own network."""
    settings: Any = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update={"feed_private_hosts": "127.0.0.1"}))
