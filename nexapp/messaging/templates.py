"""The wording of texts: defaults, a business's own versions, and what may stand in one.

A template is plain text with `{{ variable }}` in it and nothing else: no tags, filters or attributes. It is
rendered in Jinja's sandbox all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select

from nexapp.messaging.models import MessageTemplate
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput

LONGEST = 1000
VARIABLES = frozenset({"business", "service", "staff", "time", "url", "first_name", "price"})


@dataclass(frozen=True, slots=True)
class Purpose:
    """`needs` are the variables without which the text is of no use; `own` those that exist here only."""

    default: Any
    needs: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    editable: bool = True

    @property
    def allowed(self) -> frozenset[str]:
        return self.own | (VARIABLES if self.editable else frozenset({"business"}))


def _fixed(default: Any, *own: str) -> Purpose:
    return Purpose(default, frozenset(own), frozenset(own), editable=False)


PURPOSES: dict[str, Purpose] = {
    "slot_available": Purpose(
        lazy_gettext("{{business}} has a cancellation! {{time}} available. Claim now: {{url}}"),
        frozenset({"url"}),
    ),
    "hold_confirmed": Purpose(
        lazy_gettext("{{business}} is holding {{time}} for you. Confirm it here: {{url}}"), frozenset({"url"})
    ),
    "booking_confirmed": Purpose(
        lazy_gettext("You're booked at {{business}}: {{time}}. Details and changes: {{url}}"), frozenset({"time"})
    ),
    "booking_cancelled": Purpose(
        lazy_gettext("{{business}} had to cancel {{time}}. You stay on the waiting list."), frozenset({"time"})
    ),
    "reminder": Purpose(
        lazy_gettext("Reminder from {{business}}: {{time}}. Details and changes: {{url}}"), frozenset({"time"})
    ),
    "sign_in_code": _fixed(
        lazy_gettext("Your NexApp code is {{code}}. It works for 5 minutes. Nobody from NexApp will ask for it."),
        "code",
    ),
    "waiting_list_code": _fixed(
        lazy_gettext("{{business}}: your code for the waiting list is {{code}}. Reply STOP to get no more texts."),
        "code",
    ),
    "opted_out": _fixed(lazy_gettext("You won't get any more texts from us. Reply START if you change your mind.")),
    "opted_in": _fixed(lazy_gettext("You can get texts from us again. Reply STOP to end them, HELP for help.")),
    "help": _fixed(lazy_gettext("{{business}}: {{contact}}. Reply STOP to get no more texts."), "contact"),
}

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True, slots=True)
class Wording:
    """One template, ready to be filled for many people."""

    purpose: str
    body: str
    compiled: Template

    def render(self, variables: Mapping[str, str | None]) -> str:
        """One line; raises `BadInput` where a variable that stands in it is missing."""
        given = {name: str(value) for name, value in variables.items() if value is not None}
        try:
            return " ".join(self.compiled.render(given).split())
        except TemplateError as error:
            raise BadInput(_("The text can't be filled in: %(why)s", why=str(error))) from error


def load(purpose: str, org_id: UUID | None = None) -> Wording:
    """The business's own wording, else the default."""
    own = _find_own(purpose, org_id) if org_id is not None and PURPOSES[purpose].editable else None
    body = own or str(PURPOSES[purpose].default)
    return Wording(purpose, body, _environment.from_string(body))


def render(purpose: str, variables: Mapping[str, str | None], org_id: UUID | None = None) -> str:
    return load(purpose, org_id).render(variables)


def first_text(body: str) -> str:
    """The first text to a person also says how to end them."""
    return body if "STOP" in body else f"{body} {_('Reply STOP to opt out.')}"


def check(body: str, purpose: str) -> None:
    """Raises `BadInput` with a sentence where a business's wording can't be saved."""
    if not body.strip() or len(body) > LONGEST:
        raise BadInput(_("Write between 1 and %(most)s characters.", most=LONGEST))
    used, kind = _variables(body), PURPOSES[purpose]
    if unknown := sorted(used - kind.allowed):
        raise BadInput(_("There is no %(names)s to fill in here.", names=_braced(unknown)))
    if missing := sorted(kind.needs - used):
        raise BadInput(_("This text needs %(names)s.", names=_braced(missing)))


def _variables(body: str) -> set[str]:
    try:
        tree = _environment.parse(body)
    except TemplateError as error:
        raise BadInput(_("The braces don't match: %(why)s", why=str(error))) from error
    pieces = [piece for part in tree.body for piece in getattr(part, "nodes", [part])]
    if not all(isinstance(piece, (nodes.TemplateData, nodes.Name)) for piece in pieces):
        raise BadInput(_("Only variables such as %(example)s may stand in braces.", example="{{time}}"))
    return {piece.name for piece in pieces if isinstance(piece, nodes.Name)}


def _braced(names: list[str]) -> str:
    return ", ".join("{{" + name + "}}" for name in names)


def _find_own(purpose: str, org_id: UUID) -> str | None:
    return db.session.scalar(
        select(MessageTemplate.body).where(
            MessageTemplate.org_id == org_id, MessageTemplate.purpose == purpose, MessageTemplate.is_current
        )
    )
