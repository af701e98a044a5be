"""What a person at the terminal sees while things are set up."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class CannotStart(Exception):
    """The start can't go on. The text is for the person at the terminal."""


@dataclass
class Steps:
    """Prints each step with its duration; a silent one keeps quiet for tests."""

    silent: bool = False

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        self._pending(title)
        try:
            yield
        except BaseException:
            self.say(f"  ✗ {title}")
            raise
        self.say(f"\r  ✓ {title} ({time.monotonic() - started:.1f} s)" if self._draws else self._done(title, started))

    def say(self, line: str) -> None:
        if not self.silent:
            print(line, flush=True)

    @property
    def _draws(self) -> bool:
        return sys.stdout.isatty()

    def _pending(self, title: str) -> None:
        if self._draws and not self.silent:
            print(f"  … {title}", end="", flush=True)

    @staticmethod
    def _done(title: str, started: float) -> str:
        return f"  ✓ {title} ({time.monotonic() - started:.1f} s)"
