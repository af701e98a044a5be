"""Real PostgreSQL, Redis and local phone for every test, started once and emptied before each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from nexapp.factory import build
from nexapp.local.stack import Stack
from nexapp.settings import load_settings
from nexapp.spine.config import configure_redis
from nexapp.spine.db import db
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import Actor
from nexapp.spine.unit import unit_of_work

QUICK = {"SMS_PER_SECOND": "0", "SMS_LEASE_SECONDS": "2", "SMS_SETTLE_SECONDS": "2"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where the suite is spread over processes, what watches the clock or kills servers comes last, and alone."""
    timed = [item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")]
    for item in timed:
        item.add_marker(pytest.mark.xdist_group("timed"))
        # A browser or a killed server waits for other programs, which a busy machine may keep from running. What fails
        # twice is broken; what fails once is named in the closing lines.
        item.add_marker(pytest.mark.flaky(reruns=1))
    last = set(timed)
    items[:] = [item for item in items if item not in last] + timed


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """PostgreSQL, Redis and the phone, migrated; no web process and no worker."""
    folder = tmp_path_factory.mktemp("services")
    os.chmod(folder.parent, 0o755)  # the server's own user must reach its folder
    stack = Stack(folder, durable=False)
    stack.start_services({"NEXAPP_ENV": "test", "NEXAPP_DEMO": "0", **QUICK})
    stack.migrate()
    stack.start_phone()
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def whole_app(services: Stack) -> Flask:
    app = build(load_settings(services.environment))
    app.config["TESTING"] = False
    return app


@pytest.fixture(scope="session")
def tables(services: Stack) -> list[str]:
    with psycopg.connect(services.owner_url) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        return [row[0] for row in rows]


@pytest.fixture
def empty(services: Stack, tables: list[str], whole_app: Flask) -> None:
    with psycopg.connect(services.owner_url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    whole_app.extensions["redis"].flushdb()


@pytest.fixture
def app(whole_app: Flask, empty: None) -> Flask:
    """The app on an empty database and an empty Redis. Commits are real."""
    return whole_app


@pytest.fixture
def without_redis(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is gone, and is asked as often as the product asks."""
    monkeypatch.setitem(app.extensions, "redis", app.extensions["redis"])
    configure_redis(app, "redis://127.0.0.1:1/0")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def acting(app: Flask) -> Callable[[Actor], AbstractContextManager[None]]:
    """`with acting(actor):` an app context and a unit of work of its own."""

    @contextmanager
    def enter(actor: Actor) -> Iterator[None]:
        with app.app_context(), unit_of_work(actor):
            yield

    return enter


@pytest.fixture
def owner_sql(services: Stack, empty: None) -> Iterator[Callable[..., list[Any]]]:
    """Run a statement as the database's owner, who sees every tenant's rows; for arranging and checking."""
    with psycopg.connect(services.owner_url, autocommit=True) as connection:

        def run(sql: str, *params: Any) -> list[Any]:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], None]:
    """Run every due ledger job to its end, in this process, by the worker's own code."""

    def run() -> None:
        with app.app_context():
            drain_ledger("default", lambda: False)

    return run


@pytest.fixture
def send_texts(app: Flask) -> Callable[[], None]:
    """Send every due text through the real client to the local phone, by the worker's own code."""
    from nexapp.spine.jobs.registry import DRAINS

    def run() -> None:
        with app.app_context():
            while DRAINS["messages"].drain(lambda: False):
                pass

    return run


@pytest.fixture
def send_emails(app: Flask) -> Callable[[], None]:
    """Send every due e-mail through the real client to the local mailbox, by the worker's own code."""
    from nexapp.messaging.email_sending import EmailDrain

    drain = EmailDrain()  # one that knows of no trouble that another test made

    def run() -> None:
        with app.app_context():
            while drain.drain(lambda: False):
                pass

    return run


@pytest.fixture
def phone(services: Stack, empty: None) -> Iterator[httpx.Client]:
    """The local phone over HTTP, emptied: `phone.get("/dev/phone/messages.json", params={"to": …}).json()`."""
    with httpx.Client(base_url=str(services.phone_url), timeout=60) as http:
        http.delete("/dev/phone/faults")
        http.delete("/dev/phone/messages")
        yield http
        http.delete("/dev/phone/faults")


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """What was asked of the database: set-based work stays a few statements, however many people it is about."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def artefacts() -> Path:
    folder = Path(__file__).parent / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
