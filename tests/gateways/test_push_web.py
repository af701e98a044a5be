"""Web Push against the local push service, which checks the signature and really decrypts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from secrets import token_hex
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from nexapp.gateways.phone.push import Refused, check_signature
from nexapp.gateways.push import Address, OutboundPush, PushBusy, PushGone, PushRefused
from nexapp.gateways.push.answers import retry_after
from nexapp.gateways.push.practice import practice_device
from nexapp.gateways.push.vapid import Vapid, decode, encode, new_private_key, point_of
from nexapp.gateways.push.web import LARGEST, WebPushGateway, _encrypt, content_of, may_push_to
from nexapp.gateways.sms.transport import AddressRefused, Origin, Transport
from nexapp.spine.public_addresses import is_public
from tests.gateways.phone_process import TOKEN, PhoneProcess

KEY = new_private_key()
SUBJECT = "mailto:ops@example.com"
PUSH = OutboundPush("topic-1", {"title": "🔥 Hot", "body": "Ana is at 92", "url": "/prospects/7"}, 3600, "high")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneProcess]:
    process = PhoneProcess(tmp_path_factory.mktemp("pushes"), VAPID_PRIVATE_KEY=KEY).start()
    yield process
    process.stop()


@pytest.fixture
def quiet(service: PhoneProcess) -> PhoneProcess:
    service.call("DELETE", "/dev/push/messages")
    service.call("DELETE", "/dev/push/faults")
    return service


def gateway(service: PhoneProcess, key: str = KEY) -> WebPushGateway:
    return WebPushGateway(Vapid.of(key, SUBJECT), service.url)


def device(service: PhoneProcess, mark: str = "") -> Address:
    return practice_device(service.url, TOKEN, f"{mark}{token_hex(6)}")


def arrived(service: PhoneProcess) -> list[dict[str, Any]]:
    found = service.json("GET", "/dev/push/messages.json")
    assert isinstance(found, list)
    return found


def test_what_is_sent_arrives_and_can_be_read(quiet: PhoneProcess) -> None:
    place = gateway(quiet).send(device(quiet), PUSH)
    (push,) = arrived(quiet)
    assert (push["title"], push["body"], push["url"]) == ("🔥 Hot", "Ana is at 92", "/prospects/7")
    assert (push["topic"], push["urgency"], push["ttl"]) == ("topic-1", "high", 3600)
    assert place.startswith("/push/messages/")
    _status, headers, body = quiet.call("GET", "/dev/push")
    assert b"Ana is at 92" in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_another_key_than_the_device_knows_is_refused(quiet: PhoneProcess) -> None:
    with pytest.raises(PushRefused) as refusal:
        gateway(quiet, new_private_key()).send(device(quiet), PUSH)
    assert refusal.value.code == 403
    assert arrived(quiet) == []


def test_a_device_that_cant_read_it_is_not_said_to_have_it(quiet: PhoneProcess) -> None:
    there, stranger = device(quiet), device(quiet)
    with pytest.raises(PushRefused):
        gateway(quiet).send(Address("web", there.endpoint, stranger.p256dh, stranger.auth), PUSH)
    assert arrived(quiet) == []


@pytest.mark.parametrize("keys", [("", ""), ("x", "y"), ("AAAA", "AAAA"), (encode(b"\x04" + b"\x01" * 64), "AAAA")])
def test_keys_that_are_none_are_refused_and_not_retried(quiet: PhoneProcess, keys: tuple[str, str]) -> None:
    with pytest.raises(PushRefused):
        gateway(quiet).send(Address("web", device(quiet).endpoint, *keys), PUSH)


def test_a_device_that_unsubscribed_is_gone(quiet: PhoneProcess) -> None:
    with pytest.raises(PushGone):
        gateway(quiet).send(device(quiet, "gone-"), PUSH)


@pytest.mark.parametrize("status", [404, 410])
def test_both_words_for_gone_count(quiet: PhoneProcess, status: int) -> None:
    quiet.json("POST", "/dev/push/faults", {"status": status})
    with pytest.raises(PushGone):
        gateway(quiet).send(device(quiet), PUSH)


def test_a_busy_service_says_for_how_long(quiet: PhoneProcess) -> None:
    quiet.json("POST", "/dev/push/faults", {"status": 429, "retry_after": 37})
    with pytest.raises(PushBusy) as busy:
        gateway(quiet).send(device(quiet), PUSH)
    assert (busy.value.retry_after, busy.value.rests) == (37.0, 37.0)


def test_a_failing_service_is_worth_another_try(quiet: PhoneProcess) -> None:
    quiet.json("POST", "/dev/push/faults", {"status": 503})
    with pytest.raises(PushBusy) as busy:
        gateway(quiet).send(device(quiet), PUSH)
    assert (busy.value.code, busy.value.retry_after) == (503, None)


def test_a_dropped_line_is_worth_another_try(quiet: PhoneProcess) -> None:
    quiet.json("POST", "/dev/push/faults", {"drop": True})
    with pytest.raises(PushBusy) as busy:
        gateway(quiet).send(device(quiet), PUSH)
    assert busy.value.rests > 0


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://updates.example.com/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.1.2.3/x",
        "https://169.254.169.254/latest", "https://localhost/x", "https://user@updates.example.com/x",
        "https://updates.example.com:8443/x", "https://printer.local/x", "https://db.internal/x", "https://2130706433/x",
        "https://0x7f.1/x", "ftp://updates.example.com/x", "//updates.example.com/x", "https:///x", "nonsense", "",
        "https://updates.example.com:x/", "https://updates.example.com/a b", "https://updates.example.com/\n",
        "https://updates.example.com/é", "https://[::ffff:10.0.0.1]/x",
    ],
)  # fmt: skip
def test_addresses_that_are_no_push_services_are_not_called(quiet: PhoneProcess, endpoint: str) -> None:
    assert not may_push_to(endpoint, quiet.url)
    with pytest.raises(PushRefused):
        gateway(quiet).send(Address("web", endpoint, device(quiet).p256dh, device(quiet).auth), PUSH)


def test_addresses_of_push_services_pass() -> None:
    assert may_push_to("https://fcm.googleapis.com/fcm/send/abc:def")
    assert may_push_to("https://updates.push.services.mozilla.com/wpush/v2/gAAAA")
    assert may_push_to("https://web.push.apple.com/QGuQyavXutnMH")


def test_the_local_service_is_the_one_exception(quiet: PhoneProcess) -> None:
    assert may_push_to(f"{quiet.url}/push/send/x", quiet.url)
    assert not may_push_to(f"{quiet.url}/push/send/x")
    assert not may_push_to(f"http://127.0.0.1:{quiet.port + 1}/push/send/x", quiet.url)


def test_a_name_that_leads_inside_is_not_called(quiet: PhoneProcess) -> None:
    with pytest.raises(AddressRefused):
        Transport(Origin.of(quiet.url), may_call=is_public).request("GET", "/health", {})


def test_content_stays_within_what_services_take(quiet: PhoneProcess) -> None:
    long = OutboundPush("t", {"title": "🕒" * 50, "body": "Zoë 🕒" * 2000, "url": "/x"}, 60)
    assert len(content_of(long.content)) <= LARGEST
    gateway(quiet).send(device(quiet), long)
    (push,) = arrived(quiet)
    assert push["body"].endswith("…")
    assert push["title"] == "🕒" * 50


def test_a_browsers_own_key_pair_reads_what_was_encrypted_for_it() -> None:
    """As a browser does: the pair is made there, and only its public half ever leaves."""
    browser, secret = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    address = Address("web", "https://updates.example.com/x", encode(point_of(browser)), encode(secret))
    sealed = _encrypt(address, content_of(PUSH.content))
    assert b"Ana" not in sealed
    opened = http_ece.decrypt(sealed, private_key=browser, auth_secret=secret, version="aes128gcm")
    assert json.loads(opened) == PUSH.content
    with pytest.raises(Exception, match="Decryption error"):
        http_ece.decrypt(
            sealed, private_key=ec.generate_private_key(ec.SECP256R1()), auth_secret=secret, version="aes128gcm"
        )


def test_a_token_is_signed_for_one_service_and_kept() -> None:
    vapid = Vapid.of(KEY, SUBJECT)
    header = vapid.authorization("https://updates.example.com")
    check_signature(header, "updates.example.com", vapid.public_key)
    assert vapid.authorization("https://updates.example.com") == header
    with pytest.raises(Refused):
        check_signature(header, "elsewhere.example.com", vapid.public_key)
    forged = header[: header.index(".")] + "x" + header[header.index(".") :]
    with pytest.raises(Refused):
        check_signature(forged, "updates.example.com", vapid.public_key)
    claims = json.loads(decode(header.split(".")[1]))
    assert claims["sub"] == SUBJECT
    assert 0 < claims["exp"] - time.time() <= 24 * 3600


def test_a_key_has_32_bytes_and_the_public_one_is_a_point() -> None:
    assert len(decode(new_private_key())) == 32
    assert len(decode(Vapid.of(KEY, SUBJECT).public_key)) == 65
    with pytest.raises(ValueError, match="32 bytes"):
        Vapid.of("abc", SUBJECT)


def test_waits_are_read_as_seconds_and_as_dates() -> None:
    assert retry_after("120") == 120.0
    assert 50 < (retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)) or 0) <= 60
    assert retry_after("Mon, 01 Jan 2001 00:00:00 GMT") == 0.0
    assert retry_after("") is retry_after("soon") is None
    assert retry_after("99999999") == 24 * 3600
