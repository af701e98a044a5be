"""`python app.py`: everything, with its progress, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from nexapp.settings import ConfigurationError, load_settings

from .processes import ROOT
from .stack import Stack
from .steps import CannotStart, Steps
from .supervisor import StopRequested

STOPPED = 130
DEFAULT_PORT = "5000"


def main() -> int:
    stop_requested = threading.Event()
    _install_handlers(stop_requested)  # before the first child: a stop must never pass it by
    steps = Steps()
    try:
        stack = Stack(data_directory(), port=_port(), steps=steps, stop_requested=stop_requested)
        return _run(stack, steps, stop_requested)
    except ConfigurationError as error:
        _complain("NexApp can't start with these settings:", *(f"  - {problem}" for problem in error.problems))
    except CannotStart as error:
        _complain(str(error))
    return 1


def data_directory() -> Path:
    return ROOT / os.environ.get("NEXAPP_DATA_DIR", ".nexapp")


def _port() -> int:
    """Anything but a port number is left for the settings' own list of problems."""
    given = os.environ.get("PORT") or DEFAULT_PORT
    return int(given) if given.isdecimal() and 0 < int(given) < 65536 else int(DEFAULT_PORT)


def _run(stack: Stack, steps: Steps, stop_requested: threading.Event) -> int:
    steps.say("Starting NexApp")
    try:
        _check_settings(stack)
        stack.start_all()
        _announce(stack, steps)
        stop_requested.wait()
        return 0
    except StopRequested:
        return STOPPED
    finally:
        if stop_requested.is_set():
            steps.say("\nStopping")
        stack.stop()
        if stop_requested.is_set():
            steps.say("  ✓ Everything has stopped")


def _check_settings(stack: Stack) -> None:
    stack.prepare()
    # A wrong port is replaced while ports are chosen; the check has to see what was given.
    given = {"PORT": os.environ["PORT"]} if os.environ.get("PORT") else {}
    load_settings(stack.environment | given)


def _announce(stack: Stack, steps: Steps) -> None:
    steps.say(f"\nNexApp is ready: {stack.url}")
    if stack.wants_demo:
        with contextlib.suppress(CannotStart):
            sign_ins = stack.command("demo-sign-ins").rstrip()
            steps.say("Sign in with one of these numbers; the code arrives on the local phone:")
            steps.say("\n".join(f"  {line}" for line in sign_ins.splitlines()))
    if stack.phone_url:
        steps.say(f"Texts arrive on the local phone: {stack.phone_url}/dev/phone")
    steps.say(f"Logs: {stack.data_dir / 'logs'}   Stop: Ctrl-C")


def _install_handlers(stop_requested: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stop_requested.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _complain(*lines: str) -> None:
    print("\n".join(lines), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
