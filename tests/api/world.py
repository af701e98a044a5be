"""Callers of the API: a key each, and the organisation that they work in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexapp.identity.accounts import create_user
from nexapp.identity.api_keys import SCOPES, make_key
from nexapp.identity.businesses import add_member, create_organization
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work

EVERY_SCOPE = tuple(SCOPES)


@dataclass
class Team:
    """A sales organisation and its people by role."""

    app: Flask
    org_id: UUID
    people: dict[str, UUID] = field(default_factory=dict)

    def actor(self, role: str) -> Actor:
        return Actor(Role(role), self.org_id, self.people[role])

    def key(self, role: str = "owner", kind: str = "personal", scopes: Sequence[str] = EVERY_SCOPE) -> str:
        with self.app.app_context(), unit_of_work(self.actor(role)):
            return make_key(f"{role} {kind}", kind, list(scopes)).secret

    def caller(self, role: str = "owner", kind: str = "personal", scopes: Sequence[str] = EVERY_SCOPE) -> Api:
        return Api(self.app.test_client(), self.key(role, kind, scopes))


@dataclass
class Api:
    client: FlaskClient
    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        given = {"Authorization": f"Bearer {self.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        sent = {"json": body} if body is not None else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=given, **sent)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)


def make_team(app: Flask, name: str = "Summit", *, area: str = "212", tier: str = "elite") -> Team:
    with app.app_context(), unit_of_work(SYSTEM):
        org = create_organization(name, time_zone="America/Chicago", kind="sales", tier=tier)
        team = Team(app, org.id)
        for n, role in enumerate(("owner", "admin", "manager", "staff", "viewer")):
            person = create_user(f"+1{area}555{4100 + n}", f"{name} {role}")
            add_member(org.id, person.id, Role(role))
            team.people[role] = person.id
    return team


MakeTeam = Callable[..., Team]
