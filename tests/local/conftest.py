"""The launcher's tests start processes of their own; nothing here needs the web app."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexapp.local.supervisor import Supervisor


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory that the ordinary user of PostgreSQL can reach when the tests run as root."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and os.geteuid() == 0 and folder.stat().st_mode & 0o777 == 0o700:
            folder.chmod(0o711)
    return tmp_path


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor(say=lambda line: None)
    yield made
    made.stop_all()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def eventually(fact: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.02)
    return fact()
