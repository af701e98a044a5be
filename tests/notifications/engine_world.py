"""People of two organisations and what they are told, as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

Sql = Callable[..., list[Any]]


@dataclass(frozen=True)
class Team:
    """An organisation with so many members, in the order of joining; the first one owns it."""

    org_id: UUID
    people: list[UUID]
    sql: Sql

    def items(self, user_id: UUID | None = None, columns: str = "*") -> list[Any]:
        return self.sql(
            f"SELECT {columns} FROM notifications WHERE user_id = %s ORDER BY id", user_id or self.people[0]
        )

    def titles(self, user_id: UUID | None = None) -> list[str]:
        return [row[0] for row in self.items(user_id, "title")]

    def skips(self, user_id: UUID | None = None) -> list[tuple[str | None, str]]:
        return self.sql(
            "SELECT channel, reason FROM notification_skips WHERE user_id = %s ORDER BY channel NULLS FIRST, id",
            user_id or self.people[0],
        )

    def messages(self, user_id: UUID | None = None, columns: str = "channel, subject") -> list[Any]:
        return self.sql(
            f"SELECT {columns} FROM messages WHERE user_id = %s ORDER BY channel, id", user_id or self.people[0]
        )

    def set(self, user_id: UUID | None = None, **settings: Any) -> None:
        names = ", ".join(settings)
        marks = ", ".join("%s" for _ in settings)
        self.sql(
            f"INSERT INTO notification_settings (user_id, {names}) VALUES (%s, {marks}) ON CONFLICT (user_id)"
            f" DO UPDATE SET ({names}) = ROW({', '.join(f'excluded.{name}' for name in settings)})",
            user_id or self.people[0], *settings.values(),
        )  # fmt: skip

    def switch(self, name: str, channel: str, is_on: bool, user_id: UUID | None = None) -> None:
        self.sql(
            "INSERT INTO notification_preferences (user_id, name, channel, is_on) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (user_id, name, channel) DO UPDATE SET is_on = excluded.is_on",
            user_id or self.people[0], name, channel, is_on,
        )  # fmt: skip


def make_team(sql: Sql, *, tier: str = "elite", kind: str = "sales", people: int = 1, zone: str = "UTC") -> Team:
    org_id, ids = uuid4(), [uuid4() for _ in range(people)]
    sql(
        "INSERT INTO organizations (id, name, slug, kind, tier, time_zone) VALUES (%s, 'Summit', %s, %s, %s, %s)",
        org_id, f"t{org_id.hex}", kind, tier, zone,
    )  # fmt: skip
    for n, user_id in enumerate(ids):
        sql(
            "INSERT INTO users (id, email, name) VALUES (%s, %s, %s)",
            user_id, f"{user_id.hex}@example.com", f"Person {n}",
        )  # fmt: skip
        join_team(sql, org_id, user_id, "staff" if n else "owner")
    return Team(org_id, ids, sql)


def join_team(sql: Sql, org_id: UUID, user_id: UUID, role: str = "staff") -> None:
    sql("INSERT INTO memberships (id, org_id, user_id, role) VALUES (%s, %s, %s, %s)", uuid4(), org_id, user_id, role)
