"""Requests that all leave in the same instant, each on a connection of its own that stands open before.

Bare sockets: a client that parses and encodes would spread the start over tens of milliseconds.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

Result = TypeVar("Result")
IDLE_SECONDS = 1.0
"""Gunicorn closes a connection that lay idle for two."""


@dataclass(frozen=True)
class Post:
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    at: float = 0.0
    """Seconds after the gate opens; such a one connects when it is due."""

    cookies: tuple[tuple[str, str], ...] = ()

    def encode(self, host: str) -> bytes:
        body = urlencode(self.fields).encode()
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"Host: {host}",
            f"Content-Length: {len(body)}",
            "Content-Type: application/x-www-form-urlencoded",
            *(["Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies)] if self.cookies else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: str


@dataclass
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float

    async def send(self, request: bytes) -> Answer:
        self.writer.write(request)
        answer = await _read(self.reader)
        self.used_at = time.monotonic()
        return answer


class StartingGate:
    """Kept-alive connections to one server; one that lay idle is opened anew before the server may close it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port or 80
        self._lines: list[Line] = []

    async def release(self, posts: Sequence[Post]) -> list[Answer]:
        """The answers in the order of the posts. Raises where a connection ends without one."""
        await self._open(len(posts))
        gate = asyncio.Event()
        runners = [
            asyncio.create_task(self._run(gate, line, post)) for line, post in zip(self._lines, posts, strict=False)
        ]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*runners)

    async def close(self) -> None:
        for line in self._lines:
            line.writer.close()
        self._lines = []

    async def _open(self, count: int) -> None:
        fresh = time.monotonic() - IDLE_SECONDS
        for line in self._lines:
            if line.used_at < fresh:
                line.writer.close()
        self._lines = [line for line in self._lines if line.used_at >= fresh]
        self._lines += await asyncio.gather(*(self._connect() for _ in range(count - len(self._lines))))

    async def _connect(self) -> Line:
        return Line(*await asyncio.open_connection(self._host, self._port), time.monotonic())

    async def _run(self, gate: asyncio.Event, line: Line, post: Post) -> Answer:
        request = post.encode(f"{self._host}:{self._port}")
        await gate.wait()
        if post.at:
            await asyncio.sleep(post.at)
            line.writer.close()
            line.reader, line.writer = await asyncio.open_connection(self._host, self._port)
        return await line.send(request)


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split()[1]), headers.get("location", ""), body.decode())


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """On a loop in a thread of its own: a browser's fixture may already run one in this thread."""
    done: list[Result] = []
    failed: list[BaseException] = []

    def act() -> None:
        try:
            done.append(asyncio.run(work))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
