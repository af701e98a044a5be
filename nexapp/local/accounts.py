"""The ordinary user that PostgreSQL runs as: its server refuses root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    def owns(self, path: Path, *, deeply: bool = False) -> None:
        """Hand a path to this account."""
        for each in [path, *(path.rglob("*") if deeply else ())]:
            os.chown(each, self.uid, self.gid, follow_symlinks=False)

    def can_run(self, argv: list[str]) -> bool:
        try:
            done = subprocess.run(
                argv, user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except PermissionError:  # it can't even reach the program
            return False
        return done.returncode == 0

    def can_enter(self, directory: Path) -> bool:
        return self.can_run([shutil.which("test") or "/usr/bin/test", "-x", str(directory)])


def dropped_account() -> Account | None:
    """Whom to drop to: nobody's business unless we are root."""
    if os.geteuid() != 0:
        return None
    if os.environ.get("SUDO_UID", "0") != "0":
        return Account(int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", "0")))
    return _nobody()


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        entry = next(user for user in pwd.getpwall() if user.pw_uid >= 1000)
    return Account(entry.pw_uid, entry.pw_gid)
