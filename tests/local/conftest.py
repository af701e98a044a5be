"""The launcher's tests start processes of their own; nothing here needs the web app."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexapp.local.supervisor import Supervisor


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that PostgreSQL's ordinary user can enter when the tests run as root.

    Not pytest's own: each session that starts closes those of all sessions to others.
    """
    folder = Path(tempfile.mkdtemp(prefix="nexapp-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


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


def eventually(fact: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.02)
    return fact()
