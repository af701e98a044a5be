"""A small HTTP/1.1 server on asyncio: requests with a length, kept-alive connections, one answer at a time
each.

Thousands of creates a second on one core leave no room for a framework. The local phone is its only user.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

_log = logging.getLogger(__name__)

_LARGEST_HEAD = 64 * 1024
_LARGEST_BODY = 1024 * 1024
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False

    def encode(self) -> bytes:
        head = (
            f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Answer')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n"
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"{head}{lines}\r\n".encode("latin-1") + self.body


# Closes the connection without a word, as a line that drops does.
HANG_UP = Response(hang_up=True)


def as_json(payload: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(payload).encode(), headers=headers or {})


@dataclass
class Request:
    """`headers` has its names in lower case."""

    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def wants_json(self) -> bool:
        return self.headers.get("content-type", "").startswith("application/json")

    def fields(self) -> dict[str, object]:
        """The body's fields, sent as a form or as JSON. Raises ValueError when it is neither."""
        if not self.wants_json:
            return dict(self.form)
        payload = json.loads(self.body or b"{}")
        if not isinstance(payload, dict):
            raise ValueError("The body is not a JSON object.")
        return payload


Handler = Callable[[Request], Awaitable[Response]]


class Connection(asyncio.Protocol):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None:
            self._next()

    def _next(self) -> None:
        try:
            request = self._parse()
        except BadRequest as error:
            self._answer(Response(error.status, error.sentence.encode(), "text/plain"), keep_alive=False)
            return
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._serve(request))

    async def _serve(self, request: Request) -> None:
        try:
            response = await self._handler(request)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            response = Response(500, b"The local phone failed; see its log.", "text/plain")
        self._task = None
        self._answer(response, keep_alive=request.headers.get("connection", "").lower() != "close")

    def _answer(self, response: Response, *, keep_alive: bool) -> None:
        if self._transport is None:
            return
        if response.hang_up:
            self._transport.abort()
            return
        self._transport.write(response.encode())
        if not keep_alive:
            self._transport.close()
        elif self._buffer:
            self._next()

    def _parse(self) -> Request | None:
        """The next whole request in the buffer, or None until more has come."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _LARGEST_HEAD:
                raise BadRequest(431, "The head is too long.")
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = dict(map(_header, lines[1:]))
        length = _length(headers)
        if len(self._buffer) < end + 4 + length:
            return None
        body = self._buffer[end + 4 : end + 4 + length]
        self._buffer = self._buffer[end + 4 + length :]
        return _request(lines[0], headers, body)


class BadRequest(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def _request(line: str, headers: dict[str, str], body: bytes) -> Request:
    parts = line.split(" ")
    if len(parts) != 3 or not parts[1].startswith("/"):
        raise BadRequest(400, "This is not HTTP.")
    path, _, query = parts[1].partition("?")
    return Request(parts[0], unquote(path), query, headers, body)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _length(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequest(411, "Send a Content-Length.")
    value = headers.get("content-length", "0")
    if not value.isdigit():
        raise BadRequest(400, "The Content-Length is not a number.")
    if int(value) > _LARGEST_BODY:
        raise BadRequest(413, "The body is too long.")
    return int(value)
