"""Pitch decks: outlined from what is known of a prospect, changed as text, shown as a page and as a PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.gateways.ai.providers import ai_gateway
from nexapp.sales.activities import record_activity
from nexapp.sales.drafting import facts_of
from nexapp.sales.progress_models import PitchDeck
from nexapp.sales.prospects import lock_prospect
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.tenancy import current_actor, scoped

MOST_SLIDES = 20
MOST_LINES = 12
LONGEST_LINE = 300
LONGEST = 10_000
BULLET = re.compile(r"^[-•*]\s+")
Slides = list[dict[str, Any]]


def make_deck(prospect: Any, key: UUID) -> PitchDeck:
    """`prospect` is a row with the name of its stage. `key` names the tap: the same one twice is the same deck."""
    actor = current_actor()
    outline = ai_gateway().outline_deck(facts_of(prospect))
    slides: Slides = [{"title": one.title, "lines": list(one.lines)} for one in outline]
    row = {
        "id": key, "org_id": actor.tenant, "prospect_id": prospect.id, "user_id": actor.user_id,
        "title": slides[0]["title"][:200], "slides": slides,
    }  # fmt: skip
    added = db.session.scalar(insert(PitchDeck).values(**row).on_conflict_do_nothing().returning(PitchDeck.id))
    deck = get_deck(key)
    if added is None:
        return deck
    if actor.user_id:
        record_activity(actor.user_id, "pitch_deck", prospect.id, external_id=f"deck:{deck.id}")
    audit.record("deck.made", "pitch_deck", deck.id)
    return deck


def get_deck(deck_id: UUID) -> PitchDeck:
    found: PitchDeck | None = db.session.scalar(scoped(PitchDeck).where(PitchDeck.id == deck_id))
    if found is None:
        raise NotFound
    return found


def list_decks(prospect_id: UUID) -> Sequence[PitchDeck]:
    """The latest first."""
    return db.session.scalars(
        select(PitchDeck)
        .where(PitchDeck.org_id == current_actor().tenant, PitchDeck.prospect_id == prospect_id)
        .order_by(PitchDeck.id.desc())
        .limit(50)
    ).all()


def take_deck(deck_id: UUID) -> PitchDeck:
    """One to change: of a prospect that the actor may change. Raises `NotFound`, `Forbidden`."""
    deck = get_deck(deck_id)
    lock_prospect(deck.prospect_id)
    return deck


def change_deck(deck_id: UUID, written: str) -> PitchDeck:
    """Raises `BadInput` where there would be no slide, or too much on one; and as `take_deck` does."""
    deck = take_deck(deck_id)
    slides = read_slides(written)
    deck.slides, deck.title, deck.updated_at = slides, slides[0]["title"][:200], now()
    audit.record("deck.changed", "pitch_deck", deck.id)
    return deck


def delete_deck(deck_id: UUID) -> UUID:
    """The prospect's id. Raises as `take_deck` does."""
    deck = take_deck(deck_id)
    db.session.execute(delete(PitchDeck).where(PitchDeck.org_id == deck.org_id, PitchDeck.id == deck.id))
    audit.record("deck.deleted", "pitch_deck", deck_id)
    return deck.prospect_id


def as_text(slides: Slides) -> str:
    """A line with `#` begins a slide; the lines below it are its points."""
    return "\n\n".join("\n".join([f"# {one['title']}", *one["lines"]]) for one in slides)


def read_slides(written: str) -> Slides:
    slides: Slides = []
    for line in filter(None, (line.strip() for line in written.splitlines())):
        if line.startswith("#"):
            slides.append({"title": line.lstrip("# "), "lines": []})
        elif slides:
            slides[-1]["lines"].append(BULLET.sub("", line))
        else:
            raise BadInput(fields={"slides": _("Begin with a line like “# Title”: it opens a slide.")})
    _refuse_too_much(slides)
    return slides


def _refuse_too_much(slides: Slides) -> None:
    if not slides or not all(one["title"] for one in slides):
        raise BadInput(fields={"slides": _("Every slide needs a title, and there must be one slide.")})
    if len(slides) > MOST_SLIDES or any(len(one["lines"]) > MOST_LINES for one in slides):
        sentence = _("At most %(slides)s slides with %(lines)s lines each.", slides=MOST_SLIDES, lines=MOST_LINES)
        raise BadInput(fields={"slides": sentence})
    if any(len(line) > LONGEST_LINE for one in slides for line in (one["title"], *one["lines"])):
        raise BadInput(fields={"slides": _("A line has at most %(most)s characters.", most=LONGEST_LINE)})
