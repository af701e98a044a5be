"""/prospects/board: the pipeline, a column for each stage."""

from __future__ import annotations

from flask import Response, request

from nexapp.identity.business_settings import get_business
from nexapp.sales.blueprint import pages
from nexapp.sales.board import CARDS, list_columns
from nexapp.sales.prospect_words import REASONS
from nexapp.sales.prospects import may_change
from nexapp.sales.prospects_queries import ME
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page


@pages.get("/prospects/board")
@member(Role.VIEWER)
def board() -> Response:
    actor, is_mine = current_actor(), request.args.get("owner") == ME
    return page(
        "sales/board.html", "sales/_board.html", business=get_business(), is_mine=is_mine, most=CARDS,
        columns=list_columns(actor.user_id if is_mine else None), reasons=REASONS,
        may_change=may_change, may_add=actor.role.at_least(Role.STAFF),
    )  # fmt: skip
