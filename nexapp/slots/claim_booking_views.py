"""What a link's holder does with a booking, or instead of one: cancel, exchange, take another time, save the date.

Adds its routes to the claim pages' blueprint. Each works by plain forms, and a second tap leads where the first did.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for

from nexapp.slots import calendar_files, claim_bookings
from nexapp.slots.claim_errors import ClaimRefused, NothingBooked
from nexapp.slots.claim_forms import CancelForm
from nexapp.slots.claim_views import blueprint, live_parts, refused, resolve_claim, shown, unknown_page, wants_fragment
from nexapp.slots.claims import Claim, Situation, find_claim
from nexapp.slots.open_slots import list_open_times
from nexapp.slots.tokens import claim_token
from nexapp.spine.access import link

CANCELLED = "cancelled"
CHANGED = {Situation.GIVEN_UP, Situation.MOVED}


@blueprint.get("/c/<token>/cancellation")
@link(resolve_claim, unit=False)
def ask_cancel(token: str) -> Response:
    return _with_booking(token, lambda claim: _cancel_page(claim, CancelForm(formdata=None)))


@blueprint.post("/c/<token>/cancellation")
@link(resolve_claim, unit=False)
def cancel(token: str) -> Response:
    form = CancelForm()

    def act(claim: Claim) -> Response:
        if not form.validate():
            return _cancel_page(claim, form, 422)
        claim_bookings.cancel(claim, form.reason.data, form.words.data or None)
        return redirect(url_for("claims.show", token=token, done=CANCELLED), 303)  # type: ignore[return-value]

    return _with_booking(token, act)


@blueprint.get("/c/<token>/times")
@link(resolve_claim, unit=False)
def times(token: str) -> Response:
    return _with_booking(token, lambda claim: _times_page(claim) if claim.may_move else _to(claim.offer.offer_id))


@blueprint.post("/c/<token>/move")
@link(resolve_claim, unit=False)
def move(token: str) -> Response:
    return _with_booking(token, lambda claim: _to(claim_bookings.move(claim, request.form.get("time", ""))))


@blueprint.post("/c/<token>/other-times")
@link(resolve_claim, unit=False)
def take_other(token: str) -> Response:
    """Hold another open time; the person goes on under the link of that one."""
    claim: Claim | None = g.claim
    if claim is None:
        return unknown_page()
    try:
        return _to(claim_bookings.hold_other(claim, request.form.get("time", "")))
    except ClaimRefused as refusal:
        return refused(token, claim, refusal)


@blueprint.get("/c/<token>/calendar.ics")
@link(resolve_claim, unit=False)
def calendar_file(token: str) -> Response:
    claim: Claim | None = g.claim
    written = calendar_files.write(claim) if claim is not None else None
    if claim is None or written is None:
        return unknown_page()
    answer = Response(written, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="booking.ics"'
    return answer


def _with_booking(token: str, act: Callable[[Claim], Response]) -> Response:
    """For the holder of a booking that hasn't begun; a change that was made already is shown as made."""
    claim: Claim | None = g.claim
    if claim is None:
        return unknown_page()
    if claim.situation in CHANGED:
        return redirect(url_for("claims.show", token=token), 303)  # type: ignore[return-value]
    try:
        if not claim.may_change:
            raise NothingBooked
        return act(claim)
    except ClaimRefused as refusal:
        return _refused_change(token, claim, refusal)


def _refused_change(token: str, claim: Claim, refusal: ClaimRefused) -> Response:
    changed = find_claim(token) if refusal.tried else None
    if changed is not None and changed.situation in CHANGED:
        # Their own second tap was first.
        return redirect(url_for("claims.show", token=token), 303)  # type: ignore[return-value]
    if refusal.tried and request.endpoint == "claims.move" and not isinstance(refusal, NothingBooked):
        # The booking stands: what is still free can be chosen instead.
        return _times_page(claim, notice=refusal.sentence, status=refusal.status)
    return refused(token, claim, refusal)


def _cancel_page(claim: Claim, form: CancelForm, status: int = 200) -> Response:
    words = render_template("claims/cancel.html", form=form, is_late=claim.is_late, **shown(claim))
    return Response(words, status=status)


def _times_page(claim: Claim, notice: str | None = None, status: int = 200) -> Response:
    found = list_open_times(claim.offer.org_id, claim.offer.slot_id)
    template = "claims/_times.html" if wants_fragment() else "claims/times.html"
    again = url_for("claims.times", token=claim.token, fragment=1)
    live = {**live_parts(claim), "fragment_url": again, "opened_url": None}
    words = render_template(template, times=found, notice=notice, **shown(claim), **live)
    answer = Response(words, status=status)
    answer.vary.add("HX-Request")
    return answer


def _to(offer_id: UUID) -> Response:
    return redirect(url_for("claims.show", token=claim_token(offer_id)), 303)  # type: ignore[return-value]
