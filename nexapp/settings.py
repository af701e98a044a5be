"""Every setting of the product, read once from the environment.

`load_settings` either returns a frozen `Settings` or raises `ConfigurationError` with one sentence
for each thing that is wrong, so that an operator mends all of them in one go.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

DEFAULT_SECRET = "development-secret-not-for-production"  # noqa: S105 - refused in production
LOCAL_ACCOUNT_SID = "AC00000000000000000000000000000000"
"""The account of the local phone; a real provider never issues it."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class ConfigurationError(Exception):
    """The environment can't be used. `problems` holds one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    port: Annotated[int, Field(alias="PORT", ge=1, le=65535)] = 5000
    data_dir: Annotated[Path, Field(alias="NEXAPP_DATA_DIR")] = Path(".nexapp")
    environment: Annotated[Environment, Field(alias="NEXAPP_ENV")] = Environment.DEVELOPMENT
    demo: Annotated[bool, Field(alias="NEXAPP_DEMO")] = True
    debug: Annotated[bool, Field(alias="FLASK_DEBUG")] = False
    database_url: Annotated[str, Field(alias="DATABASE_URL", repr=False)] = ""
    login_database_url: Annotated[str, Field(alias="LOGIN_DATABASE_URL", repr=False)] = ""
    redis_url: Annotated[str, Field(alias="REDIS_URL", repr=False)] = ""
    twilio_account_sid: Annotated[str, Field(alias="TWILIO_ACCOUNT_SID")] = ""
    twilio_auth_token: Annotated[str, Field(alias="TWILIO_AUTH_TOKEN", repr=False)] = ""
    twilio_from: Annotated[str, Field(alias="TWILIO_FROM")] = ""
    twilio_codes_from: Annotated[str, Field(alias="TWILIO_CODES_FROM")] = ""
    twilio_messaging_service_sid: Annotated[str, Field(alias="TWILIO_MESSAGING_SERVICE_SID")] = ""
    twilio_base_url: Annotated[str, Field(alias="TWILIO_BASE_URL")] = ""
    twilio_handles_opt_out: Annotated[bool, Field(alias="TWILIO_HANDLES_OPT_OUT")] = True
    mail_url: Annotated[str, Field(alias="MAIL_URL", repr=False)] = ""
    mail_from: Annotated[str, Field(alias="MAIL_FROM")] = ""
    vapid_private_key: Annotated[str, Field(alias="VAPID_PRIVATE_KEY", repr=False)] = ""
    vapid_subject: Annotated[str, Field(alias="VAPID_SUBJECT")] = ""
    push_local_url: Annotated[str, Field(alias="PUSH_LOCAL_URL")] = ""
    push_in_flight: Annotated[int, Field(alias="PUSH_IN_FLIGHT", ge=1, le=128)] = 32
    fcm_credentials: Annotated[str, Field(alias="FCM_CREDENTIALS", repr=False)] = ""
    fcm_base_url: Annotated[str, Field(alias="FCM_BASE_URL")] = ""
    public_url: Annotated[str, Field(alias="PUBLIC_URL")] = ""
    secret_key: Annotated[str, Field(alias="SECRET_KEY", repr=False)] = DEFAULT_SECRET
    sms_per_second: Annotated[float, Field(alias="SMS_PER_SECOND", ge=0, le=1000)] = 10.0
    sms_in_flight: Annotated[int, Field(alias="SMS_IN_FLIGHT", ge=1, le=128)] = 32
    sms_lease_seconds: Annotated[float, Field(alias="SMS_LEASE_SECONDS", ge=1, le=600)] = 30.0
    sms_settle_seconds: Annotated[float, Field(alias="SMS_SETTLE_SECONDS", ge=0, le=3600)] = 60.0
    hold_seconds: Annotated[int, Field(alias="HOLD_SECONDS", ge=1, le=3600)] = 180
    quiet_hours_floor: Annotated[bool | None, Field(alias="QUIET_HOURS_FLOOR")] = None
    bypass_otp_check: Annotated[bool, Field(alias="BYPASS_OTP_CHECK")] = False
    web_processes: Annotated[int, Field(alias="WEB_PROCESSES", ge=1, le=64)] = 1
    feed_private_hosts: Annotated[str, Field(alias="FEED_PRIVATE_HOSTS")] = ""
    api_per_minute: Annotated[int, Field(alias="API_PER_MINUTE", ge=1, le=100_000)] = 300
    trusted_proxies: Annotated[int, Field(alias="TRUSTED_PROXIES", ge=0, le=5)] = 0
    log_format: Annotated[str, Field(alias="LOG_FORMAT", pattern="^(json|console|)$")] = ""
    tenant_guard: Annotated[bool, Field(alias="NEXAPP_CODE_TENANT_GUARD")] = True
    """Only the tests of row-level security switch the guard in code off; refused in production."""

    @field_validator("public_url", "twilio_base_url", "push_local_url", "fcm_base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def uses_local_phone(self) -> bool:
        return self.twilio_account_sid == LOCAL_ACCOUNT_SID

    @property
    def sends_email(self) -> bool:
        return bool(self.mail_url)

    @property
    def sends_web_push(self) -> bool:
        return bool(self.vapid_private_key)

    @property
    def keeps_quiet_floor(self) -> bool:
        """Whether nobody is texted in the law's night, whatever a business has set."""
        return not self.uses_local_phone if self.quiet_hours_floor is None else self.quiet_hours_floor

    @property
    def base_url(self) -> str:
        """Where people and providers reach us, without a slash at the end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def private_feed_hosts(self) -> frozenset[str]:
        """Hosts whose calendars are read although their addresses are private."""
        return frozenset(self.feed_private_hosts.lower().replace(",", " ").split())

    @property
    def login_url(self) -> str:
        return self.login_database_url or self.database_url

    @property
    def serves_https(self) -> bool:
        return self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read and check the settings; raises `ConfigurationError` with every problem."""
    source = os.environ if environ is None else environ
    known = {str(field.alias) for field in Settings.model_fields.values()}
    given: dict[str, Any] = {k: v for k, v in source.items() if k in known and v != ""} | overrides
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        unread = {str(item["loc"][0]) for item in error.errors()}
        rest = Settings.model_validate({k: v for k, v in given.items() if k not in unread})
        raise ConfigurationError(_field_problems(error) + _cross_problems(rest)) from None
    if problems := _cross_problems(settings):
        raise ConfigurationError(problems)
    return settings


