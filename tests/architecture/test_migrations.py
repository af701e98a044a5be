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
from flask import Flask

from nexapp.local.stack import Stack
from tests.tenancy import world

ROOT = Path(__file__).resolve().parents[2]
NAME = "migrations"
LEFTOVERS = """
    SELECT 'table ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S') AND relname <> 'alembic_version'
    UNION ALL
    SELECT 'function ' || proname FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'nexapp%'
    ORDER BY 1
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


FIRST_RELEASE = "0001"
ROWS = (
    "SELECT count(*) FROM slots UNION ALL SELECT count(*) FROM messages UNION ALL SELECT count(*) FROM notify_requests"
)


def fill_first_release(services: Stack) -> None:
    """Two businesses as the first release kept them, and what its next ones fill their new columns and tables from."""
    with psycopg.connect(of_database(services.owner_url), autocommit=True) as connection:

        def run(statement: str, *values: Any) -> list[Any]:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

        for mark, area in (("ALPHA", "212"), ("BRAVO", "415")):
            tenant = world.build(run, mark, area, first_release=True)
            run("UPDATE slots SET booked_offer_id = %s WHERE id = %s", tenant["offer"], tenant["booked"])
            run("UPDATE inbound_messages SET consumer_id = %s WHERE id = %s", tenant["consumer"], tenant["inbound"])


def test_rows_of_the_first_release_go_up_and_back(
    services: Stack, flask: Callable[..., None], whole_app: Flask
) -> None:
    flask("db", "upgrade", FIRST_RELEASE)
    with whole_app.app_context():
        fill_first_release(services)
    before = ask(services, ROWS)

    flask("db", "upgrade")
    assert ask(services, ROWS) == before
    assert ask(services, "SELECT count(*) FROM slot_offers WHERE confirmed_at IS NOT NULL") == [(2,)]
    assert ask(services, "SELECT count(*) FROM conversations") == [(2,)]
    assert ask(services, "SELECT count(*) > 0 FROM figures_due") == [(True,)]

    flask("db", "downgrade", FIRST_RELEASE)
    assert ask(services, ROWS) == before
    flask("db", "upgrade")


def test_upgrading_twice_changes_nothing(services: Stack, flask: Callable[..., None]) -> None:
    flask("db", "upgrade")
    before = ask(services, LEFTOVERS)
    flask("db", "upgrade")
    assert ask(services, LEFTOVERS) == before
    assert before


NOTICES = """
    WITH somebody AS (INSERT INTO users (id, phone) VALUES (gen_random_uuid(), '+12125550199') RETURNING id)
    INSERT INTO notifications (id, user_id, type, title, read_at, acted_at)
    SELECT gen_random_uuid(), s.id, 'x', given.* FROM somebody s CROSS JOIN (VALUES
        ('read', timestamptz '2026-01-02 09:00+00', NULL), ('acted', '2026-01-02 09:00+00', '2026-01-02 09:05+00'),
        ('unread again', NULL, timestamptz '2026-01-02 09:05+00'), ('fresh', NULL, NULL)
    ) AS given (title, read_at, acted_at)
"""


def test_what_was_read_before_counts_as_opened(services: Stack, flask: Callable[..., None]) -> None:
    flask("db", "upgrade", "0021")
    with psycopg.connect(of_database(services.owner_url)) as connection:
        connection.execute("SET ROLE nexapp_system")
        connection.execute(NOTICES)
        connection.execute("RESET ROLE")
        # As where filling it was interrupted.
        connection.execute("ALTER TABLE notifications ADD COLUMN opened_at timestamptz")
    flask("db", "upgrade", "0022")
    with psycopg.connect(of_database(services.owner_url)) as connection:
        connection.execute("SET ROLE nexapp_system")
        opened = connection.execute(
            "SELECT title, opened_at = coalesce(read_at, acted_at) FROM notifications"
        ).fetchall()
        assert dict(opened) == {"read": True, "acted": True, "unread again": True, "fresh": None}
        assert connection.execute("SELECT unread FROM unread_counts").fetchall() == [(2,)]
        # The counts follow again.
        connection.execute("UPDATE notifications SET read_at = now() WHERE title = 'fresh'")
        assert connection.execute("SELECT unread FROM unread_counts").fetchall() == [(1,)]


LETTERS = """
    WITH team AS (
        INSERT INTO organizations (id, name, slug, kind, time_zone)
        VALUES (gen_random_uuid(), 'Team', 'team', 'sales', 'America/New_York') RETURNING id
    )
    INSERT INTO messages (
        id, org_id, channel, lane, purpose, subject_kind, to_phone, to_email, subject, body, segments, status
    )
    SELECT gen_random_uuid(), team.id, 'email', 5, 'sequence', 'prospect', '', given.*
    FROM team CROSS JOIN (VALUES
        ('Ana@Example.com', 'a', 'a', 0, 'queued'), ('ana@example.com', 'b', 'b', 0, 'queued'),
        ('ben@example.com', 'c', 'c', 0, 'sent')
    ) AS given (to_email, subject, body, segments, status)
"""


def test_letters_that_wait_get_their_link(services: Stack, flask: Callable[..., None]) -> None:
    flask("db", "upgrade", "0022")
    with psycopg.connect(of_database(services.owner_url)) as connection:
        connection.execute("SET ROLE nexapp_system")
        connection.execute(LETTERS)
    flask("db", "upgrade", "0023")
    with psycopg.connect(of_database(services.owner_url)) as connection:
        connection.execute("SET ROLE nexapp_system")
        found = connection.execute("SELECT email, stopped_at FROM letter_addresses").fetchall()
    assert found == [("ana@example.com", None)]
    flask("db", "downgrade", "0022")
