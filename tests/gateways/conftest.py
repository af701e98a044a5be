"""A real phone process, a real client, and a small web app that takes the phone's webhooks."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from nexapp.gateways.phone import LOCAL_ACCOUNT_SID
from nexapp.gateways.sms.twilio import TwilioConfig, TwilioGateway
from tests.gateways.phone_process import SENDER, TOKEN, PhoneProcess, WebApp, Webhook


@pytest.fixture(scope="session")
def _web_server() -> Iterator[WebApp]:
    app = WebApp()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            params = dict(parse_qsl(form, keep_blank_values=True))
            app.received.append(Webhook(app.url + self.path, params, self.headers["X-Twilio-Signature"]))
            body = app.body.encode()
            self.send_response(app.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_ignored: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    app.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield app
    server.shutdown()
    server.server_close()


@pytest.fixture
def web_app(_web_server: WebApp) -> WebApp:
    _web_server.status, _web_server.body = 200, ""
    _web_server.received.clear()
    return _web_server


@pytest.fixture(scope="session")
def _phone(tmp_path_factory: pytest.TempPathFactory, _web_server: WebApp) -> Iterator[PhoneProcess]:
    phone = PhoneProcess(tmp_path_factory.mktemp("phone"), PUBLIC_URL=_web_server.url).start()
    yield phone
    phone.stop()


@pytest.fixture
def phone(_phone: PhoneProcess) -> PhoneProcess:
    _phone.json("DELETE", "/dev/phone/faults")
    return _phone


@pytest.fixture
def make_phone(tmp_path: Path) -> Iterator[Callable[..., PhoneProcess]]:
    made: list[PhoneProcess] = []

    def make(**environment: str) -> PhoneProcess:
        made.append(PhoneProcess(tmp_path / "data", **environment).start())
        return made[-1]

    yield make
    for phone in made:
        phone.stop()


@pytest.fixture
def make_gateway() -> Iterator[Callable[..., TwilioGateway]]:
    made: list[TwilioGateway] = []

    def make(base_url: str, **changes: object) -> TwilioGateway:
        settings = {"auth_token": TOKEN, "sender": SENDER, "read_seconds": 2.0, **changes}
        made.append(TwilioGateway(TwilioConfig(LOCAL_ACCOUNT_SID, base_url=base_url, **settings)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for gateway in made:
        gateway.close()


@pytest.fixture
def gateway(phone: PhoneProcess, make_gateway: Callable[..., TwilioGateway]) -> TwilioGateway:
    return make_gateway(phone.url)


@pytest.fixture
def person() -> str:
    """A number that no other test texts."""
    return f"+1555{time.monotonic_ns() % 10_000_000:07d}"


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: tuple[str, int]) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"A test tried to reach {address[0]}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
