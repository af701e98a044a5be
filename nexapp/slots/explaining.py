"""Why somebody did, or did not, get a text about a slot: an answer in words for any pair of the two.

The same words serve the merchant and the person, so none names who it is about, and what other businesses did is
"limits" in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from nexapp.identity.models import Organization
from nexapp.messaging.models import Consumer, Message
from nexapp.slots.models import NotifyRequest, Slot, SlotMatch, SlotOffer, SlotRound
from nexapp.slots.reasons import reason_words
from nexapp.slots.times import clock_words, day_words
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

OPTED_OUT = "The person opted out."
"""As `outbox` notes it on a text; the other texts that are held back would have passed the day's cap."""
ARRIVED = ("sent", "delivered")
TAKEN = ("held", "pending", "booked", "completed", "no_show")


@dataclass(frozen=True, slots=True)
class Why:
    """`kind` is offered, skipped, in_line, going_through, joined_later, not_on_list, not_opened or not_asked.

    `sentence` is the whole answer; `state` that of the text, where one was written; `lines` say the rest.
    """

    kind: str
    sentence: str
    state: str | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def was_texted(self) -> bool:
        return self.state in ARRIVED


def why(slot_id: UUID, consumer_id: UUID) -> Why:
    """The answer for one slot of the actor's business and one person, about its latest round that concerns them."""
    slot = _slot(slot_id)
    if slot is None or not slot.round:
        return Why("not_opened", _("Nobody has been texted about this time yet."))
    offers, match = _offers(slot, consumer_id), _match(slot, consumer_id)
    if offers and (match is None or offers[0].round == slot.round):
        latest = offers[0]
        return Why("offered", _offered(latest, slot), latest.status, _more(latest, slot, offers[1:]))
    if match is not None:
        return replace(_matched(match, slot), lines=_of_rounds(offers, slot))
    return _unmatched(slot, consumer_id)


def _offered(offer: Any, slot: Any) -> str:
    at = offer.sent_at or offer.send_at or offer.created_at
    when = {"time": clock_words(at, slot.time_zone), "day": day_words(_day(at, slot.time_zone))}
    words = {
        "queued": _("A text goes out at %(time)s on %(day)s.", **when),
        "sending": _("A text is going out now."),
        "sent": _("Texted at %(time)s on %(day)s; no receipt of its arrival yet.", **when),
        "delivered": _("Texted at %(time)s on %(day)s, and the text arrived.", **when),
        "undelivered": _("Texted at %(time)s on %(day)s, but the text did not arrive.", **when),
        "failed": _("The text could not be sent."),
        "cancelled": _withdrawn(slot),
        "suppressed": _held_back(offer),
        "expired": _("The text did not leave in time to be worth sending."),
        "unknown": _("It is not known whether the text arrived."),
    }
    return words.get(offer.status or "", _("Offered at %(time)s on %(day)s.", **when))


def _withdrawn(slot: Any) -> str:
    if slot.status in TAKEN:
        return _("The text was withdrawn before it left: the time was taken first.")
    return _("The text was withdrawn before it left.")


def _held_back(offer: Any) -> str:
    if offer.is_out:
        return _("No text: no texts are wanted at this number.")
    return _("No text: the business had used up its texts for the day.")


def _more(offer: Any, slot: Any, earlier: Sequence[Any]) -> list[str]:
    happened = [
        (offer.opened_at, _("Opened the link at %(time)s.")), (offer.held_at, _("Held it at %(time)s.")),
        (offer.lapsed_at, _("Let the hold run out at %(time)s.")), (offer.released_at, _("Gave it back at %(time)s.")),
        (offer.passed_at, _("Said no at %(time)s.")), (offer.declined_at, _("The booking ended at %(time)s.")),
    ]  # fmt: skip
    lines = [words % {"time": clock_words(at, slot.time_zone)} for at, words in happened if at is not None]
    together = [_("The text was about several times at once.")] if offer.bundle_id else []
    return [*together, *lines, *_of_rounds(earlier, slot)]


