"""Saved views: filters of the list under a name, for oneself or for the whole team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from nexapp.identity.models import User
from nexapp.sales.prospect_models import ProspectView
from nexapp.sales.prospects_queries import Wanted
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Forbidden, NotFound
from nexapp.spine.tenancy import Role, current_actor, scoped

MOST = 30


def list_views() -> Sequence[Any]:
    """One's own and those that others share, by name. What somebody shared who left stays."""
    mine = ProspectView.user_id == current_actor().user_id
    return db.session.execute(
        select(
            ProspectView.id, ProspectView.name, ProspectView.filters, ProspectView.is_shared, ProspectView.user_id,
            User.name.label("author"), mine.label("is_mine"),
        )
        .outerjoin(User, User.id == ProspectView.user_id)
        .where(ProspectView.org_id == current_actor().tenant, or_(mine, ProspectView.is_shared))
        .order_by(func.lower(ProspectView.name), ProspectView.id)
    ).all()  # fmt: skip


def save_view(name: str, wanted: Wanted, *, is_shared: bool) -> ProspectView:
    """Under a name that the person has already, it takes the old one's place."""
    actor = current_actor()
    own = scoped(ProspectView).where(ProspectView.user_id == actor.user_id)
    view: ProspectView | None = db.session.scalar(own.where(func.lower(ProspectView.name) == name.lower()))
    if view is None:
        if (db.session.scalar(select(func.count()).select_from(own.subquery())) or 0) >= MOST:
            raise BadInput(fields={"name": _("You have %(most)s views already. Delete one first.", most=MOST)})
        view = ProspectView(org_id=actor.tenant, user_id=actor.user_id)
    _write(view, name=name, filters=wanted.query(), is_shared=is_shared)
    audit.record("prospect_view.saved", "prospect_view", view.id)
    return view


def delete_view(view_id: UUID) -> None:
    """One's own; a manager deletes shared ones, too. Raises `NotFound`, `Forbidden`."""
    actor = current_actor()
    view: ProspectView | None = db.session.scalar(scoped(ProspectView).where(ProspectView.id == view_id))
    if view is None or (view.user_id != actor.user_id and not view.is_shared):
        raise NotFound
    if view.user_id != actor.user_id and not actor.role.at_least(Role.MANAGER):
        raise Forbidden
    db.session.delete(view)
    audit.record("prospect_view.deleted", "prospect_view", view_id)


def _write(view: ProspectView, **values: Any) -> None:
    # Two forms of one person at once: the later one is told, and the unit goes on.
    try:
        with db.session.begin_nested():
            for column, value in values.items():
                setattr(view, column, value)
            db.session.add(view)
    except IntegrityError as error:
        raise BadInput(fields={"name": _("You have a view of that name already.")}) from error
