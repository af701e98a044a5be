"""What the centre calls its views and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.notifications.forms import Filter
from nexapp.notifications.registry import TYPES
from nexapp.notifications.skips import channel_words, reason_words
from nexapp.spine.web.templating import local_time


@dataclass(frozen=True, slots=True)
class View:
    name: str
    words: str
    icon: str
    href: str


def views() -> list[View]:
    """The centre's own views, in their order."""
    words = {
        "inbox": (_("Inbox"), "inbox"), "unread": (_("Unread"), "mail"), "snoozed": (_("Snoozed"), "clock-pause"),
        "archived": (_("Archived"), "archive"),
    }  # fmt: skip
    found = [View(name, said, icon, _address(name)) for name, (said, icon) in words.items()]
    return [*found, View("not-sent", _("Not sent"), "bell-off", url_for("notifications.not_sent"))]


def types(asked: Filter) -> list[tuple[str, str]]:
    """The types that this kind of business has, by name; and the one that is asked for."""
    kind = g.get("org_kind", "business")
    fitting = [t for t in TYPES.values() if not t.kinds or kind in t.kinds or t.name == asked.type]
    return sorted(((t.name, str(t.label)) for t in fitting), key=lambda each: each[1].casefold())


def done_words(verb: str, count: int) -> str:
    said = {
        "read": ngettext("Marked as read.", "%(num)s marked as read.", count),
        "unread": ngettext("Marked as unread.", "%(num)s marked as unread.", count),
        "archive": ngettext("Archived.", "%(num)s archived.", count),
        "unarchive": ngettext("Back in the inbox.", "%(num)s back in the inbox.", count),
        "snooze": ngettext("Snoozed.", "%(num)s snoozed.", count),
        "unsnooze": ngettext("Back in the inbox.", "%(num)s back in the inbox.", count),
        "delete": ngettext("Deleted.", "%(num)s deleted.", count),
    }
    return str(said[verb])


def skip_words(skip: Any, zone: str) -> str:
    """By which way something was not sent, and why; what waits says until when."""
    why = reason_words(skip.reason)
    if skip.held_until is not None:
        why = _("%(why)s Until %(time)s.", why=why, time=local_time(skip.held_until, zone))
    return f"{channel_words(skip.channel)}: {why}"


def _address(tab: str) -> str:
    return url_for("notifications.index", tab=None if tab == "inbox" else tab)
