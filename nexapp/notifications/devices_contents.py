"""What the push of a notice says when it leaves: as the notice reads by then, or nothing where it was seen already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, or_, select

from nexapp.messaging.channel_queue import Parcel
from nexapp.messaging.push_contents import PushContent, register_contents
from nexapp.notifications.models import Notification
from nexapp.spine.db import db

SUBJECT = "notification"


def compose_notices(parcels: Sequence[Parcel]) -> Mapping[UUID, PushContent]:
    row = Notification
    wanted = {parcel.subject_id for parcel in parcels if parcel.subject_id}
    rows = db.session.execute(
        select(row.id, row.title, row.message, row.priority).where(
            row.id.in_(wanted), row.read_at.is_(None), row.archived_at.is_(None), row.deleted_at.is_(None),
            or_(row.expires_at.is_(None), row.expires_at > func.now()),
            or_(row.snoozed_until.is_(None), row.snoozed_until <= func.now()),
        )
    )  # fmt: skip
    # The address asks for a tap of its own before anything counts as read: programs look ahead.
    contents = {
        notice.id: PushContent(
            notice.title, notice.message, notice.id, f"/notifications/{notice.id}/open", notice.priority
        )
        for notice in rows
    }
    return {parcel.id: contents[parcel.subject_id] for parcel in parcels if parcel.subject_id in contents}


register_contents(SUBJECT, compose_notices)
