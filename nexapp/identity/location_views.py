"""The places of a business, and which staff member works where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _

from nexapp.identity.blueprint import pages
from nexapp.identity.business_settings import get_business
from nexapp.identity.forms import ActivityForm, LocationForm, PlaceForm
from nexapp.identity.locations import (
    add_location,
    change_location,
    get_location,
    list_locations,
    place_staff_member,
    set_location_activity,
)
from nexapp.identity.models import Location
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.templating import national


@pages.get("/settings/locations")
@member(Role.ADMIN)
def locations() -> Response:
    return _page(_form())


@pages.post("/settings/locations")
@member(Role.ADMIN)
def create_location() -> Response:
    form = _form()
    if not form.validate():
        return _page(form, status=422)
    try:
        added = add_location(**_typed(form))
    except BadInput as error:
        form.bind_errors(error)
        return _page(form, status=error.status)
    return _to_locations(_("%(name)s is on the list.", name=added.name))


@pages.post("/settings/locations/<uuid:location_id>")
@member(Role.ADMIN)
def save_location(location_id: UUID) -> Response:
    known, form = get_location(location_id), _form(prefix=_prefix(location_id))
    if not form.validate():
        return _page(_form(formdata=None), (known, form), 422)
    try:
        change_location(location_id, **_typed(form))
    except BadInput as error:
        form.bind_errors(error)
        return _page(_form(formdata=None), (known, form), error.status)
    return _to_locations(_("Saved."))


@pages.post("/settings/locations/<uuid:location_id>/activity")
@member(Role.ADMIN)
def change_location_activity(location_id: UUID) -> Response:
    changed = set_location_activity(location_id, is_active=ActivityForm().is_active.data)
    if changed.is_active:
        return _to_locations(_("%(name)s is in use again.", name=changed.name))
    return _to_locations(_("%(name)s is not offered any more. What is planned there stays.", name=changed.name))


@pages.post("/settings/staff/<uuid:staff_id>/location")
@member(Role.MANAGER)
def place_staff(staff_id: UUID) -> Response:
    typed = PlaceForm(prefix=f"s{staff_id.hex[-8:]}").location_id.data
    place_staff_member(staff_id, _uuid(typed))
    return see_other(url_for("identity.staff"), _("Saved."))


def _uuid(typed: str | None) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return UUID(int=0)


def _to_locations(toast: str) -> Response:
    return see_other(url_for("identity.locations"), toast)


def _prefix(location_id: UUID) -> str:
    return f"l{location_id.hex[-8:]}"


def _form(**kwargs: Any) -> LocationForm:
    form = LocationForm(**kwargs)
    form.country = get_business().country
    return form


def _typed(form: LocationForm) -> dict[str, Any]:
    return {
        "name": form["name"].data, "address": form.address.data or None, "phone": getattr(form.phone, "phone", None),
    }  # fmt: skip


def _page(form: LocationForm, refused: tuple[Location, LocationForm] | None = None, status: int = 200) -> Response:
    rows = []
    for known in list_locations():
        is_refused = refused is not None and refused[0].id == known.id
        data = {"name": known.name, "address": known.address, "phone": national(known.phone)}
        blank = LocationForm(formdata=None, prefix=_prefix(known.id), data=data)
        rows.append({"location": known, "form": refused[1] if refused and is_refused else blank, "is_open": is_refused})
    return page("identity/locations.html", form=form, rows=rows, status=status)
