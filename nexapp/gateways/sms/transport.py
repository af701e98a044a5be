"""A lean HTTP/1.1 client for one host: kept-alive connections, hard deadlines, exact knowledge of what left.

`requests` costs more time per text than everything else in a send, and neither it nor urllib3 says whether
the whole request left. Here it is plain: until the last byte is handed to the kernel the provider cannot
have a whole request (`RequestNotSent`); after that, silence proves nothing (`AnswerLost`).
"""

import socket
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from urllib3.util.wait import wait_for_read

from nexapp.gateways.sms.http1 import Answer, AnswerReader, BadAnswer

# Shorter than the keep-alive of the usual servers and balancers, so that it is we who close an idle
# connection: one that the far side closed while our request was under way would look like a text of unknown
# fate.
IDLE_SECONDS = 4.0


class RequestNotSent(Exception):
    """The provider has not received a whole request, so nothing happened there."""


class AddressRefused(RequestNotSent):
    """The host's name leads to no address that we may call."""


class AnswerLost(Exception):
    """The whole request left; no whole answer came back."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a base URL leads: the host, the prefix of its paths, and the proxy on the way."""

    host: str
    port: int
    secure: bool
    prefix: str = ""
    proxy: str = ""

    @classmethod
    def of(cls, url: str) -> "Origin":
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"Not an http or https address: {url!r}")
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        proxy = "" if proxy_bypass(parts.hostname) or not secure else getproxies().get("https", "")
        return cls(parts.hostname, port, secure, parts.path.rstrip("/"), proxy)

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


@dataclass(slots=True)
class _Idle:
    sock: socket.socket
    since: float


@dataclass(slots=True)
class Transport:
    """Thread-safe. Connections beyond `size` are made when needed and closed after use."""

    origin: Origin
    size: int = 32
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    may_call: Callable[[str], bool] | None = None
    """Asked of each address that the host's name leads to; None: all are fine. Behind a proxy, the proxy decides."""
    _idle: deque[_Idle] = field(default_factory=deque)
    _tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._tls = _tls_context() if self.origin.secure else None

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request, never repeated. `target` is the path below the origin's prefix, with its query."""
        head = _head(method, self.origin, target, headers, len(body))
        sock = self._take()
        deadline = time.monotonic() + self.read_seconds
        try:
            _send_all(sock, head + body)
            answer = _read_answer(sock, deadline)
        except BaseException:
            sock.close()
            raise
        self._give_back(sock, answer)
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().sock.close()

    def _take(self) -> socket.socket:
        while True:
            try:
                idle = self._idle.pop()
            except IndexError:
                return self._connect()
            if time.monotonic() - idle.since < IDLE_SECONDS and not wait_for_read(idle.sock, 0):
                idle.sock.settimeout(self.read_seconds)
                return idle.sock
            # Readable while idle means that the far side has closed it.
            idle.sock.close()

    def _give_back(self, sock: socket.socket, answer: Answer) -> None:
        if answer.keep_alive and len(self._idle) < self.size:
            self._idle.append(_Idle(sock, time.monotonic()))
        else:
            sock.close()

    def _connect(self) -> socket.socket:
        deadline = time.monotonic() + self.connect_seconds
        try:
            sock = _open(self.origin, self._tls, deadline, self.may_call)
        except (OSError, BadAnswer, UnicodeError) as error:
            raise RequestNotSent(f"No connection to {self.origin.authority}: {error}") from error
        sock.settimeout(self.read_seconds)
        return sock


def basic_auth(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def _head(method: str, origin: Origin, target: str, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"{method} {origin.prefix}{target} HTTP/1.1", f"Host: {origin.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {length}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1")


def _send_all(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError as error:
        # The last bytes were not taken over, and without them no server has a whole request to act on.
        raise RequestNotSent(f"The connection broke before the request was out: {error}") from error


def _read_answer(sock: socket.socket, deadline: float) -> Answer:
    try:
        return AnswerReader(sock, deadline).read()
    except TimeoutError as error:
        raise AnswerLost("No answer in time.") from error
    except (OSError, BadAnswer) as error:
        raise AnswerLost(f"The answer was lost: {error!r}") from error


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _open(
    origin: Origin, tls: ssl.SSLContext | None, deadline: float, may_call: Callable[[str], bool] | None
) -> socket.socket:
    sock = _dial_proxy(origin, deadline) if origin.proxy else _dial(origin.host, origin.port, deadline, may_call)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_left(deadline))
        return tls.wrap_socket(sock, server_hostname=origin.host) if tls else sock
    except BaseException:
        sock.close()
        raise


def _dial(host: str, port: int, deadline: float, may_call: Callable[[str], bool] | None = None) -> socket.socket:
    """Connect to the first address that answers, all within one deadline (a name may have many addresses)."""
    failure: OSError = OSError("The name has no address.")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if may_call is not None and not all(may_call(str(entry[4][0])) for entry in found):
        raise AddressRefused(f"{host} leads to an address that is not called.")
    for family, kind, protocol, _name, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def _dial_proxy(origin: Origin, deadline: float) -> socket.socket:
    proxy = urlsplit(origin.proxy if "//" in origin.proxy else f"//{origin.proxy}")
    sock = _dial(proxy.hostname or "", proxy.port or 3128, deadline)
    try:
        sock.settimeout(_left(deadline))
        sock.sendall(_tunnel_request(origin, proxy.username, proxy.password))
        answer = AnswerReader(sock, deadline).read(to_connect=True)
    except BaseException:
        sock.close()
        raise
    if answer.status != 200:
        sock.close()
        raise OSError(f"The proxy answered {answer.status}.")
    return sock


def _tunnel_request(origin: Origin, user: str | None, password: str | None) -> bytes:
    target = f"{origin.host}:{origin.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if user:
        lines.append(f"Proxy-Authorization: {basic_auth(unquote(user), unquote(password or ''))}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("out of time")
    return left
