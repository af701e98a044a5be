"""People with an address in organisations of each kind and tier, their browsers, and notices that they got."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from tests.people import Browser, Sql, Tables

PAGE = "/notification-settings"


@dataclass
class Somebody(Browser):
    email: str

    def get(self, path: str = PAGE, *, fragment: bool = False, **query: Any) -> TestResponse:
        return super().get(path, fragment=fragment, **query)

    def post(
        self, path: str, sent: dict[str, Any] | None = None, *, fragment: bool = False, **fields: Any
    ) -> TestResponse:
        """Names with a dot in them come as `sent`."""
        return super().post(path, fragment=fragment, **(sent or {}), **fields)


@dataclass
class Team(Tables):
    app: Flask
    sql: Sql
    kind: str = "sales"
    tier: str = "elite"
    zone: str = "America/New_York"
    org_id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.insert(
            "organizations", id=self.org_id, name=f"Team {self.tier}", slug=f"team-{self.org_id.hex}", kind=self.kind,
            tier=self.tier, time_zone=self.zone,
        )  # fmt: skip

    def member(self, role: Role = Role.OWNER, *, email: str | None = None, zone: str | None = None) -> Somebody:
        address = f"p{new_id().hex}@example.com" if email is None else email
        user_id = self.add_user(role, name="Sam", email=address or None, time_zone=zone)
        return Somebody(self.client_of(user_id), Actor(role, self.org_id, user_id), address)

    def notice(self, person: Somebody, type_name: str = "coin_earned", **columns: Any) -> UUID:
        """One notice as it lies there, however it came."""
        row: dict[str, Any] = {
            "id": new_id(), "user_id": person.user_id, "org_id": self.org_id, "type": type_name, "title": "A title",
            "message": "A message", "icon": "🪙",
        } | columns  # fmt: skip
        self.insert("notifications", **row)
        return row["id"]

    def notices(self, person: Somebody, count: int, type_name: str, **columns: Any) -> list[UUID]:
        return [self.notice(person, type_name, **columns) for _ in range(count)]

    def letter(self, person: Somebody, notice_id: UUID | None, **columns: Any) -> UUID:
        """The e-mail of a notice, as the engine writes it down."""
        row: dict[str, Any] = {
            "id": new_id(), "org_id": self.org_id, "channel": "email", "lane": 2, "purpose": "notice",
            "subject_kind": "notification", "subject_id": notice_id, "notification_id": notice_id, "to_phone": "",
            "to_email": person.email, "subject": "A title", "body": "A message", "segments": 0,
            "user_id": person.user_id,
        } | columns  # fmt: skip
        self.insert("messages", **row)
        return row["id"]


def ago(**span: float) -> datetime:
    return now() - timedelta(**span)
