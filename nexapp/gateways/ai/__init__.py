"""Reading and writing for sales people: details out of pasted text, drafts of messages, outlines of pitch decks.

`AiGateway` is what a provider offers. The local one works by rules: it finds and says only what its input holds, and
each detail comes with the words that it was found in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

FIELDS = ("name", "company", "role", "email", "phone", "location")
TONES = ("friendly", "formal", "short")
LONGEST_TEXT = 20_000
"""Of a pasted text; what stands behind it is not read."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Something that a text says about a person. `evidence` are the words that say it; `how` names the rule."""

    field: str
    value: str
    evidence: str
    how: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a prospect and of who writes. Amounts and stages come in words."""

    name: str
    company: str = ""
    role: str = ""
    location: str = ""
    stage: str = ""
    value: str = ""
    days_silent: int | None = None
    """Since the last contact; None: there was none."""
    replies: int = 0
    meetings: int = 0
    sender: str = ""
    sender_company: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Slide:
    title: str
    lines: Sequence[str] = field(default_factory=tuple)


class AiGateway(Protocol):
    def read_contact(self, text: str, country: str) -> list[Detail]:
        """At most one detail of each field. `country` reads numbers written without their code."""

    def draft_message(self, facts: Facts, tone: str) -> Draft:
        """`tone` is one of `TONES`."""

    def outline_deck(self, facts: Facts) -> list[Slide]:
        """The first slide is the cover."""
