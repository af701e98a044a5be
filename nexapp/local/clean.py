"""Removes everything that `make` built, the embedded database with it. Standard library only: it
runs without the environment it removes.

    python3 -I nexapp/local/clean.py
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = (
    ".venv", "node_modules", "static/vendor", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    ".import_linter_cache", ".hypothesis", "test-results", "tests/artefacts",
)  # fmt: skip


def main() -> int:
    data = ROOT / os.environ.get("NEXAPP_DATA_DIR", ".nexapp")
    if is_running(data):
        print("NexApp runs: stop it first.", file=sys.stderr)
        return 1
    for folder in places_elsewhere(data):
        shutil.rmtree(folder, ignore_errors=True)
    for path in [data, *(ROOT / name for name in BUILT)]:
        shutil.rmtree(path, ignore_errors=True)
    for cache in (
        path for top in ("nexapp", "tests", "bench", "migrations") for path in (ROOT / top).rglob("__pycache__")
    ):
        shutil.rmtree(cache, ignore_errors=True)
    print(f"Removed the environment, built assets and the data in {data}")
    return 0


def is_running(data: Path) -> bool:
    if not (data / "lock").exists():
        return False
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def places_elsewhere(data: Path) -> list[Path]:
    """Where root's PostgreSQL had to move because an ordinary user can't enter the checkout."""
    try:
        kept = json.loads((data / "local.json").read_text())
    except (OSError, ValueError):
        return []
    named = [Path(kept[key]) for key in ("postgres_data", "postgres_programs") if kept.get(key)]
    return [
        Path(*path.parts[:4])
        for path in named
        if path.parts[1:3] == ("var", "tmp") and path.parts[3].startswith("nexapp-")
    ]


if __name__ == "__main__":
    sys.exit(main())
