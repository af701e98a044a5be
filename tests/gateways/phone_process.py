"""The phone as a process of its own, and what a small app has received from it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from nexapp.gateways.phone import LOCAL_SENDER

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-tests"
SENDER = LOCAL_SENDER


def eventually(check: Callable[[], object], seconds: float = 60.0) -> object:
    """The first true result of the check; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := check():
            return result
        time.sleep(0.01)
    raise AssertionError("It did not happen in time.")


def phone_environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "NEXAPP_"))}
    own = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_URL": "http://127.0.0.1:9", "PYTHONPATH": str(ROOT)}
    return {**kept, **own, **changes}


class PhoneProcess:
    """`python -m nexapp.gateways.phone`, and its HTTP."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self._data_dir = data_dir
        self._environment = phone_environment(**environment)
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "PhoneProcess":
        arguments = ["--port", str(self.port), "--data-dir", str(self._data_dir)]
        pace = ["--sent-after", "0.01", "--delivered-after", "0.02"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nexapp.gateways.phone", *arguments, *pace],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        found = re.search(r":(\d+)/dev/phone", self._process.stdout.readline())
        assert found, "The phone did not start."
        self.port = int(found[1])
        return self

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Fails where it doesn't go."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def call(
        self, method: str, path: str, payload: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            body = None if payload is None else json.dumps(payload)
            kind = {} if payload is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, {**kind, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def json(self, method: str, path: str, payload: object = None) -> object:
        status, _headers, body = self.call(method, path, payload)
        assert status < 300, body
        return json.loads(body)

    def faults(self, **faults: object) -> None:
        self.json("POST", "/dev/phone/faults", faults)

    def messages(self, to: str) -> list[dict[str, str]]:
        found = self.json("GET", "/dev/phone/messages.json?" + urlencode({"to": to}))
        assert isinstance(found, list)
        return found

    def create_answers(self) -> dict[str, int]:
        found = self.json("GET", "/dev/phone/ledger.json?to=none")
        assert isinstance(found, dict)
        answers: dict[str, int] = found["create_answers"]
        return answers

    def reply(self, person: str, body: str, to: str = SENDER) -> dict[str, object]:
        found = self.json("POST", "/dev/phone/replies", {"from": person, "to": to, "body": body})
        assert isinstance(found, dict)
        return found


@dataclass
class Webhook:
    url: str
    params: dict[str, str]
    signature: str


@dataclass
class WebApp:
    """Takes webhooks; answers with `status` and `body`."""

    port: int = 0
    status: int = 200
    body: str = ""
    received: list[Webhook] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, **wanted: str) -> Webhook:
        found = eventually(lambda: next((w for w in self.received if wanted.items() <= w.params.items()), None))
        assert isinstance(found, Webhook)
        return found

    def statuses(self, sid: str) -> list[str]:
        of_one = (hook.params for hook in self.received if hook.params.get("MessageSid") == sid)
        return [params["MessageStatus"] for params in of_one if "MessageStatus" in params]
