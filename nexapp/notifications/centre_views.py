"""The notification centre: its views, the list, one notice, and what was not sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from nexapp.messaging.models import Message
from nexapp.notifications import queries
from nexapp.notifications.bell import other_places
from nexapp.notifications.blueprint import pages
from nexapp.notifications.centre_lines import Line, line_of, snooze_choices, with_days, with_heading
from nexapp.notifications.centre_words import skip_words, types, views
from nexapp.notifications.forms import Filter, asked_filter, asked_id, asked_number
from nexapp.notifications.models import Notification, NotificationSkip
from nexapp.notifications.preferences import own_id, own_zone
from nexapp.notifications.queries import AT_ONCE
from nexapp.notifications.skips import CHANNEL_LABELS
from nexapp.spine.access import signed_in
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page

MOST = 400
"""A list that somebody made so long with "Show more" is fetched again in one piece."""

NOTHING_TYPED: dict[str, Any] = {"typed": "", "error": "", "choices": []}


@pages.get("/notifications")
@signed_in
def index() -> Response:
    """The list; the rows that follow it, for who asks for more; or the list anew, as long as it was."""
    asked, after = asked_filter(), asked_id("after")
    fragment = "notifications/_lines.html" if after else "notifications/_list.html"
    return page("notifications/index.html", fragment, line=None, **_list(asked, asked_id("chosen"), after, Reader()))


@pages.get("/notifications/<uuid:notification_id>")
@signed_in
def show(notification_id: UUID) -> Response:
    return show_notice(notification_id)


@pages.get("/notifications/not-sent")
@signed_in
def not_sent() -> Response:
    zone, rows = own_zone(), queries.list_skips(own_id(), before=asked_id("after"), limit=AT_ONCE + 1)
    after = rows[AT_ONCE - 1].id if len(rows) > AT_ONCE else None
    return page(
        "notifications/not_sent.html", tab="not-sent", views=views(), unread=queries.count_unread(own_id()), zone=zone,
        skips=[(row, skip_words(row, zone)) for row in rows[:AT_ONCE]],
        next_href=url_for("notifications.not_sent", after=after) if after else None,
        settings_url=url_for("notifications.notification_settings"),
    )  # fmt: skip


def show_notice(notification_id: UUID, *, own_time: dict[str, Any] | None = None, status: int = 200) -> Response:
    """One notice, and beside it the list where the whole page is asked for. Looking changes nothing: that it was read
    is posted."""
    asked, notice = asked_filter(), get_notice(notification_id)
    reader = Reader()
    around = {} if is_fragment() else _list(asked, notification_id, None, reader)
    return page(
        "notifications/index.html", "notifications/_detail.html", status=status, own_time=own_time or NOTHING_TYPED,
        **{**_detail(notice, asked, reader), **around},
    )  # fmt: skip


def get_notice(notification_id: UUID) -> Notification:
    """Raises `NotFound` for another person's, and for one that was deleted."""
    found = queries.find_own(own_id(), notification_id)
    if found is None or found.deleted_at is not None:
        raise NotFound
    return found


class Reader:
    """Whose page it is: their clock, and their other businesses by name."""

    def __init__(self) -> None:
        self.zone = own_zone()
        self.places = other_places()


def _list(asked: Filter, chosen: UUID | None, after: UUID | None, reader: Reader) -> dict[str, Any]:
    zone, shown = reader.zone, asked_number("shown")
    limit = AT_ONCE if after else min(max(shown, AT_ONCE), MOST)
    rows: list[Any] = list(
        queries.list_page(
            own_id(), asked.tab, type_name=asked.type or None, search=asked.search, before=after, limit=limit + 1
        )
    )
    last = rows[limit - 1].id if len(rows) > limit else None
    rows = _with_chosen(rows[:limit], chosen) if asked.tab == "unread" and not after else rows[:limit]
    first = queries.list_urgent(own_id()) if asked.is_plain else []
    rows = queries.without(rows, first)
    lines, urgent = (_lines(each, asked, reader) for each in (rows, [] if after else first))
    return {
        "tab": asked.tab, "type": asked.type, "search": asked.search, "zone": zone, "chosen": chosen,
        "views": views(), "types": types(asked), "unread": None if is_fragment() else queries.count_unread(own_id()),
        "lines": [*with_heading(urgent, _("Urgent")),
                  *(lines if asked.tab == "snoozed" else with_days(lines, zone, _time_of(after)))],
        "shown": len(lines) + (shown if after else 0), "here": url_for("notifications.index", **asked.kept),
        "next_href": url_for("notifications.index", **asked.kept, after=last) if last else None,
        "settings_url": url_for("notifications.notification_settings"),
    }  # fmt: skip


def _lines(rows: Sequence[Any], asked: Filter, reader: Reader) -> list[Line]:
    return [replace(line_of(row, reader.places), href=_address_of(row.id, asked)) for row in rows]


def _with_chosen(rows: list[Any], chosen: UUID | None) -> list[Any]:
    """What is being looked at was read just now; it stays among the unread until another one is chosen."""
    if chosen is None or chosen in {row.id for row in rows}:
        return rows
    notice = queries.find_own(own_id(), chosen)
    stays = notice is not None and not (notice.deleted_at or notice.archived_at or notice.snoozed_until)
    return sorted([*rows, notice], key=lambda row: row.id, reverse=True) if notice and stays else rows


def _detail(notice: Notification, asked: Filter, reader: Reader) -> dict[str, Any]:
    zone = reader.zone
    parts = queries.list_parts(own_id(), notice.id) if notice.parts > 1 else []
    return {
        "line": line_of(notice, reader.places), "parts": [line_of(part, {}) for part in parts], "zone": zone,
        "tab": asked.tab, "snooze_choices": snooze_choices(zone), "sent": _sent(notice.id),
        "was_opened": notice.opened_at is not None,
        "held": [skip_words(skip, zone) for skip in _held(notice.id)], "channels": CHANNEL_LABELS,
        "list_href": url_for("notifications.index", **asked.kept),
    }  # fmt: skip


def _sent(notification_id: UUID) -> Sequence[Message]:
    """The letters, pushes and texts that went out for it."""
    wanted = select(Message).where(Message.notification_id == notification_id, Message.user_id == own_id())
    return db.session.scalars(wanted.order_by(Message.id).limit(AT_ONCE)).all()


def _held(notification_id: UUID) -> Sequence[NotificationSkip]:
    wanted = select(NotificationSkip).where(
        NotificationSkip.user_id == own_id(), NotificationSkip.notification_id == notification_id
    )
    return db.session.scalars(wanted.order_by(NotificationSkip.id).limit(AT_ONCE)).all()


def _address_of(notification_id: UUID, asked: Filter) -> str:
    return url_for("notifications.show", notification_id=notification_id, **asked.kept)


def _time_of(notification_id: UUID | None) -> datetime | None:
    """When the line above was made: its id begins with the milliseconds."""
    if notification_id is None or notification_id.version != 7:
        return None
    return datetime.fromtimestamp((notification_id.int >> 80) / 1000, UTC)
