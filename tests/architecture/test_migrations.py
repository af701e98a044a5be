"""Every migration runs forwards and back over a populated database, and forwards again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nexapp.local.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
NAME = "migrations"
LEFTOVERS = """
    SELECT 'table ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S') AND relname <> 'alembic_version'
    UNION ALL
    SELECT 'function ' || proname FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'nexapp%'
"""


def of_database(url: str) -> str:
    base, _, _name = url.rpartition("/")
    return f"{base}/{NAME}"


@pytest.fixture
def flask(services: Stack) -> Iterator[Callable[..., None]]:
    """Runs a command of the product against a database of its own."""
    services.postgres.create_database(NAME)
    environment = {
        **os.environ,
        **services.environment,
        "DATABASE_URL": of_database(services.owner_url),
        "LOGIN_DATABASE_URL": of_database(services.login_url),
    }

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]

    yield run
    services.postgres.drop_database(NAME)


def ask(services: Stack, statement: str) -> list[Any]:
    with psycopg.connect(of_database(services.owner_url)) as connection:
        return connection.execute(statement).fetchall()


def test_down_and_up_again_over_the_demos_data(services: Stack, flask: Callable[..., None]) -> None:
    flask("db", "upgrade")
    flask("seed-demo")
    [(offers,)] = ask(services, "SELECT count(*) FROM slot_offers")
    assert offers > 1000

    flask("db", "downgrade", "base")
    assert ask(services, LEFTOVERS) == []

    flask("db", "upgrade")
    flask("seed-demo")
    assert ask(services, "SELECT count(*) FROM slot_offers") == [(offers,)]


def test_upgrading_twice_changes_nothing(services: Stack, flask: Callable[..., None]) -> None:
    flask("db", "upgrade")
    before = ask(services, LEFTOVERS)
    flask("db", "upgrade")
    assert ask(services, LEFTOVERS) == before
    assert before
