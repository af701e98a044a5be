"""What is kept between starts in the data directory: ports, generated passwords and places.

One file of mode 0600, because it holds secrets.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import IO, Any

from .steps import CannotStart


def write_private(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file in one step; only its owner may read it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file, indent=1)
    draft.replace(path)


class Keep:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._path = directory / "local.json"
        self._values: dict[str, Any] = {}

    def open(self) -> None:
        # Others may pass through (an ordinary user's PostgreSQL below it when we are root), not look.
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if self._path.exists():
            self._values = json.loads(self._path.read_text())

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def put(self, name: str, value: Any) -> None:
        if self._values.get(name) != value:
            self._values[name] = value
            write_private(self._path, self._values)

    def secret(self, name: str) -> str:
        """Made once, the same ever after."""
        if name not in self._values:
            self.put(name, secrets.token_hex(24))
        return str(self._values[name])

    def vapid_key(self) -> str:
        """A key for signing pushes, made once: 32 bytes that are a number below the order of P-256."""
        if "vapid_key" not in self._values:
            raw = secrets.token_bytes(32)
            self.put("vapid_key", urlsafe_b64encode(bytes([raw[0] & 0x7F]) + raw[1:]).rstrip(b"=").decode())
        return str(self._values["vapid_key"])

    def app_push_key(self) -> str:
        """The key of the local service account for pushes to apps, made once."""
        if "app_push_key" not in self._values:
            from cryptography.hazmat.primitives.asymmetric import rsa
            from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

            key = rsa.generate_private_key(65537, 2048)
            made = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            self.put("app_push_key", made.decode())
        return str(self._values["app_push_key"])

    def lock(self) -> IO[str]:
        """One launcher per data directory. Held until closed; a killed launcher's lock is gone."""
        held = (self.directory / "lock").open("a")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise CannotStart(self._who_runs()) from None
        return held

    def _who_runs(self) -> str:
        try:
            url = json.loads((self.directory / "run.json").read_text())["url"]
        except (OSError, ValueError, KeyError):
            return f"NexApp is already being started from {self.directory}: wait for it, or stop it first."
        return f"NexApp already runs from {self.directory} at {url}: stop it, or set another NEXAPP_DATA_DIR."
