"""`make run` in a fresh clone, as somebody meets the product for the first time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexapp.local.ports import pick_port

from .conftest import eventually, is_alive
from .test_run import CLEAN

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="not a git checkout"),
]
OURS = {"VIRTUAL_ENV", "NEXAPP_DATA_DIR", "NEXAPP_DEMO", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL"}


@pytest.fixture
def clone(place: Path) -> Path:
    folder = place / "clone"
    safe = ["-c", f"safe.directory={ROOT}", "-c", f"safe.directory={ROOT / '.git'}"]
    subprocess.run(["git", *safe, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture
def port() -> int:
    return pick_port()


@pytest.fixture
def launched(clone: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    outside = {name: value for name, value in os.environ.items() if name not in OURS}
    said = clone.parent / "said.txt"
    with said.open("wb") as log:
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env=outside | CLEAN | {"PORT": str(port)},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    yield process, said
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_one_command_brings_the_product_up_and_one_key_takes_it_down(
    launched: tuple[subprocess.Popen[bytes], Path], clone: Path, port: int
) -> None:
    process, said = launched
    ready = f"NexApp is ready: http://127.0.0.1:{port}"
    assert eventually(lambda: ready in said.read_text() or process.poll() is not None, seconds=400)
    assert ready in said.read_text(), said.read_text()

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready") as answer:
        assert answer.status == 200
    run_file = clone / ".nexapp" / "run.json"
    told = json.loads(run_file.read_text())
    assert stat.S_IMODE(run_file.stat().st_mode) == 0o600
    assert set(told) == {"url", "database_url", "login_database_url", "redis_url", "phone_url", "pids"}
    pids = told["pids"]
    workers = {"worker-messages", "worker-emails", "worker-pushes", "worker-default", "worker-slow"}
    assert set(pids) == {"supervisor", "postgres", "redis", "phone", "web", "scheduler", *workers}

    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C sends
    process.wait(timeout=30)
    assert [name for name, pid in pids.items() if is_alive(pid)] == []
    assert not run_file.exists()
    assert "Everything has stopped" in said.read_text()
