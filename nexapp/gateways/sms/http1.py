"""Reading one HTTP/1.1 answer from a socket, whole or not at all."""

import socket
import time
from dataclasses import dataclass

_LARGEST_HEAD = 64 * 1024
_LARGEST_BODY = 16 * 1024 * 1024


class BadAnswer(Exception):
    """What came is not a whole HTTP answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` has its names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    keep_alive: bool

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class AnswerReader:
    """For one answer on one connection. One deadline for all reads: a dripping server cannot stretch it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._buffer = b""

    def read(self, *, to_connect: bool = False) -> Answer:
        """`to_connect`: the answer to CONNECT, which has no body whatever its headers say."""
        status, version, headers = self._read_final_head()
        if to_connect or status in (204, 304):
            return Answer(status, headers, b"", keep_alive=True)
        body, measured = self._read_body(headers)
        alive = measured and version == b"HTTP/1.1" and headers.get("connection", "").lower() != "close"
        return Answer(status, headers, body, alive and not self._buffer)

    def _read_final_head(self) -> tuple[int, bytes, dict[str, str]]:
        while True:
            status, version, headers = self._read_head()
            if status >= 200:
                return status, version, headers

    def _read_head(self) -> tuple[int, bytes, dict[str, str]]:
        lines = self._until(b"\r\n\r\n", _LARGEST_HEAD).split(b"\r\n")
        version, _, rest = lines[0].partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise BadAnswer("not HTTP")
        return int(rest[:3]), version, dict(map(_header, lines[1:]))

    def _read_body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._read_chunks(), True
        length = headers.get("content-length")
        if length is None:
            return self._until_end(), False
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            raise BadAnswer("bad length")
        return self._exactly(int(length)), True

    def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        total = 0
        while size := _chunk_size(self._until(b"\r\n", 1024)):
            total += size
            if total > _LARGEST_BODY:
                raise BadAnswer("too long")
            chunks.append(self._exactly(size))
            self._exactly(2)
        while self._until(b"\r\n", _LARGEST_HEAD):
            pass
        return b"".join(chunks)

    def _until(self, mark: bytes, most: int) -> bytes:
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > most:
                raise BadAnswer("too long")
            self._more()
        found, self._buffer = self._buffer[:at], self._buffer[at + len(mark) :]
        return found

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def _until_end(self) -> bytes:
        try:
            while len(self._buffer) <= _LARGEST_BODY:
                self._more()
        except EOFError:
            found, self._buffer = self._buffer, b""
            return found
        raise BadAnswer("too long")

    def _more(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        data = self._sock.recv(65536)
        if not data:
            raise ConnectionClosed
        self._buffer += data


class ConnectionClosed(BadAnswer, EOFError):
    def __str__(self) -> str:
        return "the connection was closed"


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise BadAnswer("bad chunk") from None
