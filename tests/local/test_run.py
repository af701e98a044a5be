"""What `python app.py` refuses, and what it tells."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nexapp.local.keep import write_private
from nexapp.local.ports import FIRST, LAST, is_free, pick_port
from nexapp.local.stack import Stack
from nexapp.local.steps import CannotStart

ROOT = Path(__file__).resolve().parents[2]
CLEAN = dict.fromkeys(("DATABASE_URL", "LOGIN_DATABASE_URL", "REDIS_URL", "NEXAPP_ENV", "TWILIO_ACCOUNT_SID"), "")


def start(place: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        env=os.environ | CLEAN | {"NEXAPP_DATA_DIR": str(place / "data")} | env,
        cwd="/", capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_taken_port_is_one_clear_sentence(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = start(place, PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is in use")
    assert len(done.stderr.splitlines()) == 1


def test_every_wrong_setting_is_listed_at_once(place: Path) -> None:
    done = start(place, PORT="eighty", HOLD_SECONDS="soon", NEXAPP_ENV="production", SECRET_KEY="short")
    assert done.returncode == 1
    for name in ("PORT", "HOLD_SECONDS", "SECRET_KEY", "PUBLIC_URL", "TWILIO_ACCOUNT_SID"):
        assert f"- {name}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "data" / "postgres").exists()


def test_files_with_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    target.write_text("{}")
    target.chmod(0o644)
    write_private(target, {"url": "http://127.0.0.1:5000"})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text())["url"] == "http://127.0.0.1:5000"


def test_a_port_is_kept_while_it_is_free() -> None:
    port = pick_port()
    assert FIRST <= port <= LAST
    assert pick_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert pick_port(port) != port


def test_a_stack_on_a_taken_port_says_so(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(CannotStart, match="in use"):
        Stack(place / "data", port=other.getsockname()[1]).prepare()


def test_the_launcher_does_not_load_the_web_app() -> None:
    script = "import sys, nexapp.local.run; print(*(m for m in sys.modules if m.startswith(('flask', 'nexapp.'))))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert [name for name in loaded if not name.startswith(("nexapp.local", "nexapp.settings"))] == []
