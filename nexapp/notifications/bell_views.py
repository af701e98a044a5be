"""The bell: its number, what is new since the page last asked, and the panel below it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, request, url_for

from nexapp.notifications import queries
from nexapp.notifications.bell import other_places
from nexapp.notifications.blueprint import pages
from nexapp.notifications.centre_lines import line_of, snooze_choices
from nexapp.notifications.news import list_news
from nexapp.notifications.preferences import own_id, own_zone
from nexapp.spine.access import signed_in
from nexapp.spine.clock import now
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other

SHOWN = 15
OVERLAP = timedelta(seconds=30)
"""A notice whose transaction took long has an earlier time than it appears at. Pages know each by its id."""

LONGEST_GAP = timedelta(hours=1)
"""Who was away for longer looks at the number, not at toasts."""


@pages.get("/notifications/count")
@signed_in
def count() -> Response:
    """The number on the bell, with what came since the page last asked."""
    until = now()
    since = _since(until)
    return page(
        "notifications/_bell_count.html", unread=queries.count_unread(own_id()), heard_until=until,
        news=list_news(own_id(), since) if since else [],
    )  # fmt: skip


@pages.get("/notifications/bell")
@signed_in
def panel() -> Response:
    if not is_fragment():
        return see_other(url_for("notifications.index"))
    zone, places, urgent = own_zone(), other_places(), queries.list_urgent(own_id())
    rows = [*urgent, *queries.without(queries.list_page(own_id(), limit=SHOWN), urgent)][:SHOWN]
    lines = [line_of(row, places) for row in rows]
    return page(
        "notifications/_bell.html", lines=lines, zone=zone, unread=queries.count_unread(own_id()),
        settings_url=url_for("notifications.notification_settings"),
        unseen=[row.id for row in rows if row.seen_at is None], snooze_choices=snooze_choices(zone),
    )  # fmt: skip


def _since(until: datetime) -> datetime | None:
    """From when on; None where that can't be read or lies too far back to be news."""
    try:
        asked = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return None
    if asked.tzinfo is None or not until - LONGEST_GAP < asked <= until + OVERLAP:
        return None
    return asked - OVERLAP
