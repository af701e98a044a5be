"""How the phone starts, refuses to start, ends, and remembers."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nexapp.gateways.phone import is_local_account
from nexapp.gateways.sms import OutboundSms, SmsBusy
from nexapp.gateways.sms.twilio import TwilioGateway
from tests.gateways.phone_process import ROOT, SENDER, PhoneProcess, WebApp, eventually, phone_environment


def refusal(tmp_path: Path, *arguments: str, **environment: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "nexapp.gateways.phone", "--port", "0", "--data-dir", str(tmp_path), *arguments],
        env=phone_environment(**environment),
        capture_output=True,
        text=True,
        timeout=10,
        cwd=ROOT,
    )
    assert ended.returncode == 2
    return ended.stderr


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        *("--host", "0.0.0.0"),
        NEXAPP_ENV="production",
        TWILIO_ACCOUNT_SID="AC" + "5f" * 16,
        TWILIO_AUTH_TOKEN="",
        PUBLIC_URL="",
    )

    for part in ("production", "loopback only", "real account", "TWILIO_AUTH_TOKEN", "PUBLIC_URL"):
        assert part in said
    assert len(said.splitlines()) == 6


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refusal(tmp_path, "--port", str(taken.getsockname()[1]))

    assert "cannot run at" in said
    assert "Traceback" not in said


def test_a_folder_it_cannot_write_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "phone.sqlite3").write_text("not a database, and long enough to be told from an empty file")

    said = refusal(tmp_path)
    assert "cannot run at" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("sid", "local"),
    [
        ("AC" + "0" * 32, True),
        ("AC" + "0" * 24 + "0000beef", True),
        ("AC" + "0" * 23 + "1" + "0" * 8, False),
        ("AC" + "0" * 33, False),
        ("", False),
    ],
)
def test_what_a_local_account_looks_like(sid: str, local: bool) -> None:
    assert is_local_account(sid) is local


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_ledger_survives(
    make_phone: Callable[..., PhoneProcess],
    make_gateway: Callable[..., TwilioGateway],
    web_app: WebApp,
    number: int,
) -> None:
    phone = make_phone(PUBLIC_URL=web_app.url)
    gateway = make_gateway(phone.url)
    phone.reply("+15551230002", "STOP")
    sent = [
        gateway.send(OutboundSms("+15551230001", f"text {each}", status_callback=web_app.url)) for each in range(20)
    ]

    phone.stop(number)
    with pytest.raises(SmsBusy):
        make_gateway(phone.url).send(OutboundSms("+15551230001", "while away"))
    phone.start()

    assert [message["sid"] for message in phone.messages("+15551230001")] == [one.sid for one in sent][::-1]
    eventually(lambda: {message["status"] for message in phone.messages("+15551230001")} == {"delivered"})
    web_app.wait_for(MessageSid=sent[-1].sid, MessageStatus="delivered")
    assert phone.messages("+15551230002")[0]["from"] == SENDER
    page = phone.call("GET", "/dev/phone")[2].decode()
    assert page.index("(555) 123-0001") < page.index("(555) 123-0002")


def test_sigterm_ends_it_with_requests_under_way(
    make_phone: Callable[..., PhoneProcess], make_gateway: Callable[..., TwilioGateway]
) -> None:
    # Nobody answers the webhooks, and a connection is kept open.
    phone = make_phone(PUBLIC_URL="http://127.0.0.1:9")
    gateway = make_gateway(phone.url)
    gateway.send(OutboundSms("+15551230001", "Hello", status_callback="http://127.0.0.1:9/status"))
    phone.faults(latency_ms=5000)
    with socket.create_connection(("127.0.0.1", phone.port)) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in line.recv(1000)

        phone.stop()
    phone.start()
