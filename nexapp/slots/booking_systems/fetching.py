"""Reading a feed from an address that a merchant typed: bounded in time and size, and never from a private network.

The name is resolved here, every address it has is checked, and the connection goes to the one that was checked: a name
that changes its address in between leads nowhere. Redirects are followed by hand, each checked like the first.
"""

from __future__ import annotations

import gzip
import http.client
import socket
import ssl
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi

from nexapp.slots.booking_systems.errors import FeedFailed
from nexapp.spine.public_addresses import is_public

MOST_BYTES = 5 * 1024 * 1024
CONNECT_SECONDS, READ_SECONDS, ALL_SECONDS = 3.0, 5.0, 12.0
MOST_REDIRECTS = 3
PORTS = {80, 443, 8080, 8443}
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """`body` is None where nothing has changed since the last time."""

    body: bytes | None
    etag: str | None
    last_modified: str | None


def fetch(
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    private_hosts: frozenset[str] = frozenset(),
    seconds: float = ALL_SECONDS,
) -> Fetched:
    """Read the feed; raises `FeedFailed`. `private_hosts` are allowed though their addresses are private."""
    deadline = time.monotonic() + seconds
    headers = _headers(etag, last_modified)
    for _hop in range(MOST_REDIRECTS + 1):
        try:
            answer = _ask(urlsplit(url), headers, deadline, private_hosts)
        except (OSError, http.client.HTTPException, ValueError) as error:
            is_late = isinstance(error, TimeoutError) or time.monotonic() > deadline
            raise FeedFailed("slow" if is_late else "unreachable") from None
        if isinstance(answer, Fetched):
            return answer
        url = urljoin(url, answer)
    raise FeedFailed("redirects")


def _headers(etag: str | None, last_modified: str | None) -> dict[str, str]:
    asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {
        "Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "identity", "User-Agent": "NexApp calendar reader",
        "Connection": "close", **{name: value for name, value in asked.items() if value},
    }  # fmt: skip


def _ask(url: SplitResult, headers: dict[str, str], deadline: float, private_hosts: frozenset[str]) -> Fetched | str:
    """One request: what came, or where it sends us."""
    connection = _connect(url, private_hosts)
    # A socket's own limit counts from byte to byte: who sends one now and then would keep us for ever.
    bound = threading.Timer(max(0.1, deadline - time.monotonic()), connection.hang_up)
    bound.daemon = True
    bound.start()
    try:
        connection.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""), headers=headers)
        connection.sock.settimeout(READ_SECONDS)
        return _answer(connection.getresponse(), deadline)
    finally:
        bound.cancel()
        connection.close()


def _answer(response: http.client.HTTPResponse, deadline: float) -> Fetched | str:
    etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    if response.status == 304:
        return Fetched(None, etag, modified)
    if response.status in {301, 302, 303, 307, 308}:
        if not (target := response.headers.get("Location")):
            raise FeedFailed("status")
        return target
    if response.status != 200:
        raise FeedFailed("status")
    body = _decoded(_read(response, deadline), response.headers.get("Content-Encoding", ""))
    return Fetched(body, etag and etag[:300], modified and modified[:100])


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    parts, size = [], 0
    while part := response.read1(CHUNK):
        size += len(part)
        if size > MOST_BYTES:
            raise FeedFailed("too_large")
        if time.monotonic() > deadline:
            raise FeedFailed("slow")
        parts.append(part)
    if time.monotonic() > deadline:
        raise FeedFailed("slow")
    if response.length:
        raise FeedFailed("truncated")
    return b"".join(parts)


def _decoded(body: bytes, encoding: str) -> bytes:
    """Unpacked no further than the limit: a small file may hold a very large one. We ask for none, some send it."""
    if encoding.strip().lower() in {"", "identity"}:
        return body
    if encoding.strip().lower() not in {"gzip", "x-gzip"}:
        raise FeedFailed("not_calendar")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(body, MOST_BYTES + 1)
    except (zlib.error, gzip.BadGzipFile):
        raise FeedFailed("not_calendar") from None
    if len(unpacked) > MOST_BYTES:
        raise FeedFailed("too_large")
    if not unpacker.eof:
        raise FeedFailed("truncated")
    return unpacked


def _connect(url: SplitResult, private_hosts: frozenset[str]) -> _Pinned:
    host = (url.hostname or "").rstrip(".")
    if url.scheme not in {"http", "https"} or not host or "@" in url.netloc:
        raise FeedFailed("address")
    port = url.port or (443 if url.scheme == "https" else 80)
    address = _checked_address(host, port, private_hosts)
    kind = _PinnedHttps if url.scheme == "https" else _Pinned
    return kind(host, port, address)


def _checked_address(host: str, port: int, private_hosts: frozenset[str]) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host in private_hosts:
        return found[0]
    if port not in PORTS or not all(is_public(address) for address in found):
        raise FeedFailed("address")
    return found[0]


class _Pinned(http.client.HTTPConnection):
    """Goes to the address that was checked, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), CONNECT_SECONDS)

    def hang_up(self) -> None:
        """From another thread: whatever waits for this line gets its end."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _PinnedHttps(_Pinned):
    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
