"""Ends what a killed launcher left behind where the kernel does not do it for us (macOS)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from .supervisor import kill_group

OURS = ("nexapp.wsgi", "nexapp.gateways.phone", "--app app ")


def end_stale_processes(run_file: Path) -> None:
    """Called with the launcher's lock held: whoever wrote this file is gone."""
    if not run_file.exists():
        return
    try:
        pids = json.loads(run_file.read_text())["pids"]
    except (ValueError, KeyError):
        pids = {}
    for name, pid in pids.items():
        if name != "supervisor" and _is_ours(pid):
            kill_group(pid)
            _await_end(pid)
    run_file.unlink(missing_ok=True)


def _is_ours(pid: int) -> bool:
    """A process id may have been given to somebody else since."""
    said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return any(mark in said.stdout for mark in OURS)


def _await_end(pid: int, seconds: float = 3.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
