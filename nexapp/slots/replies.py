"""Answers to our texts: YES takes the time, NO lets it go, a number says which. What we can't read waits for a person.

The handler runs as the system, for a reply names no business: whose offer it means is found by the number. The claim
itself runs as a job of that business, which also owns the reply from then on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import insert, select, text

from nexapp.messaging.conversations import put_away_answered
from nexapp.messaging.events import InboundTextReceived
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import InboundMessage
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.signals import publish_change
from nexapp.slots.booking_models import ReplyChoice
from nexapp.slots.invitations import accept_by_reply, decline_by_reply
from nexapp.slots.rounds import pass_turn
from nexapp.slots.times import text_time
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.events import on
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue
from nexapp.spine.tenancy import Actor, Role

YES = re.compile(r"(YES|Y|YEP|YEAH|YUP|YES I (DO|CAN)|YES ID LIKE IT|ILL TAKE IT)( PLEASE| PLS| THANKS| THANK YOU)?")
NO = re.compile(r"(NO|N|NOPE|NAH|NOT THIS (ONE|TIME)|CANT|I CANT|PASS)( SORRY| THANKS| THANK YOU)?")
NUMBER = re.compile(r"(?:YES |Y |NUMBER |TIME )?([1-9])(?: PLEASE| PLS| THANKS)?")
MOST_CHOICES = 5
ASKED_LATELY = timedelta(hours=3)
MEANT_LATELY = timedelta(hours=24)
"""A yes that comes later than this after the last text means something else."""

_OFFERS = """
    SELECT f.id, f.org_id, f.slot_id, f.consumer_id, s.starts_at, o.name AS business, o.time_zone,
        t.display_name AS staff, coalesce(m.sent_at, m.attempted_at, f.created_at) AS told_at, f.passed_at,
        f.message_id,
        s.status = 'held' AND s.held_by_offer_id = f.id AND s.held_until > now() AS holds,
        s.booked_offer_id IS NOT DISTINCT FROM f.id AND s.status IN ('pending', 'booked') AS has_booked
    FROM slot_offers f
    JOIN slots s ON s.org_id = f.org_id AND s.id = f.slot_id
    JOIN organizations o ON o.id = f.org_id AND o.suspended_at IS NULL
    JOIN staff_members t ON t.org_id = s.org_id AND t.id = s.staff_member_id
    LEFT JOIN messages m ON m.id = f.message_id
    WHERE f.consumer_id = :consumer AND (m.attempts > 0 OR f.source <> 'list')
"""

# Newest first: "yes" answers what came last. Times that came by one text stand as on its page.
LIVE = text(
    f"""{_OFFERS}
      AND f.round = s.round AND f.declined_at IS NULL AND f.cancelled_at IS NULL AND s.starts_at > now()
      AND (s.status = 'open' OR s.status = 'held' AND (s.held_until <= now() OR s.held_by_offer_id = f.id))
    ORDER BY holds DESC, told_at DESC, s.starts_at, f.id DESC LIMIT :most
"""
)
LATEST = text(f"{_OFFERS} ORDER BY told_at DESC, f.id DESC LIMIT 1")

CHOSEN = text("""
    SELECT offer_id, org_id FROM reply_choices
    WHERE inbound_id = (
        SELECT inbound_id FROM reply_choices WHERE consumer_id = :consumer AND created_at > :since
        ORDER BY created_at DESC, id DESC LIMIT 1
    ) AND number = :number
""")


# What reached the person last: "Does three suit you?" and "Reminder: tomorrow at nine" are answered by a yes as well.
ELSEWHERE = text("""
    SELECT created_by IS NOT NULL OR purpose = ANY(:of_bookings) FROM messages
    WHERE to_phone = :phone AND channel = 'sms' AND purpose <> 'template_test' AND attempts > 0 AND created_at > :since
    ORDER BY coalesce(sent_at, attempted_at, created_at) DESC, id DESC LIMIT 1
