"""/follow-ups: the agenda, and what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from nexapp.sales import follow_ups_queries as queries
from nexapp.sales import tiers, when
from nexapp.sales.agenda import get_agenda
from nexapp.sales.blueprint import pages
from nexapp.sales.follow_ups_queries import Place
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.prospects_queries import list_team
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page

EVERYBODY = "all"


@pages.get("/follow-ups")
@member(Role.VIEWER)
def agenda() -> Response:
    """One's own; `of` names a colleague, or everybody."""
    actor = current_actor()
    whose = request.args.get("of", "")
    owner_id = None if whose == EVERYBODY else read_id(whose) or actor.user_id
    view = "done" if request.args.get("view") == "done" else "open"
    zone = when.zone_of(actor.user_id) if actor.user_id else "UTC"
    after = _read_place(request.args.get("after"))
    shown = get_agenda(owner_id, zone, after) if view == "open" else None
    done = queries.list_done(owner_id, after) if view == "done" else None
    following = shown.next if shown else done.next if done else None
    kept: dict[str, Any] = {"of": whose or None, "view": "done" if done else None}
    return page(
        "sales/agenda.html", "sales/_agenda.html", agenda=shown, done=done, view=view, whose=whose, zone=zone,
        owner_id=owner_id, team=list_team(), me=actor.user_id, org_id=actor.tenant, is_first=after is None,
        may_act=actor.role.at_least(Role.STAFF), may_change=_may_change, tier=tiers.current_tier(), kept=kept,
        may_plan=actor.role.at_least(Role.OWNER),
        here=url_for("sales.agenda", **kept, after=request.args.get("after")),
        next_href=url_for("sales.agenda", **kept, after=_place(following)) if following else None,
    )  # fmt: skip


def _may_change(row: Any) -> bool:
    """Which buttons to show; whether they work is decided again when they are pressed."""
    actor = current_actor()
    if actor.role.at_least(Role.MANAGER) or row.owner_id == actor.user_id:
        return actor.role.at_least(Role.STAFF)
    return actor.role.at_least(Role.STAFF) and row.prospect_id and row.prospect_owner_id in (None, actor.user_id)


def _place(place: Place) -> str:
    return f"{place[0].isoformat()}_{place[1]}"


def _read_place(written: str | None) -> Place | None:
    at, _between, last = (written or "").rpartition("_")
    try:
        moment, row_id = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return (moment, row_id) if moment.tzinfo else None
