"""What the local phone is started with, and every reason not to start."""

import argparse
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nexapp.gateways.phone import LOCAL_ACCOUNT_SID, LOCAL_SENDER, is_local_account
from nexapp.gateways.push.vapid import Vapid

_OFF = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class PhoneSettings:
    host: str
    port: int
    data_dir: Path
    account_sid: str
    auth_token: str
    public_url: str
    sender: str = LOCAL_SENDER
    handles_opt_out: bool = True
    latency_ms: float = 0.0
    sent_after_seconds: float = 0.15
    delivered_after_seconds: float = 0.5
    mail_port: int | None = None
    """Where the local mailbox takes letters; None: there is none."""
    push_key: str = ""
    """The public key that practice devices subscribed with; empty: pushes by any key are taken."""
    fcm_credentials: str = ""
    """The service account that may push to apps; empty: none may."""

    @property
    def inbound_url(self) -> str:
        return f"{self.public_url}/webhooks/twilio/inbound"


class BadPhoneSettings(Exception):
    """`problems` lists every one, in words."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> PhoneSettings:
    """Raises BadPhoneSettings with all problems at once."""
    options = _parser().parse_args(arguments)
    settings = PhoneSettings(
        host=options.host,
        port=options.port,
        data_dir=Path(options.data_dir),
        account_sid=environment.get("TWILIO_ACCOUNT_SID") or LOCAL_ACCOUNT_SID,
        auth_token=environment.get("TWILIO_AUTH_TOKEN", ""),
        public_url=environment.get("PUBLIC_URL", "").rstrip("/"),
        sender=environment.get("TWILIO_FROM") or LOCAL_SENDER,
        handles_opt_out=environment.get("TWILIO_HANDLES_OPT_OUT", "").lower() not in _OFF,
        latency_ms=options.latency_ms,
        sent_after_seconds=options.sent_after,
        delivered_after_seconds=options.delivered_after,
        mail_port=options.mail_port,
        push_key=_public_key(environment.get("VAPID_PRIVATE_KEY", "")),
        fcm_credentials=environment.get("FCM_CREDENTIALS", ""),
    )
    if problems := list_problems(settings, environment.get("NEXAPP_ENV", "")):
        raise BadPhoneSettings(problems)
    return settings


def _public_key(private_key: str) -> str:
    return Vapid.of(private_key, "").public_key if private_key else ""


def list_problems(settings: PhoneSettings, env: str) -> list[str]:
    checks = [
        (env == "production", "The local phone does not run in production (NEXAPP_ENV=production)."),
        (
            not is_loopback(settings.host),
            f"The local phone listens on loopback only, not on {settings.host}.",
        ),
        (
            not is_local_account(settings.account_sid),
            "TWILIO_ACCOUNT_SID names a real account; the local phone does not run beside real credentials.",
        ),
        (not settings.auth_token, "TWILIO_AUTH_TOKEN is missing; any word will do, the same as the app's."),
        (
            not settings.public_url.startswith(("http://", "https://")),
            "PUBLIC_URL is missing or is not an http address; replies are sent there.",
        ),
    ]
    return [sentence for wrong, sentence in checks if wrong]


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nexapp.gateways.phone", description="The local phone.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and prints it")
    parser.add_argument("--data-dir", required=True, help="where the ledger is kept")
    parser.add_argument("--mail-port", type=int, default=None, help="where the local mailbox takes letters")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="wait before each create is answered")
    parser.add_argument("--sent-after", type=float, default=0.15, help="seconds from accepted to sent")
    parser.add_argument("--delivered-after", type=float, default=0.5, help="seconds from sent to delivered")
    return parser
