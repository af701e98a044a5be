"""`make check`: every check in one readable run. All run even if one fails, and each says how it went."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str]] = {
    "style and security (ruff)": [str(BIN / "ruff"), "check", "."],
    "format (ruff)": [str(BIN / "ruff"), "format", "--check", "."],
    "types (mypy, strict)": [str(BIN / "mypy")],
    "direction of imports (import-linter)": [str(BIN / "lint-imports")],
    "templates and assets": [sys.executable, "-m", "nexapp.local.checks"],
}


def main() -> int:
    failed = [title for title, command in CHECKS.items() if not _passes(title, command)]
    if failed:
        print(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def _passes(title: str, command: list[str]) -> bool:
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    print(f"  {'✗' if done.returncode else '✓'} {title} ({time.monotonic() - started:.1f} s)", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
