"""A Chromium for the browser tests: the system's, or Debian's installed on the spot where we may.

python -m nexapp.local.browser     prints its path, or nothing and the reason on stderr
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# Without these it looks for updates and hosts of its own, which slows the tests and fails offline.
ARGUMENTS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """`$CHROMIUM` if set, else one on PATH."""
    if given := os.environ.get("CHROMIUM"):
        return shutil.which(given)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or shutil.which(MAC)


def launch_arguments() -> list[str]:
    """Chromium refuses its sandbox to root."""
    return [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def reason_without() -> str:
    if os.environ.get("CHROMIUM"):
        return f"CHROMIUM={os.environ['CHROMIUM']} is not a program"
    return "no Chromium or Chrome on PATH: install one (Debian: apt install chromium) or set CHROMIUM"


def install_browser() -> str | None:
    """Debian's package, quietly; nothing where we aren't root or there is no apt."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    ):
        done = subprocess.run(
            ["apt-get", *command],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"apt-get {command[0]} failed: {done.stderr.strip()[-400:]}", file=sys.stderr)
            return None
    return find_browser()


def main() -> int:
    browser = find_browser()
    if browser is None and not os.environ.get("CHROMIUM"):
        print("  … Chromium for the browser tests (Debian's package)", file=sys.stderr, flush=True)
        browser = install_browser()
    if browser is None:
        print(f"  ! Browser tests will be skipped: {reason_without()}", file=sys.stderr)
        return 0
    print(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
