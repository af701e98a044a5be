"""What must not reach a log or an error row: numbers, codes, link tokens, passwords."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from flask import Flask

from nexapp.settings import load_settings
from nexapp.spine import faults
from nexapp.spine.logs import configure_logs
from nexapp.spine.masking import mask_text, mask_values

from .conftest import Sql

ROW_ID = "01a1f977-af9a-72fa-b1c4-a0b08b62ade1"
TOKEN = "Zk3vQ0m1xYb7-Lw_9aRtP2"

SECRETS = {
    "a number": ("sent to +15551230001 today", "5551230001"),
    "a number as people write it": ("call (212) 555-0101 now", "555-0101"),
    "a number with spaces": ("to +44 20 7946 0958", "7946"),
    "a number in a key violation": ("Key (phone)=(+12125550101) already exists.", "2125550101"),
    "a number as a parameter": ("[parameters: ('+12125550101', 'x')]", "2125550101"),
    "a code": ("Your code is 493021.", "493021"),
    "a claim link": (f"GET /c/{TOKEN}/hold failed", TOKEN),
    "a request link": (f"http://x.example/w/{TOKEN}", TOKEN),
    "a link that signs in": (f"POST /l/{TOKEN} failed", TOKEN),
    "a link that stops notices": (f"POST /u/{TOKEN}.{TOKEN} failed", TOKEN),
    "a link that stops letters": (f"http://x.example/e/{TOKEN}.{TOKEN}/undo", TOKEN),
    "an invitation": (f"/sign-in?next=/i/{TOKEN}", TOKEN),
    "a database password": ("postgresql://nexapp:s3cret-pw@db:5432/x refused", "s3cret-pw"),
    "a redis password": ("redis://:hunter22@cache:6379/0", "hunter22"),
    "a bearer token": ("Authorization: Bearer abc.def-ghi_123", "abc.def-ghi_123"),
    "a setting in an error": ("Settings(twilio_auth_token='9f8e7d6c')", "9f8e7d6c"),
    "a password of a connection": ("connection failed: host=db password=s3cret user=x", "s3cret"),
    "a number beside a date": ("2026-11-20 2125550101", "2125550101"),
    "a token in a query": ("GET /x?token=abcDEF123&a=1", "abcDEF123"),
}
HARMLESS = [
    f"slot {ROW_ID} was opened",
    "File nexapp/spine/unit.py, line 81, in unit_of_work",
    "took 1234 ms for 50 rows",
    "HTTP 503 from the provider, code 21610",
    "2026-11-20 09:30",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS.keys())
def test_secrets_are_hidden(text: str, secret: str) -> None:
    assert secret not in mask_text(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_helps_stays_readable(text: str) -> None:
    assert mask_text(text) == text


def test_values_are_hidden_by_their_name_at_any_depth() -> None:
    given = {
        "password": "a", "api_key": "b", "X-Auth-Token": "c", "cookie": "d", "body": "e", "code": "f",
        "inner": [{"client_secret": "g", "slot_id": ROW_ID, "to": "+12125550101"}],
    }  # fmt: skip
    hidden = mask_values(given)
    assert {hidden[name] for name in given if name != "inner"} == {"***"}
    assert hidden["inner"] == [{"client_secret": "***", "slot_id": ROW_ID, "to": "•••0101"}]


def test_numbers_that_are_not_text_stay() -> None:
    assert mask_values({"count": 5551230001, "none": None, "yes": True}) == {
        "count": 5551230001,
        "none": None,
        "yes": True,
    }


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS.keys())
def test_an_error_row_holds_none_of_it(app: Flask, owner_sql: Sql, text: str, secret: str) -> None:
    def fail(argument: str) -> None:
        raise ValueError(argument)

    with app.app_context():
        try:
            fail(text)
        except ValueError as error:
            faults.capture("job_error", error, path=text, nested={"deep": [text]})
    [(message, trace, details)] = owner_sql("SELECT message, stack_trace, details::text FROM system_errors")
    assert "ValueError" in message
    assert "in fail" in trace
    assert secret not in message + trace + details


def test_a_chained_error_is_masked_too(app: Flask, owner_sql: Sql) -> None:
    with app.app_context():
        try:
            try:
                raise KeyError("+12125550101")
            except KeyError:
                raise ValueError("outer") from None
        except ValueError as error:
            error.__context__ = KeyError("+12125550101")
            error.__suppress_context__ = False
            faults.capture("job_error", error)
    [(trace,)] = owner_sql("SELECT stack_trace FROM system_errors")
    assert "2125550101" not in trace


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Callable[[], list[dict[str, Any]]]:
    """What is logged as JSON, as in production."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    good = {
        "DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "+15005550006", "LOG_FORMAT": "json",
    }  # fmt: skip
    before = structlog.get_config()
    configure_logs(load_settings(good))
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]  # type: ignore[misc]
    structlog.configure(**before)


def test_log_lines_hold_none_of_it(log_lines: Callable[[], list[dict[str, Any]]]) -> None:
    log = structlog.get_logger("probe").bind()
    for text, _ in SECRETS.values():
        log.warning("probe", detail=text, nested={"a": [text]}, token="abc")
    try:
        raise ValueError("sent to +12125550101")
    except ValueError:
        log.exception("probe")
    text = json.dumps(log_lines())
    assert len(log_lines()) == len(SECRETS) + 1
    assert "2125550101" not in text
    assert not [name for name, (_, secret) in SECRETS.items() if secret in text]
