"""/c/<token>: what a person sees and taps who was offered a slot. Works without JavaScript and without a cookie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from nexapp.slots import rush
from nexapp.slots.claim_errors import BookedAtThatTime, ClaimRefused, HoldsElsewhere, SlotJustTaken
from nexapp.slots.claim_forms import ConfirmForm
from nexapp.slots.claim_words import length_words, when_words
from nexapp.slots.claims import (
    Claim,
    Situation,
    confirm_slot,
    find_claim,
    hold_slot,
    note_opened,
    release_slot,
    stay_on_list,
)
from nexapp.slots.open_slots import OpenTime, list_open_times
from nexapp.slots.tokens import claim_token
from nexapp.spine.access import link
from nexapp.spine.tenancy import Actor
from nexapp.spine.web.failures import is_fragment

blueprint = Blueprint("claims", __name__)
RELEASED, STAYED, CANCELLED = "released", "stayed", "cancelled"
LOST = {Situation.HELD_BY_OTHER, Situation.TAKEN}
CONTESTED = {Situation.OPEN, *LOST}
LOOKING = {Situation.WAIT, Situation.BUSY}


def resolve_claim(token: str) -> Actor | None:
    """The one look-up of the request; its row stays in `g`. A link we don't know gets a page, not an error."""
    g.claim = find_claim(token)
    return g.claim.actor if g.claim else None


@blueprint.get("/c/<token>")
@link(resolve_claim, unit=False)
def show(token: str) -> Response:
    claim: Claim | None = g.claim
    if claim is None:
        return unknown_page()
    return claim_page(claim, status=410 if claim.situation.is_over else 200)


@blueprint.post("/c/<token>/hold")
@link(resolve_claim, unit=False)
def hold(token: str) -> Response:
    return _told_while_waiting() or _answer(token, hold_slot)


@blueprint.post("/c/<token>/confirm")
@link(resolve_claim, unit=False)
def confirm(token: str) -> Response:
    form = ConfirmForm()
    claim: Claim | None = g.claim
    if claim is not None and claim.situation is Situation.HELD and not form.validate():
        return claim_page(claim, status=422, form=form)
    return _answer(token, lambda known: confirm_slot(known, form.name.data or "", form.note.data or None))


@blueprint.post("/c/<token>/release")
@link(resolve_claim, unit=False)
def release(token: str) -> Response:
    return _answer(token, release_slot, done=RELEASED)


@blueprint.post("/c/<token>/stay")
@link(resolve_claim, unit=False)
def stay(token: str) -> Response:
    return _answer(token, stay_on_list, done=STAYED)


@blueprint.post("/c/<token>/opened")
@link(resolve_claim, unit=False)
def opened(token: str) -> Response:
    if g.claim is not None:
        note_opened(g.claim)
    return Response(status=204)


def claim_page(claim: Claim, *, status: int = 200, **context: Any) -> Response:
    """The page, or the inside of its <main> for the page's own script."""
    template = "claims/_claim.html" if wants_fragment() else "claims/page.html"
    form = context.pop("form", None) or _empty_form(claim)
    live = {} if form and form.errors else live_parts(claim)
    words = render_template(template, **{"form": form, "times": _others(claim), **shown(claim), **live, **context})
    answer = Response(words, status=status)
    answer.vary.add("HX-Request")
    return answer


def wants_fragment() -> bool:
    return is_fragment() or request.args.get("fragment") == "1"


def unknown_page() -> Response:
    return Response(render_template("claims/unknown.html"), status=404)


def _answer(token: str, act: Callable[[Claim], None], done: str | None = None) -> Response:
    claim: Claim | None = g.claim
    if claim is None:
        return unknown_page()
    try:
        act(claim)
    except ClaimRefused as refusal:
        return refused(token, claim, refusal)
    return redirect(url_for("claims.show", token=token, done=done), 303)  # type: ignore[return-value]