def _field_problems(error: ValidationError) -> list[str]:
    return [f"{item['loc'][0]}: {item['msg'].removeprefix('Value error, ')}." for item in error.errors()]


def _cross_problems(settings: Settings) -> list[str]:
    return [
        *_service_problems(settings),
        *_sender_problems(settings),
        *_mail_problems(settings),
        *_push_problems(settings),
        *(_production_problems(settings) if settings.production else []),
    ]


def _service_problems(settings: Settings) -> list[str]:
    problems = []
    if not settings.login_url.startswith(("postgresql://", "postgresql+psycopg://")):
        problems.append(
            "DATABASE_URL: set the address of a PostgreSQL 15+ database (postgresql://user:password@host/name)."
        )
    if not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        problems.append("REDIS_URL: set the address of a Redis server (redis://host:6379/0).")
    return problems


def _sender_problems(settings: Settings) -> list[str]:
    problems = []
    if not settings.twilio_account_sid:
        problems.append("TWILIO_ACCOUNT_SID: set the account that sends the texts.")
    if not settings.twilio_auth_token:
        problems.append("TWILIO_AUTH_TOKEN: set the account's token.")
    if not (settings.twilio_from or settings.twilio_messaging_service_sid):
        problems.append("TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID: set who the texts come from.")
    if settings.quiet_hours_floor is False and settings.twilio_account_sid and not settings.uses_local_phone:
        problems.append("QUIET_HOURS_FLOOR: can't be off beside a real Twilio account.")
    if settings.bypass_otp_check and settings.twilio_account_sid and not settings.uses_local_phone:
        problems.append("BYPASS_OTP_CHECK: can't be on beside a real Twilio account.")
    return problems


def _mail_problems(settings: Settings) -> list[str]:
    problems = []
    if settings.mail_url and not _is_mail_server(settings.mail_url):
        problems.append("MAIL_URL: set the mail server, like smtp://user:password@host:587 or smtps://host:465.")
    if settings.mail_url and not _is_mail_sender(settings.mail_from):
        problems.append("MAIL_FROM: set who the e-mails come from, like NexApp <hello@example.com>.")
    if settings.mail_from and not settings.mail_url:
        problems.append("MAIL_URL: set the mail server that sends for MAIL_FROM.")
    return problems


def _push_problems(settings: Settings) -> list[str]:
    problems = []
    if settings.vapid_private_key and not _is_vapid_key(settings.vapid_private_key):
        problems.append("VAPID_PRIVATE_KEY: set the key that `flask --app app keys vapid` prints.")
    if settings.vapid_private_key and not settings.vapid_subject.startswith(("mailto:", "https://")):
        problems.append("VAPID_SUBJECT: set whom push services reach about our pushes, like mailto:ops@example.com.")
    return problems


def _is_vapid_key(key: str) -> bool:
    try:
        return len(urlsafe_b64decode(key + "=" * (-len(key) % 4))) == 32
    except ValueError:
        return False


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_mail_sender(sender: str) -> bool:
    _name, address = parseaddr(sender)
    local, _at, domain = address.rpartition("@")
    return bool(local) and "." in domain and sender.isprintable() and not any(c.isspace() for c in address)


def _production_problems(settings: Settings) -> list[str]:
    wrong = {
        "FLASK_DEBUG: debug mode is refused in production.": settings.debug,
        "SECRET_KEY: set a secret of at least 32 characters of your own.": settings.secret_key == DEFAULT_SECRET
        or len(settings.secret_key) < 32,
        "BYPASS_OTP_CHECK: the bypass code is refused in production.": settings.bypass_otp_check,
        "TWILIO_ACCOUNT_SID: the local phone is refused in production.": settings.uses_local_phone
        or _is_loopback(settings.twilio_base_url),
        "PUSH_LOCAL_URL: the local push service is refused in production.": bool(settings.push_local_url),
        "FCM_BASE_URL: a stand-in on this machine is refused in production.": _is_loopback(settings.fcm_base_url),
        "PUBLIC_URL: set the https:// address that people use.": not settings.public_url.startswith("https://"),
        "NEXAPP_CODE_TENANT_GUARD: can't be switched off in production.": not settings.tenant_guard,
    }
    return [sentence for sentence, is_wrong in wrong.items() if is_wrong]


def _is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in {"127.0.0.1", "localhost", "::1"}
