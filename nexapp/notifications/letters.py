"""The e-mail of a notice, rendered when it leaves: as the notice reads by then, or not at all where it is late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import Row, text

from nexapp.messaging.channel_queue import Parcel
from nexapp.messaging.email_contents import Content, Letter, Withheld, register_letters
from nexapp.notifications.registry import TYPES
from nexapp.notifications.unsubscribe import unsubscribe_url
from nexapp.spine.config import settings
from nexapp.spine.db import db

SUBJECT = "notification"
MOST_PARTS = 10
NO_ADDRESS = lazy_gettext("They have no e-mail address any more.")

WANTED = """
    u.email AS address,
    u.deactivated_at IS NOT NULL AS is_gone,
    n.read_at IS NOT NULL OR n.deleted_at IS NOT NULL OR n.expires_at <= now()
        OR n.archived_at > n.created_at OR n.snoozed_until > now() AS is_over,
    n.org_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM memberships x WHERE x.org_id = n.org_id AND x.user_id = n.user_id AND x.deactivated_at IS NULL
    ) AS has_left,
    coalesce(s.email_enabled, true) AS is_email_on,
    s.push_enabled IS NOT FALSE AS is_push_on,
    coalesce(s.paused_until > now(), false) AS is_paused,
    ARRAY(
        SELECT p.name || '.' || p.channel FROM notification_preferences p
        WHERE p.user_id = n.user_id AND NOT p.is_on AND p.channel IN ('any', 'email', 'push')
    ) AS switched_off
"""
_NOTICES = text(
    f"""
    SELECT n.id, n.user_id, n.type, n.title, n.message, n.icon, n.parts, n.priority, o.name AS business,
        {WANTED}
    FROM notifications n
    JOIN users u ON u.id = n.user_id
    LEFT JOIN organizations o ON o.id = n.org_id
    LEFT JOIN notification_settings s ON s.user_id = n.user_id
    WHERE n.id = ANY(:ids)
    """  # noqa: S608 - a constant of this module
)
_PARTS = text(
    """
    SELECT folded_into, title, message FROM (
        SELECT p.folded_into, p.title, p.message, row_number() OVER (PARTITION BY p.folded_into ORDER BY p.id) AS place
        FROM notifications p WHERE p.folded_into = ANY(:ids)
    ) parts WHERE place <= :most ORDER BY folded_into, place
    """
)


def compose_notices(parcels: Sequence[Parcel]) -> Mapping[UUID, Content]:
    ids = [parcel.notification_id for parcel in parcels if parcel.notification_id]
    notices = {row.id: row for row in db.session.execute(_NOTICES, {"ids": ids})}
    parts = _parts_of([row.id for row in notices.values() if row.parts > 1])
    return {parcel.id: _content(notices.get(parcel.notification_id), parts) for parcel in parcels}


def refusal(row: Row[Any], channel: str = "email") -> str | None:
    """Why nothing of the kind may leave any more, by what the person chose meanwhile."""
    known = TYPES.get(row.type)
    if row.is_gone or row.has_left:
        return _("They don't belong to it any more.")
    if known is not None and known.locked:
        return None
    if row.is_paused:
        return _("They paused all notices.")
    switch = known.switch_name if known else row.type
    is_on = row.is_push_on if channel == "push" else row.is_email_on
    if not is_on or {f"{row.type}.{channel}", f"{switch}.any"} & set(row.switched_off):
        return _("They switched such e-mails off.") if channel == "email" else _("They switched such pushes off.")
    return None


def notice_url(notice_id: UUID) -> str:
    """A page that asks for a tap before anything counts as read: programs look into links."""
    return f"{settings().base_url}/notifications/{notice_id}/open"


def letter_headers(stop_url: str | None) -> dict[str, str]:
    """What mail programs show as their own button."""
    if stop_url is None:
        return {}
    return {"List-Unsubscribe": f"<{stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _content(row: Row[Any] | None, parts: Mapping[UUID, list[Row[Any]]]) -> Content:
    if row is None or row.is_over:
        return Withheld(_("It was seen before, or is over."))
    if (why := refusal(row)) is not None:
        return Withheld(why)
    if not row.address:
        return Withheld(str(NO_ADDRESS))
    return _letter(row, parts.get(row.id, []))


def _letter(row: Row[Any], parts: Sequence[Row[Any]]) -> Letter:
    known = TYPES.get(row.type)
    stop_url = None if known is None or known.locked else unsubscribe_url(row.user_id, row.type)
    rest = row.parts - len(parts)
    shown = {
        "title": row.title, "message": row.message, "icon": row.icon, "business": row.business, "parts": parts,
        "more": ngettext("and %(num)s more", "and %(num)s more", rest) if parts and rest > 0 else "",
        "url": notice_url(row.id), "stop_url": stop_url, "label": known.label if known else "",
        "settings_url": f"{settings().base_url}/notification-settings",
    }  # fmt: skip
    return Letter(
        row.title,
        render_template("email/notice.txt", **shown),
        render_template("email/notice.html", **shown),
        letter_headers(stop_url),
        row.address,
    )


def _parts_of(ids: Sequence[UUID]) -> Mapping[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    if ids:
        for row in db.session.execute(_PARTS, {"ids": list(ids), "most": MOST_PARTS}):
            found[row.folded_into].append(row)
    return found


register_letters(SUBJECT, compose_notices)
