"""Who may call a view. Exactly one of these decorators stands on each; the app refuses to start otherwise.

An access rule finds the actor before the transaction begins and raises `NotSignedIn`, `NoOrganisation`,
`SecondFactorNeeded`, `Forbidden` or `NotFound`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, current_app, g, request

from nexapp.spine.errors import Forbidden, NexError, NotSignedIn
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role

View = TypeVar("View", bound=Callable[..., Any])


class NoOrganisation(NexError):
    """Signed in, but without a business: the way on is the selector or onboarding."""

    status = 403
    code = "no_organisation"
    sentence = "Choose a business, or set one up."


class SecondFactorNeeded(NexError):
    """A platform admin whose session has not shown it yet: the way on is the page that asks for it."""

    status = 403
    code = "second_factor_needed"
    sentence = "Enter the code of your authenticator app first."


@dataclass(frozen=True, slots=True)
class Principal:
    """Who the request's session belongs to; found by one look-up, before any transaction."""

    user_id: UUID
    session_id: UUID
    org_id: UUID | None = None
    role: Role = Role.NOBODY
    is_platform_admin: bool = False
    """Of a session that passed the second factor; without it, `lacks_second_factor`."""
    lacks_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    kind: str
    load: Callable[[dict[str, Any]], Actor | None]
    unit: bool = True
    csrf: bool = True
    reason: str = ""
    minimum: Role | None = None


def principal() -> Principal | None:
    """The signed-in person, or None. The identity part tells how to find it."""
    loader: Callable[[], Principal | None] = current_app.extensions["principal_loader"]
    return loader()


def require_principal() -> Principal:
    if (found := principal()) is None:
        raise NotSignedIn
    return found


def public(reason: str, *, unit: bool = True, csrf: bool = True) -> Callable[[View], View]:
    """Anybody may call it, for the reason given. It runs as the system, so it must name what it reads."""
    return _mark(Access("public", lambda _: SYSTEM if unit else None, unit, csrf, reason))


def link(resolve: Callable[..., Actor | None], *, unit: bool = True) -> Callable[[View], View]:
    """The address itself is the authority: `resolve(**view_args)` finds whose it is.

    No cookie takes part, so a forged post from elsewhere has nothing to ride on; posts from another
    site are refused by their origin instead of by a token.
    """
    return _mark(Access("link", lambda args: resolve(**args), unit, csrf=False, reason="signed link"))


def member(minimum: Role) -> Callable[[View], View]:
    return _mark(Access("member", lambda _: _member_actor(minimum), minimum=minimum))


def _mark(access: Access) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return decorate


def _member_actor(minimum: Role) -> Actor:
    found = require_principal()
    if found.org_id is None:
        raise NoOrganisation
    if not found.role.at_least(minimum):
        raise Forbidden
    return _actor(found, found.role)


def _founder_actor(_: dict[str, Any]) -> Actor:
    found = require_principal()
    return Actor(Role.OWNER, new_id(), found.user_id, session_id=found.session_id)


def _admin_actor(_: dict[str, Any]) -> Actor:
    found = require_principal()
    if found.lacks_second_factor:
        raise SecondFactorNeeded
    if not found.is_platform_admin:
        raise Forbidden("This page is for the people who run NexApp.")
    return Actor(Role.SYSTEM, None, found.user_id, True, found.session_id)


def _account_actor(args: dict[str, Any]) -> Actor:
    if require_principal().lacks_second_factor:
        raise SecondFactorNeeded
    return _half_signed_in_actor(args)


def _half_signed_in_actor(_: dict[str, Any]) -> Actor:
    found = require_principal()
    return Actor(Role.SYSTEM, None, found.user_id, found.is_platform_admin, found.session_id)


def _actor(found: Principal, role: Role) -> Actor:
    return Actor(role, found.org_id, found.user_id, found.is_platform_admin, found.session_id)


own_account = _mark(Access("own_account", _account_actor))
"""A signed-in person about their own account, which lies over all businesses. It runs as the system, so it must name
whose rows it touches: those of `current_actor().user_id`."""
second_factor_step = _mark(Access("own_account", _half_signed_in_actor))
"""The one step that a platform admin's session may take before it has passed the second factor."""
signed_in = _mark(Access("signed_in", lambda _: _actor(p := require_principal(), p.role)))
founder = _mark(Access("founder", _founder_actor))
platform_admin = _mark(Access("platform_admin", _admin_actor))


def reader() -> Actor | None:
    """Whom a page is made for: the signed-in person in the business they chose, whatever the view itself runs as."""
    acting: Actor | None = g.get("actor")
    if acting is None or acting.user_id is None or acting.role is not Role.SYSTEM:
        return acting
    found = principal()
    return _actor(found, found.role) if found else acting


def bearer_token() -> str | None:
    """The key that came with the request; None where there is none."""
    given = request.headers.get("Authorization", "")
    return given[7:].strip() or None if given[:7].lower() == "bearer " else None


def access_of(app: Flask, endpoint: str) -> Access | None:
    found: Access | None = getattr(app.view_functions[endpoint], "access", None)
    return found


def refuse_unguarded_routes(app: Flask) -> None:
    open_routes = [r.rule for r in app.url_map.iter_rules() if access_of(app, r.endpoint) is None]
    if open_routes:
        raise RuntimeError(f"routes without an access rule: {', '.join(sorted(open_routes))}")
