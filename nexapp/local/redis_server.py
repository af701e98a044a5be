"""Embedded Redis: a real server with an append-only file, reached over the loopback address alone."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from .binaries import find_redis
from .keep import Keep
from .ports import HOST, is_free, pick_port
from .steps import CannotStart
from .supervisor import Program, Supervisor, tail

READY_SECONDS = 30.0


@dataclass
class Redis:
    keep: Keep
    durable: bool = True
    name: str = "redis"
    port: int = 0
    _binary: Path | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.keep.secret('redis_password')}@{HOST}:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.keep.directory / "logs" / "redis.log"

    def prepare(self) -> None:
        self._binary = find_redis()
        self._stop_stale_server(self.keep.get("redis_port"))
        self.port = pick_port(self.keep.get("redis_port"))
        self.keep.put("redis_port", self.port)

    def start(self, supervisor: Supervisor) -> None:
        data = self.keep.directory / "redis"
        data.mkdir(exist_ok=True, mode=0o700)
        config = data / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(self._config(data))
        supervisor.start(
            Program(
                self.name,
                (str(self._binary), str(config)),
                self.log,
                cwd=data,
                is_service=True,
                env=dict(os.environ),
            )
        )
        self._await_ready(supervisor)

    def _config(self, data: Path) -> str:
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f"requirepass {self.keep.secret('redis_password')}",
            f'dir "{data}"',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            'save ""',
            "daemonize no",
        ]
        return "\n".join(lines) + "\n"

    def _await_ready(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while b"PONG" not in self._ask(self.port, "PING"):
            if time.monotonic() > deadline:
                raise CannotStart(f"Redis does not answer:\n{tail(self.log)}")
            supervisor.pause(0.02)

    def _stop_stale_server(self, port: int | None) -> None:
        """Ends the server of a killed launcher: only ours knows the password."""
        if not port or is_free(port):
            return
        self._ask(port, "SHUTDOWN")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not is_free(port):
            time.sleep(0.05)

    def _ask(self, port: int, command: str) -> bytes:
        request = f"AUTH {self.keep.secret('redis_password')}\r\n{command}\r\n".encode()
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1) as line:
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(1024), b""))
        return b""