def _of_rounds(offers: Sequence[Any], slot: Any) -> list[str]:
    return [_("Round %(number)s: %(what)s", number=old.round, what=_offered(old, slot)) for old in offers]


def _matched(match: Any, slot: Any) -> Why:
    if match.outcome == "in_line":
        if slot.status in {"open", "held", "pending"} and match.round == slot.round:
            sentence = _("Number %(place)s in line; a text goes out when the turn comes.", place=match.place)
        else:
            sentence = _("Number %(place)s in line; the time was gone before the turn came.", place=match.place)
        return Why("in_line", sentence)
    return Why("skipped", _("No text: %(reason)s.", reason=reason_words(match.reason or "")))


def _unmatched(slot: Any, consumer_id: UUID) -> Why:
    request = db.session.execute(
        select(NotifyRequest.status, NotifyRequest.confirmed_at, NotifyRequest.created_at).where(
            NotifyRequest.org_id == slot.org_id, NotifyRequest.consumer_id == consumer_id
        )
    ).first()
    if request is None:
        return Why("not_on_list", _("No text: not on the waiting list."))
    if request.status == "invited":
        return Why("not_on_list", _("No text: the invitation to the list has not been answered with YES."))
    joined: datetime = max(request.confirmed_at, request.created_at)
    if slot.opened_at is not None and joined > slot.opened_at:
        when = {"time": clock_words(joined, slot.time_zone), "day": day_words(_day(joined, slot.time_zone))}
        return Why("joined_later", _("No text: joined the list at %(time)s on %(day)s, after it opened.", **when))
    if request.status == "left":
        return Why("not_on_list", _("No text: was not on the waiting list when it opened."))
    return _not_gone_through(slot)


def _not_gone_through(slot: Any) -> Why:
    row = db.session.execute(
        select(SlotRound.mode, SlotRound.state).where(
            SlotRound.org_id == slot.org_id, SlotRound.slot_id == slot.id, SlotRound.round == slot.round
        )
    ).first()
    if row is not None and row.mode == "picked":
        return Why("not_asked", _("No text: only people chosen by hand were asked."))
    if row is not None and row.state == "matching":
        return Why("going_through", _("The waiting list is being gone through now."))
    return Why("not_on_list", _("No text: was not on the waiting list when it opened."))


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _slot(slot_id: UUID) -> Any | None:
    return db.session.execute(
        select(Slot.id, Slot.org_id, Slot.round, Slot.status, Slot.opened_at, Organization.time_zone)
        .join(Organization, Organization.id == Slot.org_id)
        .where(Slot.org_id == current_actor().tenant, Slot.id == slot_id)
    ).first()


def _offers(slot: Any, consumer_id: UUID) -> Sequence[Any]:
    return db.session.execute(
        select(
            *SlotOffer.__table__.columns, Message.status, Message.send_at, Message.sent_at,
            (Consumer.opted_out_at.is_not(None) | (Message.error == OPTED_OUT)).label("is_out"),
        )
        .join(Consumer, Consumer.id == SlotOffer.consumer_id)
        .outerjoin(Message, (Message.org_id == SlotOffer.org_id) & (Message.id == SlotOffer.message_id))
        .where(
            SlotOffer.org_id == slot.org_id, SlotOffer.slot_id == slot.id, SlotOffer.consumer_id == consumer_id
        )
        .order_by(SlotOffer.round.desc())
    ).all()  # fmt: skip


def _match(slot: Any, consumer_id: UUID) -> Any | None:
    return db.session.execute(
        select(SlotMatch.round, SlotMatch.outcome, SlotMatch.reason, SlotMatch.place)
        .where(
            SlotMatch.org_id == slot.org_id, SlotMatch.slot_id == slot.id, SlotMatch.consumer_id == consumer_id,
            SlotMatch.round == slot.round,
        )
    ).first()  # fmt: skip
