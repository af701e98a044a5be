"""The key that signs pushes: made by a command, checked at the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from nexapp.gateways.push.vapid import Vapid, decode, new_private_key
from nexapp.local.keep import Keep
from nexapp.settings import ConfigurationError, Settings, load_settings

WHOM = "mailto:ops@example.com"


def problems(app: Flask, **changed: str) -> list[str]:
    chosen: Settings = app.extensions["settings"]
    given = {
        "DATABASE_URL": chosen.database_url, "REDIS_URL": chosen.redis_url, "TWILIO_AUTH_TOKEN": "t",
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32, "TWILIO_FROM": "+15005550006",
    }  # fmt: skip
    try:
        load_settings(given | changed)
    except ConfigurationError as error:
        return error.problems
    return []


def test_the_command_prints_a_setting_that_works(whole_app: Flask) -> None:
    printed = whole_app.test_cli_runner().invoke(args=["keys", "vapid"]).stdout
    name, _, key = printed.strip().partition("=")
    assert name == "VAPID_PRIVATE_KEY"
    assert len(decode(Vapid.of(key, WHOM).public_key)) == 65
    assert problems(whole_app, VAPID_PRIVATE_KEY=key, VAPID_SUBJECT=WHOM) == []
    assert key not in whole_app.test_cli_runner().invoke(args=["keys", "vapid"]).stdout


@pytest.mark.parametrize(
    ("key", "whom", "named"),
    [("abc", WHOM, "VAPID_PRIVATE_KEY"), ("%%%", WHOM, "VAPID_PRIVATE_KEY"), ("", "", ""),
     ("good", "", "VAPID_SUBJECT"), ("good", "ops@example.com", "VAPID_SUBJECT")],
)  # fmt: skip
def test_what_is_wrong_is_named_at_the_start(whole_app: Flask, key: str, whom: str, named: str) -> None:
    key = new_private_key() if key == "good" else key
    found = problems(whole_app, VAPID_PRIVATE_KEY=key, VAPID_SUBJECT=whom)
    assert [problem.split(":")[0] for problem in found] == ([named] if named else [])


def test_production_refuses_the_stand_ins(whole_app: Flask) -> None:
    found = problems(
        whole_app, NEXAPP_ENV="production", PUSH_LOCAL_URL="http://127.0.0.1:9", FCM_BASE_URL="http://127.0.0.1:9/fcm"
    )
    assert {problem.split(":")[0] for problem in found} >= {"PUSH_LOCAL_URL", "FCM_BASE_URL"}


def test_the_launchers_keys_are_made_once(tmp_path: Path) -> None:
    def opened() -> Keep:
        keep = Keep(tmp_path / "kept")
        keep.open()
        return keep

    first = opened()
    kept = first.vapid_key(), first.app_push_key()
    second = opened()
    assert (second.vapid_key(), second.app_push_key()) == kept
    assert len(decode(Vapid.of(kept[0], WHOM).public_key)) == 65
    assert "BEGIN PRIVATE KEY" in kept[1]
    assert json.loads((second.directory / "local.json").read_text())["vapid_key"] == kept[0]
