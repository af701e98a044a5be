"""A real HTTP server that hosts a calendar: at the machine's edge, it stands in for Google's, Apple's or a salon's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = Callable[["_Handler"], None]


class CalendarHost:
    """`body` is what it answers; `answer`, where set, answers instead."""

    def __init__(self) -> None:
        self.body = b""
        self.etag: str | None = None
        self.answer: Answer | None = None
        self.requests: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"host": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/team.ics"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def show(self, *events: str) -> None:
        self.body = calendar(*events)


class _Handler(BaseHTTPRequestHandler):
    host: CalendarHost

    def do_GET(self) -> None:
        self.host.requests.append(dict(self.headers))
        if self.host.answer is not None:
            self.host.answer(self)
        elif self.host.etag and self.headers.get("If-None-Match") == self.host.etag:
            self.reply(304, b"")
        else:
            self.reply(200, self.host.body, **({"ETag": self.host.etag} if self.host.etag else {}))

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def calendar(*events: str, head: str = "") -> bytes:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Test//Test//EN",
        *head.splitlines(),
        *events,
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join("\r\n".join(line.splitlines()) for line in lines).encode()


def event(uid: str, at: datetime, minutes: int = 30, *more: str) -> str:
    """An event in UTC."""
    starts, ends = stamp(at), stamp(at + timedelta(minutes=minutes))
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{starts}", f"DTEND:{ends}", *more, "END:VEVENT"])


def raw_event(uid: str, *lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
