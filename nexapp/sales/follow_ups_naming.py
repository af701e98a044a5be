"""Which prospect a form means: the one whose page it came from, or the one that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from nexapp.sales.blueprint import pages
from nexapp.sales.follow_ups import take_prospect
from nexapp.sales.follow_ups_forms import FollowUpForm
from nexapp.sales.models import Prospect
from nexapp.sales.prospects_forms import read_id
from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page

MOST = 8


def find_named(form: FollowUpForm) -> Prospect | None:
    """None where the form names nobody. Raises `BadInput` where the name fits none, or several to choose from."""
    chosen = read_id(form.prospect_id.data) or read_id(form.same_named.data)
    if chosen is not None:
        return take_prospect(chosen)
    name = form.prospect_name.data or ""
    if not name:
        return None
    found = _called(func.lower(Prospect.name) == name.lower())
    if len(found) == 1:
        return take_prospect(found[0].id)
    if not found:
        found = _called(Prospect.name.icontains(name, autoescape=True))
    form.same_named.choices = [(str(row.id), _told_apart(row)) for row in found]
    if not found:
        raise BadInput(
            fields={"prospect_name": _("Nobody is called %(name)s. Add them as a prospect first.", name=name)}
        )
    raise BadInput(fields={"same_named": _("Choose which one you mean.")})


@pages.get("/follow-ups/names")
@member(Role.STAFF)
def suggest_names() -> Any:
    """Names for the form's field, as they are typed."""
    typed = request.args.get("prospect_name", "").strip()[:120]
    found = _called(Prospect.name.icontains(typed, autoescape=True)) if len(typed) > 1 else []
    return page("sales/_follow_up_names.html", names=list(dict.fromkeys(row.name for row in found)),
                address=url_for("sales.suggest_names"))  # fmt: skip


def _called(condition: Any) -> Sequence[Any]:
    wanted = (
        select(Prospect.id, Prospect.name, Prospect.company, Prospect.email)
        .where(Prospect.org_id == current_actor().tenant, Prospect.deleted_at.is_(None), condition)
        .order_by(func.lower(Prospect.name), Prospect.id)
        .limit(MOST)
    )
    return db.session.execute(wanted).all()


def _told_apart(row: Any) -> str:
    return ", ".join(part for part in (row.name, row.company, row.email) if part)
