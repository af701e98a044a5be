"""The daily letter: what gathered since the last one, by type, the most urgent types first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Row, text

from nexapp.messaging.channel_queue import Parcel
from nexapp.messaging.email_contents import Content, Letter, Withheld, register_letters
from nexapp.notifications.letters import NO_ADDRESS, WANTED, letter_headers, notice_url, refusal
from nexapp.notifications.registry import TYPES
from nexapp.notifications.switches import DIGEST
from nexapp.notifications.unsubscribe import EMAIL, unsubscribe_url
from nexapp.spine.config import settings
from nexapp.spine.db import db

MOST_OF_A_TYPE = 10

_ITEMS = text(
    f"""
    SELECT n.digest_id, n.id, n.user_id, n.type, n.title, n.message, n.icon, n.created_at, o.name AS business,
        coalesce(u.time_zone, o.time_zone, 'UTC') AS zone,
        {WANTED}
    FROM notifications n
    JOIN users u ON u.id = n.user_id
    LEFT JOIN organizations o ON o.id = n.org_id
    LEFT JOIN notification_settings s ON s.user_id = n.user_id
    WHERE n.digest_id = ANY(:ids)
    ORDER BY n.digest_id, n.created_at DESC, n.id DESC
    """  # noqa: S608 - a constant of another module
)


@dataclass(frozen=True, slots=True)
class Section:
    """One type's items; `more` are left for the centre."""

    label: Any
    icon: str
    items: list[Row[Any]]
    more: str


def compose_digests(parcels: Sequence[Parcel]) -> Mapping[UUID, Content]:
    gathered: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in db.session.execute(_ITEMS, {"ids": [parcel.id for parcel in parcels]}):
        gathered[row.digest_id].append(row)
    return {parcel.id: _content(gathered[parcel.id]) for parcel in parcels}


def _content(rows: Sequence[Row[Any]]) -> Content:
    if any(f"{DIGEST}.{EMAIL}" in row.switched_off for row in rows):
        return Withheld(_("They stopped the daily letter."))
    items = [row for row in rows if not row.is_over and refusal(row) is None]
    if items and not items[0].address:
        return Withheld(str(NO_ADDRESS))
    return _letter(items) if items else Withheld(_("Everything in it was seen before, or is not wanted any more."))


def _letter(items: Sequence[Row[Any]]) -> Letter:
    stop_url, base = unsubscribe_url(items[0].user_id, DIGEST), settings().base_url
    title = ngettext("Your day in one letter: %(num)s notice", "Your day in one letter: %(num)s notices", len(items))
    shown = {
        "title": title, "sections": _sections(items), "zone": items[0].zone, "notice_url": notice_url,
        "businesses": len({row.business for row in items}), "url": f"{base}/notifications", "stop_url": stop_url,
        "settings_url": f"{base}/notification-settings",
    }  # fmt: skip
    return Letter(
        title,
        render_template("email/digest.txt", **shown),
        render_template("email/digest.html", **shown),
        letter_headers(stop_url),
        items[0].address,
    )


def _sections(items: Sequence[Row[Any]]) -> list[Section]:
    """In the order in which the settings page has the types."""
    by_type: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in items:
        by_type[row.type].append(row)
    order = [name for name in TYPES if name in by_type] + [name for name in by_type if name not in TYPES]
    return [_section(name, by_type[name]) for name in order]


def _section(name: str, rows: list[Row[Any]]) -> Section:
    rest = len(rows) - MOST_OF_A_TYPE
    more = ngettext("and %(num)s more", "and %(num)s more", rest) if rest > 0 else ""
    known = TYPES.get(name)
    label, icon = (known.label, known.icon) if known else (name, rows[0].icon)
    return Section(label, icon, rows[:MOST_OF_A_TYPE], more)


register_letters(DIGEST, compose_digests)