def _told_while_waiting() -> Response | None:
    """Of the taps on one slot one at a time goes on; who waited is told what the first was told, or looks again."""
    claim: Claim | None = g.claim
    tap = rush.tap_of(request.environ)
    if claim is None or tap is None or claim.situation not in CONTESTED or not tap.wait_turn(claim.offer.slot_id):
        return None
    if (answer := tap.find_answer()) is not None:
        return answer
    g.claim = find_claim(claim.token) or claim
    return None


def _note_loss(claim: Claim, refusal: ClaimRefused) -> None:
    tap = rush.tap_of(request.environ)
    if tap is not None and isinstance(refusal, SlotJustTaken) and claim.situation in LOST:
        offer = claim.offer
        tap.loss = rush.Loss(offer.slot_id, offer.round, offer.state, opened=offer.opened_at is not None)


def refused(token: str, claim: Claim, refusal: ClaimRefused) -> Response:
    """Say it with the slot as it stands now. Who only looked has just seen it; a refused unit has rolled back."""
    claim = (find_claim(token) or claim) if refusal.tried else claim
    said_there = request.endpoint == "claims.release" or isinstance(refusal, BookedAtThatTime)
    if claim.situation.is_theirs and not said_there:
        # Their own second tap won: the same person gets the same answer.
        return redirect(url_for("claims.show", token=token), 303)  # type: ignore[return-value]
    _note_loss(claim, refusal)
    elsewhere = refusal.offer_id if isinstance(refusal, HoldsElsewhere) else None
    return claim_page(
        claim,
        status=410 if claim.situation.is_over else refusal.status,
        notice=refusal.sentence if _adds_something(claim, refusal) else None,
        other_address=url_for("claims.show", token=claim_token(elsewhere)) if elsewhere else None,
    )


def _adds_something(claim: Claim, refusal: ClaimRefused) -> bool:
    """The page of a taken or ended slot says it all by itself."""
    return refusal.code not in {"slot_just_taken", "must_wait"} or claim.situation is Situation.OPEN


def _empty_form(claim: Claim) -> ConfirmForm | None:
    if claim.situation is not Situation.HELD:
        return None
    return ConfirmForm(formdata=None, name=claim.offer.profile_name)


def live_parts(claim: Claim) -> dict[str, Any]:
    """What the page's script needs. A refused form is left alone: a refresh would take its sentences away."""
    return {
        "live_topic": f"slot:{claim.offer.public_token}",
        "fragment_url": url_for("claims.show", token=claim.token, fragment=1, done=_done()),
        "opened_url": url_for("claims.opened", token=claim.token) if claim.offer.opened_at is None else None,
    }


def _done() -> str | None:
    """What the person did just before, where a redirect brought them here."""
    done = request.args.get("done") if request.method in {"GET", "HEAD"} else None
    return done if done in {RELEASED, STAYED, CANCELLED} else None


def _others(claim: Claim) -> Sequence[OpenTime]:
    """Other times for who can't have this one."""
    wanted = claim.situation in LOST or claim.situation in LOOKING or claim.situation.is_over
    return list_open_times(claim.offer.org_id, claim.offer.slot_id) if wanted else ()


def shown(claim: Claim) -> dict[str, Any]:
    """What every page of a link shows: the offer in words."""
    offer = claim.offer
    return {
        "offer": offer,
        "claim": claim,
        "time_words": lambda time: when_words(time.starts_at, offer.time_zone),
        "length_words": lambda time: length_words(time.starts_at, time.ends_at),
        "next_address": (
            url_for("claims.show", token=claim_token(offer.moved_to_offer_id)) if offer.moved_to_offer_id else None
        ),
        "situation": claim.situation.value,
        "when": when_words(offer.starts_at, offer.time_zone),
        "length": length_words(offer.starts_at, offer.ends_at),
        "done": _done(),
        "token": claim.token,
    }
