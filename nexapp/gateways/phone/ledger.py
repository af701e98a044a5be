"""The local phone's memory: every text and every opt-out, in SQLite.

One connection, used by the event loop alone. What arrives within one turn of the loop is committed together,
and nobody is answered before that commit; so an answer means that the text is on record, through any kill of
the process (WAL without a sync per commit: a power cut is not what this guards against).
"""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  body TEXT NOT NULL, status TEXT NOT NULL, direction TEXT NOT NULL, service_sid TEXT NOT NULL,
  callback TEXT NOT NULL, error_code INTEGER, created_at REAL NOT NULL, updated_at REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS messages_recipient ON messages (recipient, id);
CREATE INDEX IF NOT EXISTS messages_sender ON messages (sender, id);
CREATE TABLE IF NOT EXISTS opt_outs (sender TEXT, person TEXT, PRIMARY KEY (sender, person)) STRICT;
"""
_COLUMNS = "sid, sender, recipient, body, status, direction, service_sid, callback, error_code, created_at, updated_at"
_INSERT = f"INSERT INTO messages ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608

OUTBOUND = "outbound-api"
REPLY = "outbound-reply"
INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class Message:
    sid: str
    sender: str
    recipient: str
    body: str
    status: str
    direction: str
    service_sid: str
    callback: str
    error_code: int | None
    created_at: float
    updated_at: float

    @property
    def person(self) -> str:
        return self.sender if self.direction == INBOUND else self.recipient


class Ledger:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "phone.sqlite3", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)
        self._waiting: list[tuple[str, tuple[object, ...]]] = []
        self._committed: asyncio.Future[None] | None = None
        # In the order of use; a dict is the ordered set here.
        self._people: dict[str, None] = dict.fromkeys(self._list_by_use())
        # Counts every change, so that the page asks only when there is something new.
        self.version = int(time.time() * 1000)

    def close(self) -> None:
        """After the loop has ended. What was not committed by then, nobody was told of."""
        self._db.close()

    async def record(self, message: Message) -> None:
        """Returns when the text is committed."""
        self._people.pop(message.person, None)
        self._people[message.person] = None
        await self._write(_INSERT, (*(getattr(message, name) for name in Message.__slots__),))

    async def set_status(self, sid: str, status: str, error_code: int | None) -> None:
        sql = "UPDATE messages SET status = ?, error_code = ?, updated_at = ? WHERE sid = ?"
        await self._write(sql, (status, error_code, time.time(), sid))

    async def opt_out(self, sender: str, person: str) -> None:
        await self._write("INSERT OR IGNORE INTO opt_outs VALUES (?, ?)", (sender, person))

    async def opt_in(self, sender: str, person: str) -> None:
        await self._write("DELETE FROM opt_outs WHERE sender = ? AND person = ?", (sender, person))

    async def forget(self) -> None:
        """Empty every phone, opt-outs included."""
        self._people.clear()
        await self._write("DELETE FROM messages", ())
        await self._write("DELETE FROM opt_outs", ())

    def is_opted_out(self, sender: str, person: str) -> bool:
        sql = "SELECT 1 FROM opt_outs WHERE sender = ? AND person = ?"
        return self._db.execute(sql, (sender, person)).fetchone() is not None

    def find(self, sid: str) -> Message | None:
        return next(self._select("WHERE sid = ?", (sid,)), None)

    def list_unfinished(self) -> list[Message]:
        """Texts that were on their way when the process ended."""
        where = "WHERE direction <> ? AND status IN ('accepted', 'queued', 'sent') ORDER BY id"
        return list(self._select(where, (INBOUND,)))

    def list_messages(
        self,
        *,
        to: str = "",
        sender: str = "",
        after: float = 0.0,
        before: float = 0.0,
        limit: int,
        skip: int = 0,
    ) -> list[Message]:
        """Newest first."""
        where = (
            "WHERE (:to = '' OR recipient = :to) AND (:sender = '' OR sender = :sender) "
            "AND created_at >= :after AND (:before = 0 OR created_at <= :before) "
            "ORDER BY id DESC LIMIT :limit OFFSET :skip"
        )
        if to:
            # Says it in a form that the index can serve.
            where = where.replace("(:to = '' OR recipient = :to)", "recipient = :to")
        bound = {"to": to, "sender": sender, "after": after, "before": before, "limit": limit, "skip": skip}
        return list(self._select(where, bound))

    def list_people(self, search: str, limit: int) -> list[str]:
        """The numbers of the phones, the most recently used first."""
        found = (person for person in reversed(self._people) if search in person)
        return list(islice(found, limit))

    def count_people(self) -> int:
        return len(self._people)

    def list_thread(self, person: str, limit: int) -> list[Message]:
        """The newest texts from and to one phone, oldest first."""
        where = "WHERE recipient = :p OR sender = :p ORDER BY id DESC LIMIT :limit"
        return list(self._select(where, {"p": person, "limit": limit}))[::-1]

    def count_pairs(self, to: str = "") -> list[tuple[str, str, int]]:
        sql = (
            "SELECT recipient, body, count(*) FROM messages WHERE direction = ? AND (? = '' OR recipient = ?)"
            " GROUP BY recipient, body ORDER BY min(id)"
        )
        return self._db.execute(sql, (OUTBOUND, to, to)).fetchall()

    def _list_by_use(self) -> list[str]:
        sql = (
            "SELECT CASE direction WHEN 'inbound' THEN sender ELSE recipient END FROM messages"
            " GROUP BY 1 ORDER BY max(id)"
        )
        return [row[0] for row in self._db.execute(sql)]

    def _select(self, where: str, bound: tuple[object, ...] | dict[str, object]) -> Iterator[Message]:
        sql = f"SELECT {_COLUMNS} FROM messages {where}"  # noqa: S608  every value is bound
        return (Message(*row) for row in self._db.execute(sql, bound))

    async def _write(self, sql: str, bound: tuple[object, ...]) -> None:
        self._waiting.append((sql, bound))
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._flush)
        # Shielded: one caller that goes away must not take the commit from the others.
        await asyncio.shield(self._committed)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        committed, self._committed = self._committed, None
        try:
            self._db.execute("BEGIN")
            for sql, bound in waiting:
                self._db.execute(sql, bound)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            _settle(committed, error)
        else:
            self.version += 1
            _settle(committed, None)


def _settle(future: asyncio.Future[None] | None, error: Exception | None) -> None:
    if future is None or future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(None)
