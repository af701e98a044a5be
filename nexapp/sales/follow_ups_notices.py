"""What can be done about a follow-up's notice where it stands."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from nexapp.notifications.centre_actions import Acted
from nexapp.notifications.models import Notification
from nexapp.sales.follow_ups import complete_follow_up
from nexapp.spine.errors import NotFound


def finish(notice: Notification) -> Acted:
    if notice.subject_id is None:
        raise NotFound
    change_id = complete_follow_up(notice.subject_id)
    undo = url_for("sales.undo_follow_up_change", change_id=change_id) if change_id else None
    return Acted(_("Done."), undo)
