"""FCM v1 against the local stand-in, which gives its tokens to the right service account alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nexapp.gateways.push import Address, OutboundPush, PushBusy, PushError, PushGone, PushRefused
from nexapp.gateways.push.fcm import FcmGateway, read_credentials
from nexapp.local.ports import pick_port
from tests.gateways.phone_process import PhoneProcess

PUSH = OutboundPush("topic-1", {"title": "🔥 Hot", "body": "Ana", "url": "/prospects/7", "tag": "t"}, 3600, "high")


def make_account(port: int) -> dict[str, Any]:
    key = rsa.generate_private_key(65537, 2048)
    return {
        "type": "service_account", "project_id": "shop", "client_email": "pushes@shop.example",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "token_uri": f"http://127.0.0.1:{port}/fcm/token",
    }  # fmt: skip


@pytest.fixture(scope="module")
def account() -> dict[str, Any]:
    return make_account(pick_port())


@pytest.fixture(scope="module")
def service(account: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneProcess]:
    process = PhoneProcess(tmp_path_factory.mktemp("apps"), FCM_CREDENTIALS=json.dumps(account))
    process.port = int(account["token_uri"].split(":")[2].split("/")[0])
    process.start()
    yield process
    process.stop()


@pytest.fixture
def quiet(service: PhoneProcess) -> PhoneProcess:
    service.call("DELETE", "/dev/push/messages")
    service.call("DELETE", "/dev/push/faults")
    return service


def gateway(service: PhoneProcess, account: dict[str, Any]) -> FcmGateway:
    return FcmGateway(account, f"{service.url}/fcm")


def app(token: str = "token-1") -> Address:
    return Address("fcm", token)


def test_a_push_reaches_the_app_with_its_data(quiet: PhoneProcess, account: dict[str, Any]) -> None:
    sender = gateway(quiet, account)
    assert sender.send(app(), PUSH).startswith("projects/shop/messages/")
    sender.send(app("token-2"), PUSH)
    found = quiet.json("GET", "/dev/push/messages.json?device=token-1")
    assert isinstance(found, list)
    (push,) = found
    assert (push["kind"], push["title"], push["url"], push["topic"]) == ("fcm", "🔥 Hot", "/prospects/7", "topic-1")
    assert (push["urgency"], push["ttl"]) == ("high", 3600)


def test_another_account_gets_no_token(quiet: PhoneProcess, account: dict[str, Any]) -> None:
    with pytest.raises(PushBusy) as busy:
        gateway(quiet, make_account(quiet.port)).send(app(), PUSH)
    assert busy.value.rests > 0
    assert quiet.json("GET", "/dev/push/messages.json") == []


def test_without_a_token_nothing_is_taken(quiet: PhoneProcess) -> None:
    status, _headers, _body = quiet.call("POST", "/fcm/v1/projects/shop/messages:send", {"message": {"token": "t"}})
    assert status == 401


def test_an_app_that_was_removed_is_gone(quiet: PhoneProcess, account: dict[str, Any]) -> None:
    with pytest.raises(PushGone):
        gateway(quiet, account).send(app("unregistered-1"), PUSH)


def test_an_unknown_project_costs_nobody_their_device(quiet: PhoneProcess, account: dict[str, Any]) -> None:
    with pytest.raises(PushRefused) as refusal:
        gateway(quiet, account | {"project_id": "other"}).send(app(), PUSH)
    assert refusal.value.code == 404


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 429, "retry_after": 5}, PushBusy), ({"status": 500}, PushBusy), ({"drop": True}, PushBusy),
        ({"status": 400}, PushRefused), ({"status": 403}, PushBusy),
    ],
)  # fmt: skip
def test_faults_are_told_apart(
    quiet: PhoneProcess, account: dict[str, Any], fault: dict[str, object], kind: type[PushError]
) -> None:
    quiet.json("POST", "/dev/push/faults", fault)
    with pytest.raises(kind) as failure:
        gateway(quiet, account).send(app(), PUSH)
    assert not isinstance(failure.value, PushBusy) or failure.value.retry_after == fault.get("retry_after")


def test_credentials_are_the_json_or_its_file(tmp_path: Path, account: dict[str, Any]) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    assert read_credentials(str(file)) == read_credentials(json.dumps(account)) == account
    for wrong in (str(tmp_path / "missing.json"), "{}", "{broken"):
        with pytest.raises(ValueError):
            read_credentials(wrong)