""")
INVITED_LAST = text("""
    SELECT purpose = 'invitation' FROM messages
    WHERE to_phone = :phone AND channel = 'sms' AND purpose <> 'template_test' AND attempts > 0
    ORDER BY coalesce(sent_at, attempted_at, created_at) DESC, id DESC LIMIT 1
""")
OF_BOOKINGS = ["booking_confirmed", "booking_moved", "reminder"]
"""Texts about a booking that stands: who answers them means that one, not a time that is open."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says: yes, no or a number; nothing of them where we can't tell."""

    kind: str
    number: int = 0


def read(word: str) -> Answer:
    """`word` is the text in capitals, without what surrounds it."""
    bare = " ".join(re.sub(r"[^\w\s]", " ", re.sub(r"['\u2019]", "", word)).split())
    if YES.fullmatch(bare):
        return Answer("yes")
    if NO.fullmatch(bare):
        return Answer("no")
    found = NUMBER.fullmatch(bare)
    return Answer("number", int(found[1])) if found else Answer("unclear")


@on(InboundTextReceived)
def answer_reply(event: InboundTextReceived) -> None:
    """Runs as the system; a second run finds the reply handled."""
    inbound = _lock(UUID(str(event.inbound_id)))
    if inbound is None or inbound.handled_as != "other" or _means_else(inbound.from_phone):
        return
    answer, consumer_id = read(event.word), UUID(str(event.consumer_id))
    if _was_invited_last(inbound.from_phone) and _answers_invitation(inbound, consumer_id, answer):
        return
    if answer.kind == "yes":
        _yes(inbound, consumer_id)
    elif answer.kind == "no":
        _no(inbound, consumer_id)
    elif answer.kind == "number":
        _number(inbound, consumer_id, answer.number)


def _yes(inbound: InboundMessage, consumer_id: UUID) -> None:
    live = _wanted(consumer_id)
    if len(live) > 1 and not live[0].holds:
        _ask_which(inbound, consumer_id, live)
    elif live:
        _claim(inbound, live[0])
    elif not _answers_invitation(inbound, consumer_id, Answer("yes")):
        _late(inbound, consumer_id)


def _late(inbound: InboundMessage, consumer_id: UUID) -> None:
    """Nothing is live: what was texted last may have been taken, or may be theirs already."""
    latest = db.session.execute(LATEST, {"consumer": consumer_id}).first()
    if latest is not None and latest.told_at > now() - MEANT_LATELY:
        _claim(inbound, latest)


def _no(inbound: InboundMessage, consumer_id: UUID) -> None:
    live = [offer for offer in _live(consumer_id) if not offer.holds]
    if live:
        _settle(inbound, "declined", _pass_last(live))
    else:
        _answers_invitation(inbound, consumer_id, Answer("no"))


def _answers_invitation(inbound: InboundMessage, consumer_id: UUID, answer: Answer) -> bool:
    if answer.kind not in {"yes", "no"}:
        return False
    settle, made_of = (accept_by_reply, "joined") if answer.kind == "yes" else (decline_by_reply, "declined")
    org_id = settle(consumer_id, inbound.id)
    if org_id is not None:
        _settle(inbound, made_of, org_id)
    return org_id is not None


def _pass_last(live: Sequence[Any]) -> UUID:
    """Let go what came last, with all the times that this text was about; whose they are. Others stay open to them."""
    last = next((offer for offer in live if offer.passed_at is None), live[0])
    for offer in live:
        if offer.id == last.id or (offer.message_id is not None and offer.message_id == last.message_id):
            pass_turn(offer.id)
    org_id: UUID = last.org_id
    return org_id


def _number(inbound: InboundMessage, consumer_id: UUID, number: int) -> None:
    asked = {"consumer": consumer_id, "number": number, "since": now() - ASKED_LATELY}
    chosen = db.session.execute(CHOSEN, asked).first()
    if chosen is not None:
        _settle(inbound, "claimed", chosen.org_id)
        _enqueue_claim(inbound, chosen.org_id, chosen.offer_id)


