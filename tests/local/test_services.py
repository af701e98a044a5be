"""Embedded PostgreSQL and Redis, started for real."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from nexapp.local.keep import Keep
from nexapp.local.postgres import OWNER
from nexapp.local.stack import Stack
from nexapp.local.steps import CannotStart

from .conftest import eventually, is_alive

ROOT = Path(__file__).resolve().parents[2]
NO_SERVICES = {"DATABASE_URL": "", "LOGIN_DATABASE_URL": "", "REDIS_URL": "", "NEXAPP_ENV": "test"}


def services(place: Path) -> Stack:
    return Stack(place / "data", durable=False).start_services(NO_SERVICES)


def value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_the_owner_may_make_roles_and_trusted_extensions_but_is_no_superuser(place: Path) -> None:
    with services(place) as stack, psycopg.connect(stack.owner_url, autocommit=True) as owner:
        for extension in ("btree_gist", "pg_trgm", "citext"):
            owner.execute(f"CREATE EXTENSION {extension}")
        owner.execute("CREATE ROLE tenant_of_a_test NOLOGIN")
        owner.execute("GRANT tenant_of_a_test TO nexapp_login")
        assert value(stack.owner_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        rights = "SELECT rolinherit OR rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert value(stack.login_url, rights) is False


def test_data_ports_and_passwords_outlast_a_restart(place: Path) -> None:
    with services(place) as stack:
        first = (stack.owner_url, stack.login_url, stack.redis_url)
        with psycopg.connect(stack.owner_url) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with services(place) as stack:
        assert (stack.owner_url, stack.login_url, stack.redis_url) == first
        assert value(stack.owner_url, "SELECT answer FROM kept") == 42


def test_a_password_is_needed(place: Path) -> None:
    with services(place) as stack:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(stack.owner_url.replace(stack.keep.secret(f"{OWNER}_password"), "wrong"))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=stack.redis.port).ping()
        assert stat.S_IMODE((stack.data_dir / "local.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_killed_service_comes_back(place: Path, name: str) -> None:
    with services(place) as stack:
        killed = stack.kill(name)
        assert eventually(lambda: stack.supervisor.pids()[name] != killed and answers(stack), seconds=20)


def answers(stack: Stack) -> bool:
    try:
        return value(stack.owner_url, "SELECT 1") == 1 and redis.from_url(stack.redis_url).ping() is True
    except (psycopg.OperationalError, redis.ConnectionError):
        return False


def test_the_services_of_a_killed_launcher_do_not_hinder_the_next(place: Path) -> None:
    script = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from nexapp.local.stack import Stack
stack = Stack({str(place / "data")!r}, durable=False).start_services()
print(*stack.supervisor.pids().values(), flush=True)
time.sleep(300)
"""
    argv, env = [sys.executable, "-c", script], os.environ | NO_SERVICES
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env) as launcher:
        assert launcher.stdout is not None
        pids = [int(word) for word in launcher.stdout.readline().split()]
        launcher.send_signal(signal.SIGKILL)
    with services(place) as stack:
        assert answers(stack)
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_a_first_start_that_was_cut_off_is_made_good(place: Path) -> None:
    (place / "data" / "postgres" / "new").mkdir(parents=True)
    (place / "data" / "postgres" / "new" / "half").write_text("")
    with services(place) as stack:
        assert answers(stack)


def test_two_launchers_do_not_share_a_directory(place: Path) -> None:
    with services(place), pytest.raises(CannotStart, match="already"):
        services(place)


def test_services_named_by_the_environment_replace_the_embedded_ones(place: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://a:b@db/x",
        "REDIS_URL": "redis://cache:6379/0",
        "NEXAPP_ENV": "test",
    }
    with Stack(place / "data").start_services({**NO_SERVICES, **given}) as stack:
        assert (stack.owner_url, stack.redis_url) == (given["DATABASE_URL"], given["REDIS_URL"])
        assert stack.supervisor.pids() == {}


def test_a_real_account_replaces_the_local_phone(place: Path) -> None:
    real = {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "+12025550100"}
    with Stack(place / "a").prepare({**NO_SERVICES, **real}) as stack:
        assert stack.phone_url is None
        assert stack.environment["TWILIO_AUTH_TOKEN"] == "t"
    with Stack(place / "b").prepare({**NO_SERVICES, "TWILIO_ACCOUNT_SID": ""}) as stack:
        assert stack.phone_url


def test_production_gets_neither_a_secret_nor_a_phone(place: Path) -> None:
    with Stack(place / "data").prepare({**NO_SERVICES, "NEXAPP_ENV": "production", "SECRET_KEY": ""}) as stack:
        assert stack.phone_url is None
        assert not stack.environment.get("SECRET_KEY")


def test_a_secret_is_made_once(place: Path) -> None:
    keep = Keep(place / "data")
    keep.open()
    secret = keep.secret("some")
    again = Keep(place / "data")
    again.open()
    assert again.secret("some") == secret
