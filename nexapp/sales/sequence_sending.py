"""Sending a due step: one person, by hand. Opt-outs and quiet hours hold as for every text that nobody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Text, cast, func, select
from wtforms import StringField, TextAreaField

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import AtMost, Named, one_line, readable
from nexapp.identity.phones import area_zone_of, region_of
from nexapp.messaging.consumers import ensure_consumer
from nexapp.messaging.email_outbox import NewEmail, queue_email
from nexapp.messaging.lanes import REMINDERS
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.quiet import next_quiet, quiet_until
from nexapp.sales.follow_ups import OPEN, complete_follow_up, lock_follow_up
from nexapp.sales.letter_addresses import ensure_address, why_no_email
from nexapp.sales.models import Prospect
from nexapp.sales.sequence_wording import LONGEST_BODY
from nexapp.sales.sequences_models import SequenceEnrolment, SequenceStep
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict
from nexapp.spine.tenancy import current_actor, scoped
from nexapp.spine.web.forms import PageForm

PURPOSE = "sequence_step"


class SendForm(PageForm):
    subject = StringField(lazy_gettext("Subject"), [AtMost(150)], filters=[one_line])
    body = TextAreaField(
        lazy_gettext("Words"), [Named(lazy_gettext("Write what you want to send."), LONGEST_BODY)], filters=[readable]
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """How a due step can leave from here; `why_no_text` and `why_no_email` say what is in the way of each."""

    form: SendForm
    channel: str
    text: bool
    email: bool
    why_no_text: str
    why_no_email: str


def ways_of(row: Any, form: SendForm | None = None) -> Ways | None:
    """For a step that is still to be done (a row of `queries`), else None."""
    if row.enrolment_id is None or row.status not in OPEN:
        return None
    step = _step_of(row.enrolment_id, row.step)
    subject = step.subject if step else ""
    form = form or SendForm(formdata=None, data={"subject": subject, "body": row.message[:LONGEST_BODY]})
    no_text, no_email = why_no_text(row.phone), why_no_email(row.email)
    return Ways(form, step.channel if step else "other", not no_text, not no_email, no_text, no_email)


def send_step(follow_up_id: UUID, how: str, body: str, subject: str = "") -> datetime | None:
    """Text or e-mail it, and go on to the next step. When a text leaves that has to wait for the morning, else None.

    Raises `FollowUpChanged` where it was sent or stopped meanwhile, `BadInput`, `Conflict`.
    """
    row = lock_follow_up(follow_up_id)
    if row.enrolment_id is None or row.prospect_id is None or how not in ("text", "email"):
        raise BadInput(_("This can't be sent from here."))
    prospect = db.session.scalars(scoped(Prospect).where(Prospect.id == row.prospect_id)).one()
    waits = None
    if how == "text":
        waits = text_prospect(prospect, body)
    else:
        email_prospect(prospect, body, subject)
    complete_follow_up(follow_up_id, undoable=False)
    return waits


def text_prospect(prospect: Prospect, body: str, purpose: str = PURPOSE) -> datetime | None:
    """When it leaves, if it has to wait for the morning. Raises `Conflict` without a number, or after an opt-out."""
    phone = prospect.phone or ""
    if why := why_no_text(phone):
        raise Conflict(why)
    business, present = get_business(), now()
    zones = [zone for zone in (area_zone_of(phone), business.time_zone) if zone]
    hours = {"zones": zones, "region": region_of(phone), "starts": business.quiet_starts, "ends": business.quiet_ends}
    waits = quiet_until(present, **hours)  # type: ignore[arg-type]
    night = next_quiet(waits or present, **hours)  # type: ignore[arg-type]
    queue_messages([
        NewMessage(
            to_phone=phone, body=body, purpose=purpose, lane=REMINDERS, consumer_id=ensure_consumer(phone),
            subject_kind="prospect", subject_id=prospect.id, send_at=waits, created_by=current_actor().user_id,
            sleeps_from=night[0] if night else None, sleeps_until=night[1] if night else None,
        )
    ])  # fmt: skip
    return waits


def email_prospect(prospect: Prospect, body: str, subject: str, purpose: str = PURPOSE) -> None:
    """Raises `Conflict` without an address or after an opt-out, `BadInput` without a subject."""
    if why := why_no_email(address := prospect.email or ""):
        raise Conflict(why)
    if not subject.strip():
        raise BadInput(fields={"subject": _("An e-mail needs a subject.")})
    ensure_address(address)
    queue_email(
        NewEmail(
            to=address, subject=subject, text=body, purpose=purpose, subject_kind="prospect",
            subject_id=prospect.id, created_by=current_actor().user_id,
        )
    )  # fmt: skip


def why_no_text(phone: str | None) -> str:
    if not phone:
        return _("There is no number for them.")
    if db.session.scalar(select(func.nexapp_opted_out(cast(phone, Text)))):
        return _("They opted out of texts.")
    return ""


def _step_of(enrolment_id: UUID, position: int | None) -> SequenceStep | None:
    wanted = (
        scoped(SequenceStep)
        .join(SequenceEnrolment, SequenceEnrolment.sequence_id == SequenceStep.sequence_id)
        .where(SequenceEnrolment.id == enrolment_id, SequenceStep.position == position)
    )
    step: SequenceStep | None = db.session.scalar(wanted)
    return step
