"""Makes the virtual environment; runs before there is one, so it knows the standard library only
and keeps to a syntax that an old Python can read in order to say that it is too old.

    python3 -I nexapp/local/bootstrap.py [directory of the environment]
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3")
INPUTS = ("constraints.txt", "pyproject.toml")


def main(argv: list[str]) -> int:
    if sys.version_info < OLDEST:
        return hand_over_to_a_newer_python(argv)
    venv = Path(argv[0] if argv else ".venv")
    venv = venv if venv.is_absolute() else ROOT / venv
    if (venv / ".stamp").exists() and (venv / ".stamp").read_text() == fingerprint():
        return 0
    return build(venv)


def hand_over_to_a_newer_python(argv: list[str]) -> int:
    for name in CANDIDATES:
        path = shutil.which(name)
        if path and is_new_enough(path):
            return subprocess.call([path, "-I", str(Path(__file__)), *argv])
    print(
        f"NexApp needs Python 3.11 or newer; this one is {sys.version_info[0]}.{sys.version_info[1]}. "
        "Install it, or name it: make PYTHON=/path/to/python3.12 run",
        file=sys.stderr,
    )
    return 1


def is_new_enough(python: str) -> bool:
    probe = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.call([python, "-c", probe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def fingerprint() -> str:
    """Changes with the pins and with the Python, so that the environment is then made again."""
    parts = [(ROOT / name).read_bytes() for name in INPUTS]
    parts.append(f"{ROOT} {sys.version_info[0]}.{sys.version_info[1]}".encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def build(venv: Path) -> int:
    print("Setting up (first run or changed dependencies)", flush=True)
    python = str(venv / "bin" / "python")
    (venv / ".stamp").unlink(missing_ok=True)
    create = [sys.executable, "-m", "venv", "--clear", str(venv)]
    # The constraints name every package, so nothing is left to be resolved at install time.
    install = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "-r",
        str(ROOT / "constraints.txt"),
    ]
    if not step(
        f"Python environment in {venv.name}",
        create,
        "Debian and Ubuntu keep this in a package: apt install python3-venv",
    ):
        return 1
    if not step(
        "Python packages, about a minute",
        install,
        "Check the network and the package index, then run it again.",
    ):
        return 1
    (venv / ".stamp").write_text(fingerprint())
    return 0


def step(title: str, command: list[str], advice: str) -> bool:
    started = time.monotonic()
    print(f"  … {title}", flush=True)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
        check=False,
    )
    if done.returncode == 0:
        print(f"  ✓ {title} ({time.monotonic() - started:.1f} s)", flush=True)
        return True
    print(done.stdout.decode(errors="replace")[-4000:], file=sys.stderr)
    print(f"  ✗ {title} failed. {advice}", file=sys.stderr, flush=True)
    return False


def environment() -> dict[str, str]:
    """Without what a surrounding environment would change about the new one."""
    return {
        k: v
        for k, v in os.environ.items()
        if k not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
