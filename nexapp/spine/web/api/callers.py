"""Who calls the API: a key in the `Authorization` header, or else the person whose browser it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app, g

from nexapp.spine.access import Access, NoOrganisation, SecondFactorNeeded, bearer_token, principal
from nexapp.spine.errors import Forbidden, NotFound, NotSignedIn
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.web.api.limits import spend

EVERYTHING = frozenset({"*"})
"""The scopes of a person in a browser: their role alone decides."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` is the key's, or the person's session's."""

    id: UUID
    actor: Actor
    scopes: frozenset[str]
    key_id: UUID | None = None

    def has(self, scope: str) -> bool:
        return scope in self.scopes or self.scopes == EVERYTHING


class ScopeMissing(Forbidden):
    code = "scope_missing"


class PersonNeeded(Forbidden):
    code = "person_needed"
    sentence = "This is about one person's own things: use a personal key."


class KeyNotValid(NotSignedIn):
    code = "key_not_valid"
    sentence = "That key isn't valid: it is mistyped, has ended or was taken back."


def current_caller() -> Caller:
    found: Caller = g.caller
    return found


def api_access(scope: str, minimum: Role, *, personal: bool, platform: bool, kinds: tuple[str, ...]) -> Access:
    def load(_: dict[str, Any]) -> Actor:
        g.caller = caller = _caller(platform=platform)
        spend(caller.id)
        if kinds and caller.actor.org_id is not None and g.get("org_kind", "business") not in kinds:
            raise NotFound
        _refuse(caller, scope, minimum, personal=personal)
        return caller.actor

    return Access("api", load, reason=scope, minimum=minimum)


def _caller(*, platform: bool) -> Caller:
    token = bearer_token()
    if token is None:
        return _person(platform=platform)
    load: Callable[[str], Caller | None] = current_app.extensions["api_key_loader"]
    if (found := load(token)) is None:
        raise KeyNotValid
    if found.actor.org_id is None and not platform:
        raise Forbidden("This key is for running NexApp; it opens no business.")
    return found


def _person(*, platform: bool) -> Caller:
    found = principal()
    if found is None:
        raise NotSignedIn("Send a key: Authorization: Bearer …")
    if found.lacks_second_factor:
        raise SecondFactorNeeded
    if platform and found.is_platform_admin:
        admin = Actor(Role.SYSTEM, None, found.user_id, True, found.session_id)
        return Caller(found.session_id, admin, EVERYTHING)
    if found.org_id is None:
        raise NoOrganisation
    actor = Actor(found.role, found.org_id, found.user_id, found.is_platform_admin, found.session_id)
    return Caller(found.session_id, actor, EVERYTHING)


def _refuse(caller: Caller, scope: str, minimum: Role, *, personal: bool) -> None:
    if not caller.has(scope):
        raise ScopeMissing(f"This key lacks the scope {scope}.")
    actor = caller.actor
    # What a key without a person may do was ticked by an admin: its scopes say it all.
    if actor.user_id is not None and actor.role is not Role.SYSTEM and not actor.role.at_least(minimum):
        raise Forbidden
    if personal and actor.user_id is None:
        raise PersonNeeded
