"""People whom the business put down: one text asks them, and only their own yes puts them on the list.

Invitations leave a few a minute and within a share of the day's spending, so that a long list that was imported
neither makes offers wait nor uses up what they cost. Never in anybody's quiet hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, insert, select, text

from nexapp.identity.models import Organization
from nexapp.messaging import templates
from nexapp.messaging.lanes import ANSWERS, OFFERS
from nexapp.messaging.models import InboundMessage
from nexapp.messaging.outbox import NewMessage, cancel_queued, queue_messages
from nexapp.messaging.quiet import next_quiet, quiet_until
from nexapp.messaging.segments import measure
from nexapp.messaging.spending import CAP_REACHED
from nexapp.slots.list_models import Invitation
from nexapp.slots.models import Consent
from nexapp.slots.times import midnight, today_in
from nexapp.slots.tokens import place_url
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import publish
from nexapp.spine.schedule import schedule

PURPOSE = "invitation"
SUBJECT = "invitation"
AT_ONCE = 60
"""Texts of one business in one go; a go is made every minute, and when somebody is added by hand."""

LOOKED_AT = 1000
"""Of those who wait, some may have left the list or taken no texts since."""

SHARE_OF_SPENDING = 2
"""Invitations may use one part of so many of what a business spends a day; the rest is for offers."""

# One go of a business at a time, locked a statement ahead: who waited must see what the go before it wrote.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('invite:' || CAST(:org_id AS text), 0))")

# Who was added by hand comes before those of a file. The next ones are taken from their index before anything is
# joined to them: a file may have left a hundred thousand, of whom no statistics know yet.
NEXT = text("""
    WITH next AS MATERIALIZED (
        SELECT i.id, i.notify_request_id, i.consumer_id, i.import_id IS NOT NULL AS is_of_file, i.created_at
        FROM list_invitations i
        WHERE i.org_id = :org_id AND i.message_id IS NULL
        ORDER BY i.import_id IS NOT NULL, i.created_at, i.id LIMIT :looked_at
    )
    SELECT n.id, n.consumer_id, c.phone, c.time_zone, c.region
    FROM next n
    JOIN LATERAL (SELECT status FROM notify_requests x WHERE x.org_id = :org_id AND x.id = n.notify_request_id) r
        ON r.status = 'invited'
    JOIN LATERAL (SELECT * FROM consumers x WHERE x.id = n.consumer_id) c ON c.opted_out_at IS NULL
    ORDER BY n.is_of_file, n.created_at, n.id
""")
TEXTED = text("""
    UPDATE list_invitations i SET message_id = n.message_id, texted_at = now()
    FROM unnest(CAST(:ids AS uuid[]), CAST(:messages AS uuid[])) AS n(id, message_id)
    WHERE i.org_id = :org_id AND i.id = n.id
""")

# A text that never left asked nobody. What the day's cap held back is written again on another day.
UNASKED = """
    UPDATE list_invitations i SET message_id = NULL, texted_at = NULL FROM messages m, organizations o
    WHERE m.org_id = i.org_id AND m.id = i.message_id AND m.attempts = 0 AND o.id = i.org_id AND i.answered_at IS NULL
"""
WITHDRAWN = text(f"{UNASKED} AND i.org_id = :org_id AND i.id = ANY(:ids) AND m.status = 'cancelled'")
CAPPED = text(f"""{UNASKED} AND m.status = 'suppressed' AND m.error = :why AND i.texted_at > now() - interval '7 days'
      AND i.texted_at < date_trunc('day', now() AT TIME ZONE o.time_zone) AT TIME ZONE o.time_zone
""")

# The business that texted last is the one that a reply speaks to; else the only one that asked, unless another has
# offered a time since: a yes to that is no yes to this.
INVITED = text("""
    SELECT i.id, i.org_id, i.notify_request_id, count(*) OVER () AS asked, EXISTS (
        SELECT FROM messages x
        WHERE x.to_phone = m.to_phone AND x.created_at > m.created_at AND x.org_id <> i.org_id AND x.attempts > 0
          AND x.purpose IN ('slot_available', 'several_slots')
    ) AS is_overtaken
    FROM list_invitations i
    JOIN notify_requests r ON r.org_id = i.org_id AND r.id = i.notify_request_id
    JOIN messages m ON m.org_id = i.org_id AND m.id = i.message_id
    WHERE i.consumer_id = :consumer_id AND r.status = 'invited'
    ORDER BY i.org_id IS NOT DISTINCT FROM CAST(:org_id AS uuid) DESC, i.created_at DESC
