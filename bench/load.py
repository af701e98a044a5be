"""The load generator: raw sockets, prebuilt requests, one process of its own, the same for every contestant.

Reads one JSON line per round, `{"port", "connections", "paths"}` and perhaps `"method"` and `"cookie"`, and answers
with one: `{"seconds", "statuses", "length"}`: the statuses in the order of the paths, the length of the first
connection's last body. Connections are opened and used once before the clock runs, and kept alive through the round;
each takes the next path as soon as it has its answer.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Iterator

HOST = "127.0.0.1"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
PATIENCE_SECONDS = 60.0


class Lost(Exception):
    """A contestant closed a connection in the middle, or gave no answer in time."""


class Line:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection((HOST, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.index = -1
        self.length = 0
        self._read = b""
        self._wanted = 0

    def ask(self, index: int, request: bytes) -> None:
        self.index, self._read, self._wanted = index, b"", 0
        self.sock.sendall(request)

    def hear(self) -> int | None:
        """The status, once the whole answer is here."""
        found = self.sock.recv(65536)
        if not found:
            raise Lost("closed in the middle of an answer")
        self._read += found
        if not self._wanted and (end := self._read.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._read, 0, end)
            if length is None:
                raise Lost("an answer without a length")
            self.length = int(length[1])
            self._wanted = end + 4 + self.length
        if not self._wanted or len(self._read) < self._wanted:
            return None
        return int(self._read[9:12])


def run(
    port: int, connections: int, paths: list[str], method: str = "POST", cookie: str = ""
) -> tuple[float, list[int], int]:
    requests = [_request(method, port, path, cookie) for path in paths]
    lines = [Line(port) for _ in range(connections)]
    try:
        _drive(lines, [_request("GET", port, "/health/live")] * connections)
        began = time.perf_counter()
        statuses = _drive(lines, requests)
        return time.perf_counter() - began, statuses, lines[0].length
    finally:
        for line in lines:
            line.sock.close()


def _drive(lines: list[Line], requests: list[bytes]) -> list[int]:
    """Send all requests over the lines; the statuses."""
    statuses = [0] * len(requests)
    waiting = iter(enumerate(requests))
    with selectors.DefaultSelector() as selector:
        for line in lines:
            if _ask_next(line, waiting):
                selector.register(line.sock, selectors.EVENT_READ, line)
        while selector.get_map():
            ready = selector.select(PATIENCE_SECONDS)
            if not ready:
                raise Lost("no answer in time")
            for key, _ in ready:
                heard: Line = key.data
                if (status := heard.hear()) is not None:
                    statuses[heard.index] = status
                    if not _ask_next(heard, waiting):
                        selector.unregister(heard.sock)
    return statuses


def _ask_next(line: Line, waiting: Iterator[tuple[int, bytes]]) -> bool:
    index, request = next(waiting, (-1, b""))
    if index < 0:
        return False
    line.ask(index, request)
    return True


def _request(method: str, port: int, path: str, cookie: str = "") -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{port}", f"Origin: http://{HOST}:{port}", "Accept: text/html"]
    if cookie:
        head.append(f"Cookie: {cookie}")
    if method == "POST":
        head += ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 0"]
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def main() -> None:
    for line in sys.stdin:
        seconds, statuses, length = run(**json.loads(line))
        print(json.dumps({"seconds": seconds, "statuses": statuses, "length": length}), flush=True)


if __name__ == "__main__":
    main()
