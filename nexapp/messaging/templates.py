"""The wording of texts: defaults, a business's own versions, and what may stand in one.

A template is plain text with `{{ variable }}` in it and nothing else: no tags, filters or attributes. It is
rendered in Jinja's sandbox all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext as _
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select

from nexapp.messaging.models import MessageTemplate
from nexapp.messaging.purposes import LENGTHS, PURPOSES
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput

LONGEST = 1000
LONGEST_TEXT = 1600
"""What a provider takes in one text."""

LONGEST_REPLY = 1400
"""Leaves room for the words of a first text."""

_IN_BRACES = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True, slots=True)
class Wording:
    """One template, ready to be filled for many people."""

    purpose: str
    body: str
    compiled: Template
    template_id: UUID | None = None
    """The business's own version, for `NewMessage.template_id`; None: the default."""

    def render(self, variables: Mapping[str, str | None]) -> str:
        """One line; raises `BadInput` where a variable that stands in it is missing."""
        given = {name: str(value) for name, value in variables.items() if value is not None}
        try:
            return " ".join(self.compiled.render(given).split())
        except TemplateError as error:
            raise BadInput(_("The text can't be filled in: %(why)s", why=str(error))) from error


def load(purpose: str, org_id: UUID | None = None) -> Wording:
    """The business's own wording, else the default."""
    own = find_current(purpose, org_id) if org_id is not None and PURPOSES[purpose].editable else None
    if own is not None:
        return Wording(purpose, own.body, _environment.from_string(own.body), own.id)
    return of_body(purpose, str(PURPOSES[purpose].default))


def of_body(purpose: str, body: str) -> Wording:
    """A wording that passed `check`."""
    return Wording(purpose, body, _environment.from_string(body))


def render(purpose: str, variables: Mapping[str, str | None], org_id: UUID | None = None) -> str:
    return load(purpose, org_id).render(variables)


def first_text(body: str, business: str) -> str:
    """The first text to a person names the business and says how to end them; what it says already isn't doubled."""
    name = re.compile(rf"(?<!\w){re.escape(business)}(?!\w)", re.IGNORECASE)
    named = body if name.search(body) else f"{business}: {body}"
    # A business may have the word in its name.
    return named if re.search(r"\bSTOP\b", name.sub("", named)) else f"{named} {_('Reply STOP to opt out.')}"


def fill_reply(body: str, name: str, business: str) -> str:
    """What somebody typed by hand, with the few variables that canned answers use. Raises `BadInput`.

    Line breaks stay; other braces are refused, for the person would read them.
    """
    known = {"first_name": name.split()[0][: LENGTHS["first_name"]] if name.split() else "", "business": business}
    if unknown := sorted({found for found in _IN_BRACES.findall(body) if found not in known}):
        raise BadInput(_("There is no %(names)s to fill in here.", names=_braced(unknown)))
    # An empty name leaves no gap before a comma.
    filled = re.sub(r" +([,.!?])", r"\1", _IN_BRACES.sub(lambda found: known[found[1]], body)).strip()
    if not filled or len(filled) > LONGEST_REPLY:
        raise BadInput(_("Write between 1 and %(most)s characters.", most=LONGEST_REPLY))
    return filled


def check(body: str, purpose: str) -> None:
    """Raises `BadInput` with a sentence where a business's wording can't be saved."""
    if not body.strip() or len(body) > LONGEST:
        raise BadInput(_("Write between 1 and %(most)s characters.", most=LONGEST))
    used, kind = _variables(body), PURPOSES[purpose]
    if unknown := sorted(set(used) - kind.allowed):
        raise BadInput(_("There is no %(names)s to fill in here.", names=_braced(unknown)))
    if missing := sorted(kind.needs - set(used)):
        raise BadInput(_("This text needs %(names)s.", names=_braced(missing)))
    if (longest := _longest(body, used)) > LONGEST_TEXT:
        raise BadInput(
            _("Filled in, this may grow to %(longest)s characters; a text holds %(most)s.", longest=longest,
              most=LONGEST_TEXT)
        )  # fmt: skip


def _longest(body: str, used: Sequence[str]) -> int:
    """What the longest values make of it, with the words that a first text may add."""
    added = LENGTHS["business"] + len(f":  {_('Reply STOP to opt out.')}")
    return (
        len(_environment.from_string(body).render(dict.fromkeys(used, "")))
        + added
        + sum(LENGTHS[name] for name in used)
    )


def _variables(body: str) -> list[str]:
    """The variables in it, each as often as it stands there."""
    try:
        tree = _environment.parse(body)
    except TemplateError as error:
        raise BadInput(_("The braces don't match: %(why)s", why=str(error))) from error
    pieces = [piece for part in tree.body for piece in getattr(part, "nodes", [part])]
    if not all(isinstance(piece, (nodes.TemplateData, nodes.Name)) for piece in pieces):
        raise BadInput(_("Only variables such as %(example)s may stand in braces.", example="{{time}}"))
    return [piece.name for piece in pieces if isinstance(piece, nodes.Name)]


def _braced(names: list[str]) -> str:
    return ", ".join("{{" + name + "}}" for name in names)


def find_current(purpose: str, org_id: UUID) -> MessageTemplate | None:
    """The business's own wording, where it has one."""
    return db.session.scalar(
        select(MessageTemplate).where(
            MessageTemplate.org_id == org_id, MessageTemplate.purpose == purpose, MessageTemplate.is_current
        )
    )
