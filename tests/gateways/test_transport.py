"""What is known after each way in which a connection can fail."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexapp.gateways.sms import OutboundSms, SmsAmbiguous, SmsBusy, SmsRefused, SmsUnauthorised
from nexapp.gateways.sms.transport import IDLE_SECONDS, Origin, RequestNotSent, Transport
from nexapp.gateways.sms.twilio import TwilioGateway
from tests.gateways.scripted import Script, always, answer, read_request, scripted

MakeGateway = Callable[..., TwilioGateway]
TEXT = OutboundSms("+15551230001", "Hello")
CREATED = b'{"sid": "SM1", "status": "queued"}'


def test_nobody_listening_means_not_sent(make_gateway: MakeGateway) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    with pytest.raises(SmsBusy, match="No connection"):
        make_gateway(f"http://127.0.0.1:{port}").send(TEXT)


def test_a_name_that_does_not_resolve_means_not_sent(make_gateway: MakeGateway) -> None:
    with pytest.raises(SmsBusy, match="No connection"):
        make_gateway("http://no-such-host.invalid").send(TEXT)


def test_a_connection_that_never_opens_is_given_up_in_time(make_gateway: MakeGateway) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        held = [socket.socket() for _ in range(3)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        with pytest.raises(SmsBusy):
            make_gateway(f"http://127.0.0.1:{port}", connect_seconds=0.3).send(TEXT)
        assert time.monotonic() - began < 10, "by itself the system tries for minutes"
        for one in held:
            one.close()


def silence(line: socket.socket) -> None:
    read_request(line)
    line.recv(1)


def reset(line: socket.socket) -> None:
    read_request(line)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def hang_up(line: socket.socket) -> None:
    read_request(line)


def cut_short(line: socket.socket) -> None:
    read_request(line)
    line.sendall(answer("201 Created", CREATED)[:-5])


def drip(line: socket.socket) -> None:
    read_request(line)
    for byte in answer("201 Created", CREATED):
        line.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize("script", [silence, reset, hang_up, cut_short, drip])
def test_a_lost_answer_is_ambiguous_and_not_waited_for(make_gateway: MakeGateway, script: Script) -> None:
    with scripted(script) as provider:
        with pytest.raises(SmsAmbiguous):
            make_gateway(provider.url, read_seconds=0.4).send(TEXT)
        assert provider.connections == 1


@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-server\r\n\r\n",
        answer("200 OK", b"<html>captive portal</html>"),
        answer("201 Created", b""),
        answer("201 Created", b"[]"),
        answer("201 Created", b'{"status": "queued"}'),
        answer("201 Created", b'"SM1"'),
        answer("302 Found", b"", "Location: /elsewhere"),
        answer("500 Internal Server Error", b'{"code": 20500, "message": "Internal", "status": 500}'),
        answer("502 Bad Gateway", b"<html>"),
        answer("503 Service Unavailable", b"<html>"),
        answer("504 Gateway Timeout", b""),
    ],
)
def test_an_answer_that_settles_nothing_is_ambiguous(make_gateway: MakeGateway, response: bytes) -> None:
    with scripted(always(response)) as provider, pytest.raises(SmsAmbiguous):
        make_gateway(provider.url).send(TEXT)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer("429 Too Many Requests", b""), SmsBusy),
        (answer("408 Request Timeout", b""), SmsBusy),
        (answer("503 Service Unavailable", b'{"code": 20503, "status": 503}'), SmsBusy),
        (answer("400 Bad Request", b'{"code": 21611, "status": 400}'), SmsBusy),
        (answer("400 Bad Request", b'{"code": 21610, "status": 400}'), SmsRefused),
        (answer("403 Forbidden", b'{"code": 21408, "status": 403}'), SmsRefused),
        (answer("400 Bad Request", b'{"code": 29999, "message": "New rule"}'), SmsRefused),
        (answer("413 Too Large", b"<html>"), SmsRefused),
        (answer("401 Unauthorized", b'{"code": 20003, "status": 401}'), SmsUnauthorised),
        (answer("401 Unauthorized", b""), SmsUnauthorised),
        (answer("403 Forbidden", b'{"code": 20005, "status": 403}'), SmsUnauthorised),
        (answer("404 Not Found", b'{"code": 20404, "status": 404}'), SmsUnauthorised),
    ],
)
def test_a_clear_refusal_is_certain(make_gateway: MakeGateway, response: bytes, error: type[Exception]) -> None:
    with scripted(always(response)) as provider, pytest.raises(error) as raised:
        make_gateway(provider.url).send(TEXT)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2", 2), ("0.5", 0.5), ("-3", 0), ("soon", None), ("1e300", 3600), ("Thu, 01 Jan 2015 00:00:00 GMT", 0)],
)
def test_retry_after_in_every_form(make_gateway: MakeGateway, header: str, seconds: float | None) -> None:
    response = answer("429 Too Many Requests", b"", f"Retry-After: {header}")
    with scripted(always(response)) as provider, pytest.raises(SmsBusy) as busy:
        make_gateway(provider.url).send(TEXT)
    assert busy.value.retry_after == seconds


def test_chunks_and_interim_answers_are_read(make_gateway: MakeGateway) -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"8;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\nTrailer: 1\r\n\r\n" % (CREATED[:8], len(CREATED) - 8, CREATED[8:])
    with scripted(always(head + chunks)) as provider:
        gateway = make_gateway(provider.url)
        assert gateway.send(TEXT).sid == "SM1"
        assert gateway.send(TEXT).sid == "SM1"
        assert provider.connections == 1


def test_an_answer_without_a_length_ends_with_the_connection(make_gateway: MakeGateway) -> None:
    def script(line: socket.socket) -> None:
        read_request(line)
        line.sendall(b"HTTP/1.1 201 Created\r\n\r\n" + CREATED)

    with scripted(script) as provider:
        gateway = make_gateway(provider.url)
        assert [gateway.send(TEXT).sid for _ in range(2)] == ["SM1", "SM1"]
        assert provider.connections == 2


def test_a_connection_closed_while_idle_is_not_used_again(make_gateway: MakeGateway) -> None:
    def script(line: socket.socket) -> None:
        read_request(line)
        line.sendall(answer("201 Created", CREATED))

    with scripted(script) as provider:
        gateway = make_gateway(provider.url)
        for _ in range(3):
            gateway.send(TEXT)
            time.sleep(0.02)
        assert provider.connections == 3


def test_a_connection_closed_under_the_request_stays_ambiguous(make_gateway: MakeGateway) -> None:
    def script(line: socket.socket) -> None:
        read_request(line)
        line.sendall(answer("201 Created", CREATED))
        read_request(line)

    with scripted(script) as provider:
        gateway = make_gateway(provider.url)
        gateway.send(TEXT)
        with pytest.raises(SmsAmbiguous):
            gateway.send(TEXT)
        assert provider.connections == 1


def test_a_connection_idle_for_long_is_not_used_again() -> None:
    with scripted(always(answer("200 OK", b"{}"))) as provider:
        transport = Transport(Origin.of(provider.url))
        transport.request("GET", "/", {})
        transport._idle[0].since -= IDLE_SECONDS
        transport.request("GET", "/", {})
        assert provider.connections == 2
        transport.close()


def test_reads_that_fail_may_be_asked_again(make_gateway: MakeGateway) -> None:
    for response in (answer("200 OK", b"<html>"), answer("500 Oops", b""), b"nonsense\r\n\r\n"):
        with scripted(always(response)) as provider:
            gateway = make_gateway(provider.url)
            with pytest.raises(SmsBusy):
                gateway.find("+15551230001", "x", datetime.now(UTC))
            with pytest.raises(SmsBusy):
                gateway.fetch("SM1")


def test_a_base_url_may_have_a_path(make_gateway: MakeGateway) -> None:
    seen: list[bytes] = []

    def script(line: socket.socket) -> None:
        seen.append(read_request(line))
        line.sendall(answer("201 Created", CREATED))

    with scripted(script) as provider:
        make_gateway(f"{provider.url}/twilio/").send(TEXT)
    assert seen[0].startswith(b"POST /twilio/2010-04-01/Accounts/AC")
    assert seen[0].endswith(b"To=%2B15551230001&From=%2B15005550006&Body=Hello")


def test_only_http_addresses_are_taken() -> None:
    for url in ("ftp://127.0.0.1", "127.0.0.1:80", ""):
        with pytest.raises(ValueError, match="Not an http"):
            Origin.of(url)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for localhost, made for this test."""
    both, key = tmp_path / "both.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    wanted = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    try:
        subprocess.run(
            ["openssl", *wanted, *subject, "-keyout", str(key), "-out", str(both)], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    both.write_text(both.read_text() + key.read_text())
    return both


def over_tls(certificate: Path) -> Script:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def run(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as secure:
            always(answer("201 Created", CREATED))(secure)

    return run


def test_tls_is_spoken_and_connections_are_kept(
    make_gateway: MakeGateway, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with scripted(over_tls(certificate)) as provider:
        gateway = make_gateway(f"https://localhost:{provider.port}")
        assert [gateway.send(TEXT).sid for _ in range(3)] == ["SM1"] * 3
        assert provider.connections == 1


def test_an_unknown_certificate_stops_the_request_before_it_leaves(
    make_gateway: MakeGateway, certificate: Path
) -> None:
    with scripted(over_tls(certificate)) as provider:
        with pytest.raises(SmsBusy, match="certificate") as busy:
            make_gateway(f"https://localhost:{provider.port}").send(TEXT)
        assert isinstance(busy.value.__cause__, RequestNotSent)


def test_https_goes_through_the_proxy_of_the_environment(
    make_gateway: MakeGateway, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def proxy(line: socket.socket) -> None:
        asked.append(read_request(line))
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        over_tls(certificate)(line)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with scripted(proxy) as server:
        monkeypatch.setenv("https_proxy", f"http://user:pass@127.0.0.1:{server.port}")
        monkeypatch.setenv("no_proxy", "")
        assert make_gateway("https://localhost:8443").send(TEXT).sid == "SM1"
    assert asked[0].startswith(b"CONNECT localhost:8443 HTTP/1.1")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz" in asked[0]
