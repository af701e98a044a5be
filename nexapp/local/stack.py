"""The whole product as one object: services, then processes.

`run.py` uses it for a person, tests and measurements use it on free ports:

    stack = Stack(tmp_path, durable=False).start_all({"NEXAPP_DEMO": "0"}, web_processes=2)
    stack.url, stack.phone_url, stack.owner_url, stack.login_url, stack.redis_url
    stack.kill_worker("messages"); stack.stop()
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from nexapp.settings import LOCAL_ACCOUNT_SID

from . import assets, processes
from .keep import Keep, write_private
from .ports import HOST, is_free, pick_port
from .postgres import LOGIN, OWNER, Postgres
from .redis_server import Redis
from .stale import end_stale_processes
from .steps import CannotStart, Steps
from .supervisor import Program, StopRequested, Supervisor, tail

READY_SECONDS = 90.0
HOPELESS = 4
"""So many quick deaths in a row before the first answer, and the start is given up."""
LOCAL_SENDER = "+15005550006"
LOCAL_MAIL_SENDER = "NexApp <hello@nexapp.example>"
LOCAL_PUSH_SUBJECT = "mailto:hello@nexapp.example"
LOCAL_APP_PUSHES = {"type": "service_account", "project_id": "nexapp-local", "client_email": "pushes@nexapp.example"}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stack:
    def __init__(
        self,
        data_dir: Path | str,
        *,
        durable: bool = True,
        port: int | None = None,
        steps: Steps | None = None,
        stop_requested: threading.Event | None = None,
    ) -> None:
        """`durable=False` trades the safety of the data for speed (tests). No port: a free one."""
        self.data_dir = Path(data_dir).resolve()
        self.steps = steps or Steps(silent=True)
        self.keep = Keep(self.data_dir)
        self.postgres = Postgres(self.keep, durable)
        self.redis = Redis(self.keep, durable)
        self.supervisor = Supervisor(stop_requested, self.steps.say, self._write_run_file)
        self.environment: dict[str, str] = {}
        self._port = port
        self._own: dict[str, int] = {}
        self._lock: IO[str] | None = None
        self._announced = False
        self._prepared = False
        self._last_answer = "no answer"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Addresses

    @property
    def owner_url(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def login_url(self) -> str:
        return self.environment.get("LOGIN_DATABASE_URL") or self.owner_url

    @property
    def redis_url(self) -> str:
        return self.environment["REDIS_URL"]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.environment['PORT']}"

    @property
    def phone_url(self) -> str | None:
        return self.environment.get("TWILIO_BASE_URL") if self.has_phone else None

    @property
    def has_phone(self) -> bool:
        return self.environment.get("TWILIO_ACCOUNT_SID") == LOCAL_ACCOUNT_SID and "phone_port" in self._own

    # Starting

    def prepare(self, env: Mapping[str, str] | None = None) -> Self:
        """Choose programs, ports and secrets; nothing runs yet. `environment` is complete after this."""
        merged = {**os.environ, **(env or {})}
        given = {name: value for name, value in merged.items() if value}  # an empty setting is none
        self.keep.open()
        self._lock = self._lock or self.keep.lock()
        end_stale_processes(self.data_dir / "run.json")
        self._own = {}
        self.environment = given | {"NEXAPP_DATA_DIR": str(self.data_dir)}
        self._prepare_port()
        if not given.get("DATABASE_URL"):
            self._prepare_postgres()
        if not given.get("REDIS_URL"):
            self.redis.prepare()
            self._own["redis"] = self.redis.port
            self.environment["REDIS_URL"] = self.redis.url
        if given.get("NEXAPP_ENV") != "production":
            self._prepare_development()
        self._prepared = True
        return self

    def start_services(self, env: Mapping[str, str] | None = None) -> Self:
        """PostgreSQL and Redis, unless the environment names others."""
        if not self._prepared:
            self.prepare(env)
        if "postgres" in self._own:
            with self.steps.step("PostgreSQL"):
                self.postgres.start(self.supervisor)
        if "redis" in self._own:
            with self.steps.step("Redis"):
                self.redis.start(self.supervisor)
        return self

    def start_all(
        self,
        env: Mapping[str, str] | None = None,
        *,
        web_processes: int | None = None,
        demo: bool | None = None,
    ) -> Self:
        """Everything, until the web process says that it is ready. Stops all of it if that fails."""
        try:
            if env or not self._prepared:
                self.prepare(env)
            if web_processes is not None:
                self.environment["WEB_PROCESSES"] = str(web_processes)
            with self.steps.step("Page assets"):
                assets.build()
            self.start_services()
            self.migrate()
            if self.wants_demo if demo is None else demo:
                self.seed_demo()
            self.start_processes()
            self.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def migrate(self) -> None:
        with self.steps.step("Database tables"):
            self.command("db", "upgrade")

    def seed_demo(self) -> None:
        """The command leaves a database alone that is not empty; our own is asked only once."""
        if "postgres" in self._own and self.keep.get("seeded"):
            return
        with self.steps.step("Demo data"):
            self.command("seed-demo", "--if-empty")
        self.keep.put("seeded", True)

    def start_processes(self) -> None:
        if self.has_phone:
            self.start_phone()
        for name in processes.NAMES:
            self.supervisor.start(self._process(name))

    def start_phone(self) -> None:
        """The local phone; returns once it listens."""
        self.supervisor.start(self._process("phone"))
        deadline = time.monotonic() + READY_SECONDS
        while is_free(self._own["phone_port"]):
            self._give_up_if_hopeless("phone", late=time.monotonic() > deadline)
            self.supervisor.pause(0.02)

    def await_ready(self) -> None:
        with self.steps.step("Web, workers and scheduler"):
            deadline = time.monotonic() + READY_SECONDS
            while not self._is_ready():
                self._give_up_if_hopeless("web", late=time.monotonic() > deadline)
                self.supervisor.pause(0.15)
        self._announced = True
        self._write_run_file()

    # While it runs

    def command(self, *arguments: str) -> str:
        """Run `flask --app app …` in the stack's environment to its end; what it printed."""
        program = processes.command(arguments, self.environment, self.data_dir / "logs")
        log = program.log
        before = log.stat().st_size if log.exists() else 0
        code = self.supervisor.run(program)
        printed = log.read_bytes()[before:].decode(errors="replace")
        if code:
            raise CannotStart(f"`flask --app app {' '.join(arguments)}` ended with code {code}:\n{printed[-4000:]}")
        return printed

    def kill(self, name: str) -> int:
        """SIGKILL a process tree; the supervisor starts it again. The killed pid."""
        return self.supervisor.kill(name)

    def kill_worker(self, queue: str) -> int:
        return self.kill(f"worker-{queue}")

    def restart(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Stop a process in order and start it, with changed settings if given."""
        self.environment.update(env or {})
        self.supervisor.stop(name)
        self.supervisor.start(self._process(name))
        self._write_run_file()

    def stop_process(self, name: str) -> None:
        self.supervisor.stop(name)

    def start_process(self, name: str) -> None:
        self.supervisor.start(self._process(name))

    def log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def stop(self) -> None:
        self._announced = False
        self.supervisor.stop_all()
        (self.data_dir / "run.json").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self._prepared = False

    # How it is put together

    @property
    def wants_demo(self) -> bool:
        off = self.environment.get("NEXAPP_DEMO", "1").lower() in {"0", "false", "no", "off"}
        return not off and self.environment.get("NEXAPP_ENV", "development") == "development"

    def _prepare_port(self) -> None:
        port = self._port or pick_port()
        if not is_free(port):
            raise CannotStart(f"Port {port} is in use: stop what uses it, or choose another: PORT={port + 1} make run")
        self.environment["PORT"] = str(port)

    def _prepare_postgres(self) -> None:
        for note in self.postgres.prepare():
            self.steps.say(f"    {note}")
        self._own["postgres"] = self.postgres.port
        self.environment |= {
            "DATABASE_URL": self.postgres.url(OWNER),
            "LOGIN_DATABASE_URL": self.postgres.url(LOGIN),
        }

    def _prepare_development(self) -> None:
        chosen = self.environment
        chosen.setdefault("SECRET_KEY", self.keep.secret("secret_key"))
        if not chosen.get("VAPID_PRIVATE_KEY"):
            chosen |= {"VAPID_PRIVATE_KEY": self.keep.vapid_key(), "VAPID_SUBJECT": LOCAL_PUSH_SUBJECT}
        if chosen.get("TWILIO_ACCOUNT_SID", LOCAL_ACCOUNT_SID) != LOCAL_ACCOUNT_SID or chosen.get("TWILIO_BASE_URL"):
            return
        port = pick_port(self.keep.get("phone_port"))
        self.keep.put("phone_port", port)
        self._own["phone_port"] = port
        chosen |= {
            "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": self.keep.secret("phone_token"),
            "TWILIO_BASE_URL": f"http://{HOST}:{port}",
        }
        chosen.setdefault("TWILIO_FROM", LOCAL_SENDER)
        self._prepare_mailbox(chosen)
        self._prepare_local_pushes(chosen, f"http://{HOST}:{port}")

    def _prepare_mailbox(self, chosen: dict[str, str]) -> None:
        port = pick_port(self.keep.get("mail_port"))
        self.keep.put("mail_port", port)
        self._own["mail_port"] = port
        chosen.setdefault("MAIL_URL", f"smtp://{HOST}:{port}")
        chosen.setdefault("MAIL_FROM", LOCAL_MAIL_SENDER)

    def _prepare_local_pushes(self, chosen: dict[str, str], service: str) -> None:
        chosen.setdefault("PUSH_LOCAL_URL", service)
        if not chosen.get("FCM_CREDENTIALS"):
            account = LOCAL_APP_PUSHES | {"private_key": self.keep.app_push_key(), "token_uri": f"{service}/fcm/token"}
            chosen |= {"FCM_CREDENTIALS": json.dumps(account), "FCM_BASE_URL": f"{service}/fcm"}

    def _process(self, name: str) -> Program:
        if name != "phone":
            return processes.process(name, self.environment, self.data_dir / "logs")
        env = self.environment | {"PUBLIC_URL": self.environment.get("PUBLIC_URL") or self.url}
        return processes.phone(self._own["phone_port"], self._own["mail_port"], env, self.data_dir)

    def _is_ready(self) -> bool:
        try:
            with _direct.open(f"{self.url}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            self._last_answer = f"{answer.code} {answer.read(2000).decode(errors='replace')}"
        except (OSError, http.client.HTTPException):
            self._last_answer = "no answer"
        return False

    def _give_up_if_hopeless(self, awaited: str, *, late: bool) -> None:
        dying = [name for name in self.supervisor.pids() if self.supervisor.quick_deaths(name) >= HOPELESS]
        if not dying and not late:
            return
        name = dying[0] if dying else awaited
        reason = "keeps ending" if dying else f"was not ready in {READY_SECONDS:.0f} s"
        told = f"Its /health/ready says: {self._last_answer}\n" if name == "web" else ""
        end = f"The end of {self.log(name)}:\n{tail(self.log(name), lines=12)}"
        raise CannotStart(f"The process `{name}` {reason}. {told}{end}")

    def _write_run_file(self) -> None:
        if not self._announced:
            return
        write_private(
            self.data_dir / "run.json",
            {
                "url": self.url,
                "database_url": self.owner_url,
                "login_database_url": self.login_url,
                "redis_url": self.redis_url,
                "phone_url": self.phone_url,
                "pids": self.supervisor.pids() | {"supervisor": os.getpid()},
            },
        )


__all__ = ["Stack", "StopRequested"]
