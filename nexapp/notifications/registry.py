"""Which types of notices there are. Parts register theirs at import; settings page and docs are drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from flask_babel import LazyString

CHANNELS = ("in_app", "email", "push", "sms")
TIERS = ("free", "pro", "elite")


@dataclass(frozen=True, slots=True)
class Wording:
    """Other words for the same, to see which of the two are opened and acted on more. Takes the same places."""

    title: LazyString | str
    body: LazyString | str


@dataclass(frozen=True, slots=True)
class NoticeType:
    """`title` and `body` are templates with `{name}` places; `folded` takes `{count}` for several similar items."""

    name: str
    label: LazyString
    """What the settings page calls it."""
    icon: str
    colours: tuple[str, str]
    """From and to, as Tailwind names them: the source document's gradients."""
    priority: str
    title: LazyString | str
    body: LazyString | str
    folded: LazyString | str = ""
    """Empty: items of this type never fold."""
    tier: str = "free"
    switch: str = ""
    """The switch that it shares with other types; empty: one of its own."""
    channels: tuple[str, ...] = ("in_app", "email", "push")
    """On unless the person says otherwise. E-mail and push need their master switch too."""
    kinds: tuple[str, ...] = ()
    """Kinds of organisation that have it; empty: all."""
    locked: bool = False
    """Security and billing: can't be switched off, and nothing holds it back."""
    minimum: str = "viewer"
    """The least role that gets it, for the settings page."""
    allowance: int = 0
    """How many in seven days a tier below `tier` has all the same."""
    second: Wording | None = None
    """Half of the people get this one, always the same half."""

    @property
    def switch_name(self) -> str:
        return self.switch or self.name

    @property
    def needs(self) -> frozenset[str]:
        """The values without which its words have holes; a body that is nothing but one may stay empty."""
        bodies = () if str(self.body) in {f"{{{name}}}" for name in places(self.body)} else (self.body,)
        return frozenset(places(self.title, self.folded, *bodies) - {"count"})


TYPES: dict[str, NoticeType] = {}


def register_types(*types: NoticeType) -> None:
    for known in types:
        if known.name in TYPES and TYPES[known.name] != known:
            raise RuntimeError(f"two types of notices are called {known.name}")
        if known.second and places(known.second.title, known.second.body) - places(known.title, known.body):
            raise RuntimeError(f"the second wording of {known.name} has places that nobody fills")
        TYPES[known.name] = known


def places(*templates: LazyString | str) -> set[str]:
    """The names of the values that templates show."""
    return {name for template in templates for _words, name, _spec, _how in Formatter().parse(str(template)) if name}


def find_type(name: str) -> NoticeType | None:
    return TYPES.get(name)


@dataclass(frozen=True, slots=True)
class Subject:
    """What notices are about: rows of a tenant's table, gone where the column `ended` is set."""

    table: str
    ended: str = ""


SUBJECTS: dict[str, Subject] = {}


def register_subject(kind: str, table: str, ended: str = "") -> None:
    """A notice about a row of this kind that is not there is left out, and recorded."""
    SUBJECTS[kind] = Subject(table, ended)
