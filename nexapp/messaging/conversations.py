"""What a business's people do in a conversation: answer, take it on, finish it, settle what was unclear."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Membership, User
from nexapp.messaging.inbox_queries import Person, count_replies, get_person
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Conversation, InboundMessage, Message
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.signals import publish_inbox
from nexapp.messaging.templates import fill_reply
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import Conflict, NotFound
from nexapp.spine.tenancy import current_actor, scoped

REPLY = "reply"
_PUT_AWAY = text("""
    UPDATE conversations c SET done_at = now()
    WHERE c.org_id = :org_id AND c.consumer_id = :consumer_id AND c.done_at IS NULL AND c.assigned_to IS NULL
        AND c.rank = 0 AND c.last_by = 'person' AND NOT EXISTS (
            SELECT FROM inbound_messages i
            WHERE i.org_id = c.org_id AND i.consumer_id = c.consumer_id AND i.handled_as IN ('other', 'stop')
        )
""")
_LIFT = text("SELECT nexapp_lift_misread_stop(:inbound)")


class OptedOut(Conflict):
    code = "opted_out"


class AnsweredMeanwhile(Conflict):
    """Somebody else of the business answered after this person last saw the conversation."""

    code = "answered_meanwhile"


def reply(consumer_id: UUID, body: str, *, key: UUID, seen: int | None) -> bool:
    """Text the person by hand. False where this very form was sent before.

    `seen` is how many answers the writer knew of; None: never mind. Raises `OptedOut`, `AnsweredMeanwhile`, `BadInput`.
    """
    person = get_person(consumer_id)
    lock_conversation(person)
    if _is_known(key):
        return False
    if person.opted_out_at is not None:
        raise OptedOut(_("This person opted out of texts. They can come back by texting START."))
    if seen is not None and count_replies(person) > seen:
        raise AnsweredMeanwhile(_who_answered(person))
    filled = fill_reply(body, person.name, get_business().name)
    _send(person, filled, key)
    return True


def _send(person: Person, body: str, key: UUID) -> None:
    actor = current_actor()
    queue_messages(
        [
            NewMessage(
                to_phone=person.phone, body=body, purpose=REPLY, lane=ANSWERS, consumer_id=person.consumer_id,
                subject_kind=REPLY, subject_id=key, created_by=actor.user_id,
            )
        ]
    )  # fmt: skip
    _change(
        person.consumer_id, last_at=func.now(), last_body=body[:200], last_by="business", done_at=None,
        assigned_to=func.coalesce(Conversation.assigned_to, actor.user_id),
    )  # fmt: skip
    _read(person.consumer_id)
    audit.record("conversation.answered", "consumer", person.consumer_id)


def mark_read(consumer_id: UUID) -> bool:
    """Nothing in it is unread any more, but for what may be a wish to stop. False where nothing was."""
    get_person(consumer_id)
    return _read(consumer_id)


def assign(consumer_id: UUID, user_id: UUID | None) -> str | None:
    """Give it to somebody of the team, or to nobody; their name. Raises `NotFound` for a stranger."""
    person = get_person(consumer_id)
    name = _member_name(user_id) if user_id else None
    lock_conversation(person)
    _change(consumer_id, assigned_to=user_id)
    audit.record("conversation.assigned", "consumer", consumer_id, {"to": str(user_id) if user_id else None})
    return name


def finish(consumer_id: UUID, *, done: bool) -> None:
    """Put it away, or take it up again. What was unread counts as read then."""
    person = get_person(consumer_id)
    lock_conversation(person)
    if done:
        _read(consumer_id)
    _change(consumer_id, done_at=func.now() if done else None)
    audit.record("conversation.done" if done else "conversation.reopened", "consumer", consumer_id)


def settle_stop(inbound_id: UUID, *, meant: bool) -> bool:
    """Say what an unclear wish to stop was. Where it was misread, the person gets texts again; whether they do.

    A later stop, or one by a keyword, stays in force. Raises `NotFound`, `Conflict` where it is settled already.
    """
    wanted = scoped(InboundMessage).where(InboundMessage.id == inbound_id, InboundMessage.handled_as == "stop")
    row = db.session.scalar(wanted)
    if row is None:
        raise NotFound
    # Before their number: who stores a text of theirs holds the conversation, and then wants the number.
    lock_conversation(get_person(row.consumer_id))
    db.session.refresh(row, with_for_update=True)
    if not row.needs_review:
        raise Conflict(_("Somebody has settled this already."))
    lifted = not meant and bool(db.session.scalar(_LIFT, {"inbound": inbound_id}))
    row.needs_review, row.review = False, "meant_stop" if meant else "misread"
    row.reviewed_at, row.reviewed_by = now(), current_actor().user_id
    db.session.flush()
    publish_inbox(current_actor().tenant)
    audit.record("stop.meant" if meant else "stop.misread", "consumer", row.consumer_id, {"lifted": lifted})
    return lifted


def put_away_answered(org_id: UUID, consumer_id: UUID) -> None:
    """Where all that somebody wrote was dealt with by itself, nothing of it waits for a person."""
    db.session.execute(_PUT_AWAY, {"org_id": org_id, "consumer_id": consumer_id})


def lock_conversation(person: Person) -> None:
    """One step at a time in each; begins it where the person never wrote.

    Its texts first: whoever settles one of them holds it, and then wants the conversation.
    """
    org_id = current_actor().tenant
    db.session.execute(
        select(InboundMessage.id)
        .where(
            InboundMessage.org_id == org_id, InboundMessage.consumer_id == person.consumer_id,
            InboundMessage.needs_review,
        )
        .order_by(InboundMessage.id)
        .with_for_update()
    )  # fmt: skip
    db.session.execute(
        insert(Conversation)
        .values(org_id=org_id, consumer_id=person.consumer_id, phone=person.phone, last_by="business")
        .on_conflict_do_nothing()
    )
    db.session.execute(
        select(Conversation.consumer_id)
        .where(Conversation.org_id == org_id, Conversation.consumer_id == person.consumer_id)
        .with_for_update()
    )


def _read(consumer_id: UUID) -> bool:
    done = db.session.execute(
        update(InboundMessage)
        .where(
            InboundMessage.org_id == current_actor().tenant, InboundMessage.consumer_id == consumer_id,
            InboundMessage.needs_review, InboundMessage.handled_as != "stop",
        )
        .values(needs_review=False)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    publish_inbox(current_actor().tenant)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _change(consumer_id: UUID, **values: Any) -> None:
    db.session.execute(
        update(Conversation)
        .where(Conversation.org_id == current_actor().tenant, Conversation.consumer_id == consumer_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    publish_inbox(current_actor().tenant)


def _is_known(key: UUID) -> bool:
    known = select(Message.id).where(
        Message.org_id == current_actor().tenant, Message.subject_id == key, Message.purpose == REPLY
    )
    return db.session.scalar(known) is not None


def _who_answered(person: Person) -> str:
    last = db.session.execute(
        select(User.name)
        .select_from(Message)
        .outerjoin(User, User.id == Message.created_by)
        .where(
            Message.to_phone == person.phone, Message.org_id == current_actor().tenant, Message.purpose == REPLY
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    ).scalar()  # fmt: skip
    who = last or _("Somebody of your team")
    return _("%(who)s answered meanwhile: it shows above. Yours is kept; send it again if it is still needed.", who=who)


def _member_name(user_id: UUID) -> str:
    found = db.session.scalar(
        select(User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == current_actor().tenant, Membership.user_id == user_id,
            Membership.deactivated_at.is_(None),
        )
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found
