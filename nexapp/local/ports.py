"""Ports on the loopback address."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"
# Below the range that systems give to outgoing connections: a client that keeps trying a stopped
# server's port inside that range can end up connected to itself.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def pick_port(wanted: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """The wanted port if nobody uses it, else a free one."""
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while True:
        port = random.randint(FIRST, LAST)  # noqa: S311 - not a secret
        if port not in taken and is_free(port):
            return port
