"""The servers of pages: the product's own web process, Django's and Flask's hello, each with one process."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bench.peers import environment
from bench.product import Product, wait_until
from nexapp.local.ports import HOST, is_free, pick_port
from nexapp.local.processes import ROOT
from nexapp.spine.ids import new_id

SESSION = """
    INSERT INTO user_sessions (id, token_hash, user_id, org_id, expires_at, idle_seconds)
    VALUES (%s, %s, %s, %s, now() + interval '1 day', 86400)
"""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the pages, and in which organisation."""

    user_id: UUID
    org_id: UUID


def product_server(ours: Product, port: int, reader: Reader) -> Server:
    return Server(port, _sign_in(ours, reader))


def django_server(ours: Product, reader: Reader) -> Server:
    """On threads, where its connections to the database last, as Django is usually run."""
    env = {**ours.stack.environment, "PYTHONPATH": str(ROOT), "DATABASE_URL": ours.stack.owner_url}
    argv = [environment.python(), "-m", "bench.peers.django_pages", str(reader.user_id), str(reader.org_id)]
    cookie = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    worker = ("-k", "gthread", "--threads", "4")
    port = _start(ours, "django", environment.python(), worker, "bench.peers.django_pages:application")
    return Server(port, cookie)


def hello_server(ours: Product) -> Server:
    return Server(_start(ours, "hello", sys.executable, ("-k", "gevent"), "bench.peers.hello:app"))


def start_web(ours: Product) -> int:
    """The product's web process, as its Procfile has it; its port."""
    return _start(ours, "web", sys.executable, ("-k", "gevent"), "nexapp.wsgi:app")


def _start(ours: Product, name: str, python: str, worker: tuple[str, ...], application: str) -> int:
    port = pick_port()
    argv = [python, "-m", "gunicorn", *worker, "--no-control-socket", "--workers", "1", "--bind", f"{HOST}:{port}"]
    ours.start(name, [*argv, application], DATABASE_URL=ours.stack.owner_url)
    wait_until(lambda: not is_free(port), name)
    return port


def _sign_in(ours: Product, reader: Reader) -> str:
    """A browser's cookie after its first page: the session, and the secret of its forms."""
    token = secrets.token_urlsafe(32)
    ours.sql(SESSION, new_id(), hashlib.sha256(token.encode()).digest(), reader.user_id, reader.org_id)
    app = ours.app
    signer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    name = app.config["SESSION_COOKIE_NAME"]
    signed_in = {"_user_id": token, "_fresh": True, "csrf_token": secrets.token_hex(20)}
    return f"{name}={signer.dumps(signed_in)}"
