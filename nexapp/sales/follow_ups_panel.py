"""Follow-ups on a prospect's own page: what is planned, the next one in one tap, its sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.sales import follow_ups as cases
from nexapp.sales import follow_ups_queries as queries
from nexapp.sales import sequences_queries, tiers, when
from nexapp.sales.blueprint import pages
from nexapp.sales.follow_ups_forms import WhenForm
from nexapp.sales.prospects import get_prospect, may_change
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.suggesting import Suggestion, suggest_for
from nexapp.sales.when import Due
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.wall_times import TimeHappensTwice
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other, with_toast
from nexapp.spine.web.templating import local_time

SUGGESTED = "suggested"


@dataclass(frozen=True, slots=True)
class Panel:
    rows: Sequence[Any]
    taps: list[tuple[str, str, str]]
    zone: str
    tier: str
    may_act: bool
    suggestion: Suggestion | None
    running: Any
    sequences: Sequence[Any]
    form: WhenForm
    key: UUID
    """Names the forms of this panel: one that is sent twice is planned once."""


def follow_up_panel(prospect: Any, form: WhenForm | None = None) -> Panel:
    """What `_follow_up_quick.html` shows of a prospect, or of a row of one."""
    actor, tier = current_actor(), tiers.current_tier()
    zone = when.zone_of(actor.user_id) if actor.user_id else "UTC"
    may_act = prospect.deleted_at is None and may_change(prospect.owner_id)
    rows = queries.list_of_prospect(prospect.id)
    helped = may_act and not rows and tiers.brings(tier, tiers.ELITE)
    running = sequences_queries.find_running(prospect.id)
    return Panel(
        rows, _taps(zone), zone, tier, may_act, suggest_for(prospect, zone) if helped else None, running,
        sequences_queries.list_sequences() if may_act and not running else [], form or WhenForm(formdata=None),
        new_id(),
    )  # fmt: skip


pages.add_app_template_global(follow_up_panel, "follow_up_panel")
pages.add_app_template_global(when.due_words, "due_words")


@pages.get("/prospects/<uuid:prospect_id>/follow-ups")
@member(Role.VIEWER)
def prospect_follow_ups(prospect_id: UUID) -> Response:
    return _panel_page(get_prospect(prospect_id))


@pages.post("/prospects/<uuid:prospect_id>/follow-ups")
@member(Role.STAFF)
def plan_follow_up(prospect_id: UUID) -> Response:
    """In one tap, or for a day of one's own."""
    prospect, form, choice = get_prospect(prospect_id), WhenForm(), request.form.get("when", "")
    actor = current_actor()
    zone = when.zone_of(actor.user_id) if actor.user_id else "UTC"
    try:
        if choice == "own" and not form.validate():
            return _panel_page(prospect, form, 422)
        due, message = _chosen(choice, prospect, zone, form)
        added = cases.add_follow_up(
            cases.NewFollowUp(prospect_id, due, message, kind="one_time", key=_key(choice, due))
        )
    except BadInput as error:
        if isinstance(error, TimeHappensTwice):
            form.ask_which(error.choices)
        form.bind_errors(error)
        return _panel_page(prospect, form, 422)
    words = _("Follow-up on %(when)s.", when=when.due_words(due))
    undo = url_for("sales.cancel_follow_up", follow_up_id=added)
    if is_fragment():
        return with_toast(_panel_page(prospect), words, undo=undo)
    return see_other(url_for("sales.show_prospect", prospect_id=prospect_id), words, undo=undo)


def _key(choice: str, due: Due) -> UUID | None:
    """Of this tap: the panel's other taps are other follow-ups."""
    sent = read_id(request.form.get("key"))
    return uuid5(sent, f"{choice} {due.at.isoformat()}") if sent else None


def _chosen(choice: str, prospect: Any, zone: str, form: WhenForm) -> tuple[Due, str]:
    if choice == "own":
        return form.due(zone), ""
    if choice == SUGGESTED:
        tiers.need_tier(tiers.ELITE, _("A suggestion"))
        suggested = suggest_for(prospect, zone)
        return suggested.due, suggested.message
    return when.one_tap(choice, zone), ""


def _taps(zone: str) -> list[tuple[str, str, str]]:
    """What is posted, its name, and the time it stands for."""
    labels = {"tomorrow": _("Tomorrow"), "in_3_days": _("In 3 days"), "next_monday": _("Next Monday")}
    return [(choice, labels[choice], local_time(when.one_tap(choice, zone).at, zone)) for choice in when.ONE_TAPS]


def _panel_page(prospect: Any, form: WhenForm | None = None, status: int = 200) -> Response:
    return page(
        "sales/prospect_follow_ups.html", "sales/_follow_up_quick.html", status=status, prospect=prospect,
        panel=follow_up_panel(prospect, form),
    )  # fmt: skip
