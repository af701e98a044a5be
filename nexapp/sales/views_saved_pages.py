"""Saving the list's filters as a view, and deleting one."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.sales import views_saved
from nexapp.sales.blueprint import pages
from nexapp.sales.prospects_forms import ViewForm
from nexapp.sales.prospects_queries import Wanted, read_wanted
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other


@pages.get("/prospects/views/new")
@member(Role.VIEWER)
def new_view() -> Response:
    return _page(ViewForm(formdata=None), read_wanted(request.args))


@pages.post("/prospects/views")
@member(Role.VIEWER)
def save_view() -> Response:
    form, wanted = ViewForm(), read_wanted(request.form)
    if not form.validate():
        return _page(form, wanted, 422)
    is_shared = bool(form.is_shared.data) and current_actor().role.at_least(Role.STAFF)
    try:
        view = views_saved.save_view(form.name.data, wanted, is_shared=is_shared)
    except BadInput as error:
        form.bind_errors(error)
        return _page(form, wanted, 422)
    address = url_for("sales.prospects", **wanted.query())  # type: ignore[arg-type]
    return see_other(address, _("“%(name)s” is saved.", name=view.name))


@pages.post("/prospects/views/<uuid:view_id>/removal")
@member(Role.VIEWER)
def delete_view(view_id: UUID) -> Response:
    views_saved.delete_view(view_id)
    return see_other(url_for("sales.prospects"), _("The view is deleted. The prospects stay."))


def _page(form: ViewForm, wanted: Wanted, status: int = 200) -> Response:
    may_share = current_actor().role.at_least(Role.STAFF)
    return page("sales/prospects_view.html", status=status, form=form, wanted=wanted, may_share=may_share)
