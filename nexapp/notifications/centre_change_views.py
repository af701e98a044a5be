"""Posts of the bell and the centre: one notice or several, read, moved, opened, and taken back."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.addresses import safe_next
from nexapp.identity.businesses import select_business
from nexapp.notifications import centre_changes, states
from nexapp.notifications.bell import other_places
from nexapp.notifications.blueprint import pages
from nexapp.notifications.centre_actions import act
from nexapp.notifications.centre_lines import line_of
from nexapp.notifications.centre_views import get_notice, show_notice
from nexapp.notifications.centre_words import done_words
from nexapp.notifications.forms import asked_filter, sent_ids, sent_instant, sent_wall_time
from nexapp.notifications.preferences import own_id, own_zone
from nexapp.notifications.registry import TYPES
from nexapp.spine.access import signed_in
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import TimeHappensTwice
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.time_fields import which_choices

QUIET = {"seen": states.mark_seen, "acted": states.mark_acted}
"""What a page tells by itself."""

OPEN = "open"
"""Shown by itself: read from then on, and counted as opened."""


@pages.post("/notifications/changes")
@signed_in
def change() -> Response:
    """One verb for the notices that were chosen."""
    verb, ids = request.form.get("verb", ""), sent_ids()
    if verb in QUIET:
        QUIET[verb](own_id(), ids)
        return Response(status=204)
    if verb == OPEN:
        states.mark_opened(own_id(), ids)
        return _done("")
    if verb not in centre_changes.VERBS:
        raise BadInput(_("Choose what to do with it."))
    until = sent_instant(own_zone()) if verb == centre_changes.SNOOZE else None
    count, undo_id = centre_changes.change(own_id(), verb, ids, until)
    # A single one that was read shows it by itself.
    is_quiet = count == 0 or (len(ids) == 1 and verb in {"read", "unread"})
    return _done("" if is_quiet else done_words(verb, count), undo_id)


@pages.post("/notifications/<uuid:notification_id>/snooze")
@signed_in
def snooze(notification_id: UUID) -> Response:
    """Until a time that was typed; refused next to its field."""
    get_notice(notification_id)
    try:
        until = sent_wall_time(own_zone())
    except BadInput as error:
        return _own_time(notification_id, error)
    count, undo_id = centre_changes.change(own_id(), centre_changes.SNOOZE, [notification_id], until)
    return _done(done_words(centre_changes.SNOOZE, count), undo_id)


@pages.post("/notifications/read-all")
@signed_in
def read_all() -> Response:
    kind = request.form.get("type", "")
    count, undo_id = centre_changes.read_all(own_id(), kind if kind in TYPES else None)
    return _done(done_words("read", count) if count else _("Nothing was unread."), undo_id)


@pages.post("/notifications/undos/<uuid:undo_id>")
@signed_in
def undo(undo_id: UUID) -> Response:
    centre_changes.take_back(own_id(), undo_id)
    return _done(_("Taken back."))


@pages.get("/notifications/<uuid:notification_id>/open")
@signed_in
def open_notice(notification_id: UUID) -> Response:
    """Where letters and pushes lead. It asks to be posted: a program that looks ahead changes nothing."""
    return page("notifications/open.html", line=line_of(get_notice(notification_id), other_places()))


@pages.post("/notifications/<uuid:notification_id>/open")
@signed_in
def open_record(notification_id: UUID) -> Response:
    """To the record, in its own business."""
    notice = get_notice(notification_id)
    states.mark_acted(own_id(), [notification_id])
    if notice.org_id is not None and notice.org_id != current_actor().org_id:
        select_business(current_actor(), notice.org_id)
    return see_other(safe_next(notice.action_url) or url_for("notifications.show", notification_id=notification_id))


@pages.post("/notifications/<uuid:notification_id>/actions/<action_kind>")
@signed_in
def act_on(notification_id: UUID, action_kind: str) -> Response:
    """What a part offers to do about its own notice."""
    notice = get_notice(notification_id)
    done = act(notice, action_kind)
    states.mark_acted(own_id(), [notification_id])
    return _done(done.said, undo=done.undo)


def _done(said: str, undo_id: UUID | None = None, *, undo: str | None = None) -> Response:
    """Back to the list; for HTMX word to the page, whose pieces fetch themselves."""
    undo = undo or (url_for("notifications.undo", undo_id=undo_id) if undo_id else None)
    if not is_fragment():
        return see_other(url_for("notifications.index", **asked_filter().kept), said or None, undo=undo)
    events: dict[str, Any] = {"notices-changed": {}}
    if said:
        events["toast"] = {"text": said, "kind": "success", "undo": undo}
    return Response(status=204, headers={"HX-Trigger": json.dumps(events)})


def _own_time(notification_id: UUID, error: BadInput) -> Response:
    shown = {
        "typed": request.form.get("until", ""), "error": error.sentence,
        "choices": which_choices(error.choices) if isinstance(error, TimeHappensTwice) else [],
    }  # fmt: skip
    if not is_fragment():
        return show_notice(notification_id, own_time=shown, status=422)
    line = line_of(get_notice(notification_id), {})
    return page(
        "notifications/_own_time.html", status=422, line=line, own_time=shown, zone=own_zone(), tab=asked_filter().tab
    )
