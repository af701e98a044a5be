"""The console's page of notices that were not sent, and why: sums, never whose."""

from __future__ import annotations

from flask import Response

from nexapp.notifications.queries import summarise_skips
from nexapp.notifications.registry import find_type
from nexapp.notifications.skips import channel_words
from nexapp.operations.blueprint import pages
from nexapp.operations.unsent_words import reason_of_others
from nexapp.spine.access import platform_admin
from nexapp.spine.web.pages import page

DAYS = 7


@pages.get("/admin/notices")
@platform_admin
def list_unsent() -> Response:
    rows = [
        (known.label if (known := find_type(row.type)) else row.type, channel_words(row.channel),
         reason_of_others(row.reason), row)
        for row in summarise_skips(DAYS)
    ]  # fmt: skip
    return page("operations/unsent.html", rows=rows, days=DAYS)
