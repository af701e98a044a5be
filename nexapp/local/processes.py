"""The product's processes as commands: the same that the Procfile names."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from .ports import HOST
from .supervisor import Program

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("web", "worker-messages", "worker-emails", "worker-pushes", "worker-default", "worker-slow", "scheduler")
FLASK: tuple[str, ...] = (sys.executable, "-m", "flask", "--app", "app")


def process(name: str, env: Mapping[str, str], logs: Path) -> Program:
    if name.startswith("worker-"):
        argv = (*FLASK, "worker", "--queue", name.removeprefix("worker-"))
    else:
        argv = _web(env) if name == "web" else (*FLASK, name)
    return Program(name, argv, logs / f"{name}.log", dict(env), ROOT)


def phone(port: int, mail_port: int, env: Mapping[str, str], data_dir: Path) -> Program:
    argv = (
        sys.executable,
        "-m",
        "nexapp.gateways.phone",
        "--port",
        str(port),
        "--data-dir",
        str(data_dir / "phone"),
        "--mail-port",
        str(mail_port),
    )
    return Program("phone", argv, data_dir / "logs" / "phone.log", dict(env), ROOT)


def command(arguments: tuple[str, ...], env: Mapping[str, str], logs: Path) -> Program:
    """One of the app's own commands, run to its end."""
    return Program(arguments[0], (*FLASK, *arguments), logs / f"{arguments[0]}.log", dict(env), ROOT)


def _web(env: Mapping[str, str]) -> tuple[str, ...]:
    workers, address = env.get("WEB_PROCESSES") or "1", f"{HOST}:{env['PORT']}"
    options = (
        "-k",
        "gevent",
        "--no-control-socket",
        "--graceful-timeout",
        "5",
        "--workers",
        workers,
        "--bind",
        address,
    )
    return (sys.executable, "-m", "gunicorn", *options, "nexapp.wsgi:app")
