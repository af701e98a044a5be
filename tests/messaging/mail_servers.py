"""A mail server that can stop answering at any point of a letter, as real ones do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nexapp.gateways.email.smtp import MailServer, SmtpGateway

HANGS = ("connect", "mail", "rcpt", "data", "end")


class StrangeServer:
    """Takes letters, in the order in which they come. `hangs_at` a step it never answers; None: it answers."""

    def __init__(self, port: int = 0) -> None:
        self.hangs_at: str | None = None
        self.seconds_each = 0.0
        """How long it takes to have a letter at its door."""
        self.subjects: list[str] = []
        self.connections = 0
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def gateway(self, seconds: float = 1.5) -> SmtpGateway:
        return SmtpGateway(MailServer.of(f"smtp://127.0.0.1:{self.port}"), "NexApp <a@nexapp.example>", seconds)

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            # Else the thread that accepts keeps the port.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _address = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line, line.makefile("rwb", buffering=0) as talk, suppress(OSError):
            for step, answer in self._steps(talk):
                if self.hangs_at == step:
                    self._over.wait(60)
                    return
                talk.write(answer + b"\r\n")

    def _steps(self, talk: socket.SocketIO) -> Iterator[tuple[str, bytes]]:
        yield "connect", b"220 here"
        while command := talk.readline():
            verb = command[:4].lower()
            if verb == b"data":
                self._over.wait(self.seconds_each)
                yield "data", b"354 go on"
                letter = self._letter(talk)
                if letter and self.hangs_at != "end":
                    self.subjects.append(letter)
                yield "end", b"250 taken"
            elif verb == b"quit":
                yield "quit", b"221 bye"
                return
            else:
                yield verb.decode(), b"250 yes"

    @staticmethod
    def _letter(talk: socket.SocketIO) -> str:
        """Its subject; empty where the line broke before the last line: then it is none."""
        subject = ""
        while (line := talk.readline()) != b".\r\n":
            if not line:
                return ""
            if line.lower().startswith(b"subject:"):
                subject = line.split(b":", 1)[1].strip().decode()
        return subject


@contextmanager
def strange_server() -> Iterator[StrangeServer]:
    server = StrangeServer()
    try:
        yield server
    finally:
        server.close()
