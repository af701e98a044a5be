"""Wrong settings stop the start, all listed at once, in words."""

from __future__ import annotations

import pytest

from nexapp.settings import DEFAULT_SECRET, LOCAL_ACCOUNT_SID, ConfigurationError, Settings, load_settings

GOOD = {
    "DATABASE_URL": "postgresql://owner:pw@db/nexapp",
    "REDIS_URL": "redis://redis:6379/0",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+15005550006",
}
PRODUCTION = GOOD | {
    "NEXAPP_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "PUBLIC_URL": "https://nexapp.example",
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return caught.value.problems


def test_good_settings_are_read() -> None:
    settings = load_settings(PRODUCTION | {"PORT": "8000", "NEXAPP_DEMO": "0", "SMS_PER_SECOND": "0.5", "IGNORED": "x"})
    assert (settings.port, settings.demo, settings.sms_per_second, settings.production) == (8000, False, 0.5, True)


def test_empty_counts_as_not_set() -> None:
    assert load_settings(GOOD | {"PORT": "", "PUBLIC_URL": ""}).port == 5000


def test_nothing_set_lists_everything() -> None:
    named = [problem.split(":")[0] for problem in problems({})]
    assert named == [
        "DATABASE_URL", "REDIS_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN",
        "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID",
    ]  # fmt: skip


def test_unreadable_and_missing_ones_are_listed_together() -> None:
    found = problems({"PORT": "many", "HOLD_SECONDS": "0", "LOG_FORMAT": "xml", "DATABASE_URL": "mysql://x"})
    named = {problem.split(":")[0] for problem in found}
    assert {"PORT", "HOLD_SECONDS", "LOG_FORMAT", "DATABASE_URL", "REDIS_URL", "TWILIO_ACCOUNT_SID"} <= named


@pytest.mark.parametrize(("change", "named"), [
    ({"PORT": "0"}, "PORT"),
    ({"PORT": "65536"}, "PORT"),
    ({"NEXAPP_ENV": "staging"}, "NEXAPP_ENV"),
    ({"NEXAPP_DEMO": "perhaps"}, "NEXAPP_DEMO"),
    ({"DATABASE_URL": "sqlite:///x"}, "DATABASE_URL"),
    ({"REDIS_URL": "http://redis"}, "REDIS_URL"),
    ({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID"),
    ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN"),
    ({"TWILIO_FROM": ""}, "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID"),
    ({"TWILIO_BASE_URL": "ftp://x"}, "TWILIO_BASE_URL"),
    ({"PUBLIC_URL": "nexapp.example"}, "PUBLIC_URL"),
    ({"SMS_PER_SECOND": "-1"}, "SMS_PER_SECOND"),
    ({"SMS_IN_FLIGHT": "0"}, "SMS_IN_FLIGHT"),
    ({"HOLD_SECONDS": "abc"}, "HOLD_SECONDS"),
    ({"WEB_PROCESSES": "0"}, "WEB_PROCESSES"),
    ({"BYPASS_OTP_CHECK": "1"}, "BYPASS_OTP_CHECK"),
])  # fmt: skip
def test_each_wrong_setting_is_named(change: dict[str, str], named: str) -> None:
    found = problems(GOOD | change)
    assert [problem.split(":")[0] for problem in found] == [named]
    assert all(problem.endswith(".") and problem.split(": ", 1)[1] for problem in found)


@pytest.mark.parametrize(("change", "named"), [
    ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
    ({"SECRET_KEY": ""}, "SECRET_KEY"),
    ({"SECRET_KEY": DEFAULT_SECRET}, "SECRET_KEY"),
    ({"SECRET_KEY": "short"}, "SECRET_KEY"),
    ({"TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT_SID}, "TWILIO_ACCOUNT_SID"),
    ({"TWILIO_BASE_URL": "http://127.0.0.1:8099"}, "TWILIO_ACCOUNT_SID"),
    ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "http://nexapp.example"}, "PUBLIC_URL"),
    ({"NEXAPP_CODE_TENANT_GUARD": "0"}, "NEXAPP_CODE_TENANT_GUARD"),
])  # fmt: skip
def test_production_refuses_what_development_allows(change: dict[str, str], named: str) -> None:
    assert [problem.split(":")[0] for problem in problems(PRODUCTION | change)] == [named]
    if named != "TWILIO_ACCOUNT_SID" or "TWILIO_ACCOUNT_SID" in change:
        assert load_settings(GOOD | change)


def test_the_bypass_is_refused_in_production_whatever_the_account() -> None:
    found = problems(PRODUCTION | {"BYPASS_OTP_CHECK": "1", "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT_SID})
    assert {problem.split(":")[0] for problem in found} == {"BYPASS_OTP_CHECK", "TWILIO_ACCOUNT_SID"}


def test_production_lists_all_of_them_at_once() -> None:
    found = problems({"NEXAPP_ENV": "production", "FLASK_DEBUG": "1", "PORT": "x"})
    named = {problem.split(":")[0] for problem in found}
    assert {"PORT", "FLASK_DEBUG", "SECRET_KEY", "PUBLIC_URL", "DATABASE_URL", "REDIS_URL"} <= named


def test_secrets_stay_out_of_the_repr() -> None:
    shown = repr(load_settings(PRODUCTION | {"TWILIO_AUTH_TOKEN": "very-secret-token"}))
    assert "very-secret-token" not in shown
    assert "k" * 40 not in shown
    assert "owner:pw" not in shown


def test_settings_cannot_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(GOOD).port = 1  # type: ignore[misc]


def test_every_setting_has_its_own_name() -> None:
    names = [field.alias for field in Settings.model_fields.values()]
    assert len(names) == len(set(names))
