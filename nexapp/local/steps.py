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
        """On a terminal the line is there while the step runs, and is then written over."""
        started = time.monotonic()
        on_terminal = sys.stdout.isatty() and not self.silent
        back = "\r" if on_terminal else ""
        if on_terminal:
            print(f"  … {title}", end="", flush=True)
        try:
            yield
        except BaseException:
            self.say(f"{back}  ✗ {title}")
            raise
        self.say(f"{back}  ✓ {title} ({time.monotonic() - started:.1f} s)")

    def say(self, line: str) -> None:
        if not self.silent:
            print(line, flush=True)
