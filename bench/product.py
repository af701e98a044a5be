"""The product under measurement: its whole stack in a folder of its own, with an app to arrange and to ask."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from nexapp.factory import build
from nexapp.local.processes import ROOT
from nexapp.local.stack import Stack
from nexapp.local.supervisor import Program
from nexapp.settings import load_settings

LATENCY_SECONDS = 0.02
"""How far away the provider is."""

RECEIPTS_AFTER_SECONDS = 4
"""Receipts come when the phone on the street has the text, not while the round is still being sent."""


class BenchStack(Stack):
    """The product's own stack, durable as at a customer's, at a provider with a latency."""

    def _process(self, name: str) -> Program:
        program = super()._process(name)
        if name != "phone":
            return program
        far = ("--latency-ms", f"{LATENCY_SECONDS * 1000:g}", "--sent-after", str(RECEIPTS_AFTER_SECONDS))
        return replace(program, argv=(*program.argv, *far))


@dataclass
class Product:
    stack: BenchStack
    _owner: list[psycopg.Connection[Any]] = field(default_factory=list)

    @cached_property
    def app(self) -> Flask:
        return build(load_settings(self.stack.environment))

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """As the database's owner, committed at once."""
        if not self._owner:
            self._owner.append(psycopg.connect(self.stack.owner_url, autocommit=True))
        cursor = self._owner[0].execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def start(self, name: str, argv: Sequence[str], **env: str) -> None:
        """Run a contestant's process beside the product's; it ends with the stack."""
        surroundings = {**self.stack.environment, "PYTHONPATH": str(ROOT), **env}
        self.stack.supervisor.start(Program(name, tuple(argv), self.stack.log(name), surroundings, ROOT))

    def close(self) -> None:
        for connection in self._owner:
            connection.close()
        self.stack.stop()


@contextmanager
def product(settings: Mapping[str, str], *, services_only: bool = False, web_processes: int = 1) -> Iterator[Product]:
    with tempfile.TemporaryDirectory(prefix="nexapp-bench-") as folder:
        # Others may read the folder: as root, PostgreSQL runs as an ordinary user.
        Path(folder).chmod(0o755)
        found = Product(BenchStack(folder))
        env = {"NEXAPP_DEMO": "0", "LOG_FORMAT": "json", **settings}
        try:
            if services_only:
                found.stack.start_services(env).migrate()
            else:
                found.stack.start_all(env, web_processes=web_processes, demo=False)
            yield found
        finally:
            found.close()


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 60.0, every: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
