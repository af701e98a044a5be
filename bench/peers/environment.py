"""The peers' own Python environment, made once: the product's constraints stay free of theirs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / ".venv"
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"


def python() -> str:
    """The environment's interpreter. Needs the package index where the environment is missing or its pins changed."""
    stamp, program = FOLDER / ".stamp", FOLDER / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != _fingerprint():
        print("  … packages of the peers, once", flush=True)
        venv.create(FOLDER, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([program, *install, "-r", REQUIREMENTS], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the peers' packages can't be installed:\n{done.stderr[-2000:]}")
        stamp.write_text(_fingerprint())
    return str(program)


def _fingerprint() -> str:
    pins = REQUIREMENTS.read_bytes() + f"{sys.version_info[:2]} {FOLDER}".encode()
    return hashlib.sha256(pins).hexdigest()
