"""Starts processes, starts again what dies, and leaves none behind.

Each process has a session of its own, so that Ctrl-C reaches the supervisor alone and the whole
group can be killed before a restart. On Linux the kernel also signals them when we are killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .accounts import Account

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05
BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 10.0
"""A process that ran this long starts again without delay."""
GROUP_SECONDS = 0.5
LARGEST_LOG = 10_000_000


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C, or the service manager asked us to stop."""


@dataclass(frozen=True)
class Program:
    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    is_service: bool = False
    """Services start before and stop after the processes that use them."""


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)
    quick_deaths: int = 0
    restart_at: float | None = None


def _linux_libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


_libc = _linux_libc()


def _die_with_parent(sent: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent))
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel


def open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def spawn(program: Program) -> subprocess.Popen[bytes]:
    account = program.account
    with open_log(program.log) as log:
        return subprocess.Popen(
            program.argv,
            env=dict(program.env) if program.env is not None else None,
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_die_with_parent(program.stop_signal),
        )


def kill_group(pid: int) -> None:
    """Kill a process group, and give the kernel a moment to free its ports and files."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
        deadline = time.monotonic() + GROUP_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.005)
            os.killpg(pid, 0)


class Supervisor:
    def __init__(
        self,
        stop_requested: threading.Event | None = None,
        say: Callable[[str], None] = print,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.stop_requested = stop_requested or threading.Event()
        self._say = say
        self._on_change = on_change
        self._children: dict[str, _Child] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._watcher: threading.Thread | None = None

    # What may be asked

    def pids(self) -> dict[str, int]:
        with self._lock:
            return {name: child.process.pid for name, child in self._children.items()}

    def is_running(self, name: str) -> bool:
        with self._lock:
            child = self._children.get(name)
            return child is not None and child.process.poll() is None

    def quick_deaths(self, name: str) -> int:
        with self._lock:
            child = self._children.get(name)
            return child.quick_deaths if child else 0

    def pause(self, seconds: float) -> None:
        """Sleep; raises StopRequested as soon as a stop is asked for."""
        if self.stop_requested.wait(seconds):
            raise StopRequested

    # What may be done

    def start(self, program: Program) -> None:
        with self._lock:
            self._children[program.name] = _Child(program, spawn(program))
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
            self._watcher.start()

    def run(self, program: Program, seconds: float = 300.0) -> int:
        """Run a program to its end; its return code. It is killed on a stop or at the time limit."""
        process = spawn(program)
        deadline = time.monotonic() + seconds
        try:
            while process.poll() is None and time.monotonic() < deadline:
                self.pause(POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            kill_group(process.pid)
        return process.returncode

    def kill(self, name: str) -> int:
        """SIGKILL a process and its group; the watcher starts it again. Its pid."""
        with self._lock:
            pid = self._children[name].process.pid
            os.killpg(pid, signal.SIGKILL)
            return pid

    def stop(self, *names: str) -> None:
        """Stop these and forget them, all at once, each within its time."""
        with self._lock:
            children = [self._children.pop(name) for name in names if name in self._children]
        for child in children:
            self._signal(child)
        for child in children:
            self._await_end(child)

    def stop_all(self) -> None:
        with self._lock:
            services = [name for name, child in self._children.items() if child.program.is_service]
            others = [name for name in self._children if name not in services]
        self.stop(*others)
        self.stop(*reversed(services))
        self._over.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()
            self._watcher = None
            self._over.clear()

    # How it is kept

    def _watch(self) -> None:
        # Restarts happen on this thread, which lives as long as its children may: the kernel ties
        # the death signal to the thread that started them.
        while not self._over.wait(POLL_SECONDS):
            with self._lock:
                changed = [self._mend(child) for child in self._children.values()]
            if any(changed):
                self._on_change()

    def _mend(self, child: _Child) -> bool:
        if child.process.poll() is None or self.stop_requested.is_set():
            return False
        now = time.monotonic()
        if child.restart_at is None:
            self._note_death(child, now)
        if child.restart_at is not None and now < child.restart_at:
            return False
        return self._start_again(child)

    def _note_death(self, child: _Child, now: float) -> None:
        steady = now - child.started_at >= STEADY_SECONDS
        child.quick_deaths = 0 if steady else child.quick_deaths + 1
        child.restart_at = now + (0 if steady else BACK_OFF[min(child.quick_deaths, len(BACK_OFF)) - 1])
        kill_group(child.process.pid)
        self._say(f"  ! {child.program.name} {_ending(child.process.returncode)}; starting it again")

    def _start_again(self, child: _Child) -> bool:
        try:
            child.process = spawn(child.program)
        except OSError as error:
            self._say(f"  ! {child.program.name} can't be started: {error}")
            child.restart_at = time.monotonic() + BACK_OFF[-1]
            return False
        child.started_at, child.restart_at = time.monotonic(), None
        return True

    def _signal(self, child: _Child) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(child.program.stop_signal)

    def _await_end(self, child: _Child) -> None:
        try:
            child.process.wait(child.program.stop_seconds)
        except subprocess.TimeoutExpired:
            self._say(f"  ! {child.program.name} did not stop in {child.program.stop_seconds:.0f} s; killed")
            child.process.kill()
            child.process.wait()
        kill_group(child.process.pid)


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def tail(log: Path, lines: int = 25) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