""")
ANSWERED = text("""
    WITH answered AS (UPDATE list_invitations SET answered_at = now() WHERE org_id = :org_id AND id = :id)
    UPDATE notify_requests SET status = CAST(:status AS text), status_before = NULL, updated_at = now(),
        confirmed_at = CASE WHEN CAST(:status AS text) = 'active' THEN now() ELSE confirmed_at END
    WHERE org_id = :org_id AND id = :request_id AND status = 'invited'
    RETURNING id
""")


def write_invitations(rows: Sequence[dict[str, Any]]) -> None:
    """Rows of people who were put down this moment, and were never asked before."""
    if rows:
        db.session.execute(insert(Invitation), [{"id": new_id(), **row} for row in rows])


def text_soon(org_id: UUID) -> None:
    """Write the texts that wait, after this unit has committed."""
    enqueue("text_invitations", org_id=org_id)


def withdraw(org_id: UUID, request_id: UUID) -> None:
    """The text that asks them does not leave any more. Whom the business puts back is asked then."""
    mine = (Invitation.org_id == org_id, Invitation.notify_request_id == request_id)
    ids = db.session.scalars(select(Invitation.id).where(*mine, Invitation.message_id.is_not(None))).all()
    if ids and cancel_queued(SUBJECT, ids):
        db.session.execute(WITHDRAWN, {"org_id": org_id, "ids": ids})


def most_a_day(business: Organization) -> int:
    """How many people a day may be asked: spending is counted in segments, and one question may have several."""
    return business.daily_spend_cap // SHARE_OF_SPENDING // measure(_question(business)).segments


@job("text_invitations")
def text_invitations(org_id: str) -> None:
    """One go of one business; run twice, the second takes the next ones."""
    business = db.session.get(Organization, UUID(org_id))
    if business is None or business.suspended_at is not None:
        return
    db.session.execute(ALONE, {"org_id": business.id})
    if (room := most_a_day(business) - _texted_today(business)) <= 0:
        return
    people = db.session.execute(NEXT, {"org_id": business.id, "looked_at": LOOKED_AT}).all()
    nights = {place: _night(place, business) for place in {(row.time_zone, row.region) for row in people}}
    # Those who sleep don't stand in the way of those behind them.
    awake = [row for row in people if nights[row.time_zone, row.region] is not None]
    _queue(business, awake[: min(AT_ONCE, room)], nights)


@job("text_all_invitations")
def text_all_invitations() -> None:
    """Runs as the system: a go of each business for which somebody waits."""
    db.session.execute(CAPPED, {"why": CAP_REACHED})
    for org_id in db.session.scalars(
        text("SELECT DISTINCT org_id FROM list_invitations WHERE message_id IS NULL")
    ).all():
        text_soon(org_id)


def accept_by_reply(consumer_id: UUID, inbound_id: UUID) -> UUID | None:
    """Somebody said yes. The business whose invitation that answered: they are on its list, and get its link.

    None where nobody asked them, or where it isn't clear who is meant. For the system, or for the business itself.
    """
    inbound = _inbound(inbound_id)
    found = _answer(consumer_id, inbound, "active")
    if found is None:
        return None
    _keep_proof(found.org_id, consumer_id, inbound)
    _welcome(found.org_id, consumer_id, found.notify_request_id, inbound.from_phone)
    return _noted(found, "waiting_list.accepted")


def decline_by_reply(consumer_id: UUID, inbound_id: UUID) -> UUID | None:
    """Somebody said no: they are off the list as if they had left it, hear nothing more, and are never asked again.

    The business, or None, as for a yes.
    """
    found = _answer(consumer_id, _inbound(inbound_id), "left")
    return _noted(found, "waiting_list.declined") if found is not None else None


def register() -> None:
    schedule("text_all_invitations", cron="* * * * *", job="text_all_invitations")


def _inbound(inbound_id: UUID) -> InboundMessage:
    return db.session.scalars(select(InboundMessage).where(InboundMessage.id == inbound_id)).one()


def _answer(consumer_id: UUID, inbound: InboundMessage, status: str) -> Any | None:
    """The invitation that the reply answers, settled; None where there is none."""
    found = db.session.execute(INVITED, {"consumer_id": consumer_id, "org_id": inbound.org_id}).first()
    if found is None or (found.org_id != inbound.org_id and (found.asked > 1 or found.is_overtaken)):
        return None
    answer = {"org_id": found.org_id, "id": found.id, "request_id": found.notify_request_id, "status": status}
    return found if db.session.execute(ANSWERED, answer).first() is not None else None


def _noted(found: Any, action: str) -> UUID:
    audit.record(action, "notify_request", found.notify_request_id, org_id=found.org_id)
    publish(f"org:{found.org_id}:waiting-list", "waiting-list-changed")
    org_id: UUID = found.org_id
    return org_id


def _question(business: Organization) -> str:
    return templates.render(PURPOSE, {"business": business.name}, business.id)


def _texted_today(business: Organization) -> int:
    since = midnight(today_in(business.time_zone), business.time_zone)
    texted = select(func.count()).where(Invitation.org_id == business.id, Invitation.texted_at >= since)
    return int(db.session.scalar(texted) or 0)


def _night(place: tuple[str, str], business: Organization) -> tuple[datetime | None, datetime | None] | None:
    """The next quiet hours of a place; None where they are on."""
    zone, region = place
    hours: dict[str, Any] = {
        "zones": [name for name in (zone, business.time_zone) if name], "region": region,
        "starts": business.quiet_starts, "ends": business.quiet_ends,
    }  # fmt: skip
    present = now()
    if quiet_until(present, **hours) is not None:
        return None
    return next_quiet(present, **hours) or (None, None)


def _queue(business: Organization, people: Sequence[Any], nights: dict[Any, Any]) -> None:
    if not people:
        return
    body = _question(business)
    texts = [
        NewMessage(
            to_phone=row.phone, body=body, purpose=PURPOSE, lane=OFFERS, consumer_id=row.consumer_id,
            subject_kind=SUBJECT, subject_id=row.id, org_id=business.id, sleeps_from=night[0], sleeps_until=night[1],
        )
        for row in people
        if (night := nights[row.time_zone, row.region])
    ]  # fmt: skip
    messages = queue_messages(texts)
    db.session.execute(TEXTED, {"org_id": business.id, "ids": [row.id for row in people], "messages": messages})
    publish(f"org:{business.id}:waiting-list", "waiting-list-changed")


def _keep_proof(org_id: UUID, consumer_id: UUID, inbound: InboundMessage) -> None:
    """What they were asked, and their own word for it."""
    asked = db.session.scalar(
        text("SELECT body FROM messages WHERE org_id = :org_id AND consumer_id = :consumer_id AND purpose = :purpose"
             " ORDER BY created_at DESC LIMIT 1"),
        {"org_id": org_id, "consumer_id": consumer_id, "purpose": PURPOSE},
    )  # fmt: skip
    db.session.execute(
        insert(Consent).values(
            id=new_id(), org_id=org_id, consumer_id=consumer_id, kind="waiting_list", source="reply",
            wording=_("%(asked)s Answered: %(answer)s", asked=asked or "", answer=inbound.body[:160]), ip=None,
        )
    )  # fmt: skip


def _welcome(org_id: UUID, consumer_id: UUID, request_id: UUID, phone: str) -> None:
    business = db.session.get_one(Organization, org_id)
    body = templates.render(
        "invitation_accepted", {"business": business.name, "url": place_url(request_id)}, org_id
    )  # fmt: skip
    queue_messages(
        [
            NewMessage(
                to_phone=phone, body=body, purpose="invitation_accepted", lane=ANSWERS, consumer_id=consumer_id,
                subject_kind="notify_request", subject_id=request_id, org_id=org_id,
            )
        ]
    )  # fmt: skip
