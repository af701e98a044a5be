"""What the push of a notice says when it leaves: as the notice reads by then, or nothing where it was seen already, or
isn't wanted any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text

from nexapp.messaging.channel_queue import Parcel
from nexapp.messaging.push_contents import PushContent, register_contents
from nexapp.notifications.letters import SUBJECT, WANTED, refusal
from nexapp.spine.columns import join, joined
from nexapp.spine.db import db

PUSH = "push"
_NOTICES = text(
    f"""
    SELECT n.id, n.type, n.title, n.message, n.priority, {WANTED}
    FROM notifications n
    JOIN users u ON u.id = n.user_id
    LEFT JOIN notification_settings s ON s.user_id = n.user_id
    WHERE n.id = ANY({joined("ids", "uuid")})
    """  # noqa: S608 - constants, and the parameter
)


def compose_notices(parcels: Sequence[Parcel]) -> Mapping[UUID, PushContent]:
    wanted = {parcel.subject_id for parcel in parcels if parcel.subject_id}
    rows = db.session.execute(_NOTICES, {"ids": join(wanted)})
    # The address asks for a tap of its own before anything counts as read: programs look ahead.
    contents = {
        notice.id: PushContent(
            notice.title, notice.message, notice.id, f"/notifications/{notice.id}/open", notice.priority
        )
        for notice in rows
        if not notice.is_over and refusal(notice, PUSH) is None
    }
    return {parcel.id: contents[parcel.subject_id] for parcel in parcels if parcel.subject_id in contents}


register_contents(SUBJECT, compose_notices)