def _claim(inbound: InboundMessage, offer: Any) -> None:
    _settle(inbound, "claimed", offer.org_id)
    _enqueue_claim(inbound, offer.org_id, offer.id)


def _enqueue_claim(inbound: InboundMessage, org_id: UUID, offer_id: UUID) -> None:
    enqueue(
        "claim_by_reply", unique_key=f"claim_by_reply:{inbound.id}", actor=Actor(Role.LINK, org_id),
        inbound_id=inbound.id, offer_id=offer_id,
    )  # fmt: skip


def _ask_which(inbound: InboundMessage, consumer_id: UUID, live: Sequence[Any]) -> None:
    choices = list(enumerate(live, start=1))
    db.session.execute(
        insert(ReplyChoice),
        [
            {
                "id": new_id(), "org_id": offer.org_id, "consumer_id": consumer_id, "inbound_id": inbound.id,
                "number": number, "offer_id": offer.id,
            }
            for number, offer in choices
        ],
    )  # fmt: skip
    body = _question(live)
    # A question about two businesses' times belongs to neither's conversation.
    owner = live[0].org_id if len({offer.org_id for offer in live}) == 1 else None
    queue_messages(
        [
            NewMessage(
                to_phone=inbound.from_phone, body=body, purpose="which_time", lane=ANSWERS, consumer_id=consumer_id,
                subject_kind="inbound_message", subject_id=inbound.id, org_id=owner,
            )
        ]
    )  # fmt: skip
    _settle(inbound, "asked_which", live[0].org_id)


def _question(live: Sequence[Any]) -> str:
    """What all the times share is said once, or not at all: each more letter may cost a second text."""
    businesses, people = ({getattr(offer, name) for offer in live} for name in ("business", "staff"))
    listed = "; ".join(
        _choice_words(number, offer, len(businesses) > 1, len(people) > 1) for number, offer in enumerate(live, start=1)
    )
    if len(businesses) > 1:
        return _("Which one? Reply %(choices)s.", choices=listed)
    return _("%(business)s: which one? Reply %(choices)s.", business=live[0].business[:30], choices=listed)


def _choice_words(number: int, offer: Any, names_business: bool, names_staff: bool) -> str:
    words = _("%(number)s for %(time)s", number=number, time=text_time(offer.starts_at, offer.time_zone))
    if names_staff:
        words = _("%(words)s with %(staff)s", words=words, staff=offer.staff[:30])
    return _("%(words)s, %(business)s", words=words, business=offer.business[:30]) if names_business else words


def _wanted(consumer_id: UUID) -> Sequence[Any]:
    """What a yes may mean: what the person let go counts only where nothing else is left."""
    live = _live(consumer_id)
    return [offer for offer in live if offer.passed_at is None] or live[:1]


def _live(consumer_id: UUID) -> Sequence[Any]:
    return db.session.execute(LIVE, {"consumer": consumer_id, "most": MOST_CHOICES}).all()


def _settle(inbound: InboundMessage, handled_as: str, org_id: UUID | None) -> None:
    former = inbound.org_id
    inbound.handled_as, inbound.needs_review, inbound.org_id = handled_as, False, org_id
    db.session.flush()
    if org_id is not None and inbound.consumer_id is not None:
        put_away_answered(org_id, inbound.consumer_id)
    for touched in {former, org_id} - {None}:
        publish_change(touched, None)


def _means_else(phone: str) -> bool:
    """Somebody of a business wrote to them last, or we did of a booking: the answer is a person's to read."""
    since = now() - MEANT_LATELY
    return bool(db.session.scalar(ELSEWHERE, {"phone": phone, "of_bookings": OF_BOOKINGS, "since": since}))


def _was_invited_last(phone: str) -> bool:
    """A yes or a no is then no answer to the time that another business offered before."""
    return bool(db.session.scalar(INVITED_LAST, {"phone": phone}))


def _lock(inbound_id: UUID) -> InboundMessage | None:
    wanted = select(InboundMessage).where(InboundMessage.id == inbound_id).with_for_update()
    return db.session.scalars(wanted).first()
