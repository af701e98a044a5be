"""/settings/booking-systems: where other systems tell of bookings, what came in, and what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.business_settings import get_business
from nexapp.slots.booking_systems import feeds, queries, systems
from nexapp.slots.booking_systems.addresses import hook_url
from nexapp.slots.booking_systems.forms import KINDS, ChangeForm, KeyForm, NamedStaffForm, SystemForm
from nexapp.slots.booking_systems.models import FEED
from nexapp.slots.booking_systems.outcomes import (
    failure_words,
    icon_of,
    look_of,
    outcome_words,
    reason_words,
)
from nexapp.slots.forms import read_uuid
from nexapp.slots.queries import list_staff
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other

pages = Blueprint("booking_systems", __name__)
SETTINGS = "/settings/booking-systems"
WORDS: dict[str, Any] = {
    "outcome_words": outcome_words, "reason_words": reason_words, "failure_words": failure_words, "look_of": look_of,
    "icon_of": icon_of,
}  # fmt: skip


@pages.get(SETTINGS)
@member(Role.MANAGER)
def index() -> Response:
    return page(
        "booking_systems/index.html", "booking_systems/_index.html", systems=queries.list_systems(), kinds=dict(KINDS),
        waiting=queries.list_waiting(), **_common(),
    )  # fmt: skip


@pages.get(f"{SETTINGS}/new")
@member(Role.ADMIN)
def new() -> Response:
    kind = request.args.get("kind", "")
    return _new_page(SystemForm(kind=kind if kind in dict(KINDS) else "cal_com"))


@pages.post(SETTINGS)
@member(Role.ADMIN)
def add() -> Response:
    form = _with_staff(SystemForm())
    if not form.validate():
        return _new_page(form, 422)
    try:
        system_id = systems.add_system(form.new_system())
    except BadInput as error:
        form.bind_errors(error)
        return _new_page(form, 422)
    return _to(system_id, _("Added."))


@pages.get(f"{SETTINGS}/<uuid:booking_system_id>")
@member(Role.MANAGER)
def show(booking_system_id: UUID) -> Response:
    return _system_page(booking_system_id)


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>")
@member(Role.ADMIN)
def change(booking_system_id: UUID) -> Response:
    systems.get_system(booking_system_id)
    form = _with_staff(ChangeForm())
    if not form.validate():
        return _system_page(booking_system_id, form=form, status=422)
    try:
        systems.change_system(
            booking_system_id, name=form.name.data, staff_member_id=form.staff_member_id.staff_id,
            opens_moved=form.opens_moved.data, daily_limit=form.daily_limit.number or 0,
        )  # fmt: skip
    except BadInput as error:
        form.bind_errors(error)
        return _system_page(booking_system_id, form=form, status=422)
    return _to(booking_system_id, _("Saved."))


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>/key")
@member(Role.ADMIN)
def change_key(booking_system_id: UUID) -> Response:
    systems.get_system(booking_system_id)
    form = KeyForm()
    if not form.validate():
        return _system_page(booking_system_id, key_form=form, status=422)
    systems.change_key(booking_system_id, form.signing.data, form.signing_key.data or None)
    return _to(booking_system_id, _("Saved. Posts signed with the old key are refused from now on."))


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>/address")
@member(Role.ADMIN)
def change_address(booking_system_id: UUID) -> Response:
    systems.change_address(booking_system_id)
    return _to(booking_system_id, _("This is the new address. The old one takes nothing any more."))


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>/removal")
@member(Role.ADMIN)
def remove(booking_system_id: UUID) -> Response:
    systems.remove_system(booking_system_id)
    return see_other(url_for("booking_systems.index"), _("Removed. Slots that it opened stay."))


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>/reading")
@member(Role.MANAGER)
def read_feed(booking_system_id: UUID) -> Response:
    if systems.get_system(booking_system_id).kind == FEED:
        feeds.read_now(booking_system_id)
    return _to(booking_system_id, _("Reading it now."))


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>/acceptance")
@member(Role.MANAGER)
def accept_feed(booking_system_id: UUID) -> Response:
    if systems.get_system(booking_system_id).kind == FEED:
        feeds.start_over(booking_system_id)
    return _to(booking_system_id, _("Taken as it is now. Nothing is opened by it."))


@pages.post(f"{SETTINGS}/<uuid:booking_system_id>/staff")
@member(Role.MANAGER)
def name_staff(booking_system_id: UUID) -> Response:
    form = _with_staff(NamedStaffForm())
    systems.get_system(booking_system_id)
    if not form.validate():
        return see_other(_back(booking_system_id), _("Choose somebody of your team."), "error")
    chosen = form.staff_member_id.staff_id
    assert chosen is not None  # noqa: S101 - the form refuses an empty choice
    count = systems.name_staff(booking_system_id, form.reference.data or "", chosen)
    sentence = ngettext("Saved. %(num)s booking is handled now.", "Saved. %(num)s bookings are handled now.", count)
    return see_other(_back(booking_system_id), sentence if count else _("Saved."))


@pages.post(f"{SETTINGS}/approvals")
@member(Role.MANAGER)
def approve() -> Response:
    count = systems.approve(_chosen())
    return see_other(_back(None), ngettext("%(num)s change counts now.", "%(num)s changes count now.", count))


@pages.post(f"{SETTINGS}/dismissals")
@member(Role.MANAGER)
def dismiss() -> Response:
    count = systems.dismiss(_chosen())
    return see_other(_back(None), ngettext("%(num)s line dismissed.", "%(num)s lines dismissed.", count))


@pages.post(f"{SETTINGS}/deliveries/<uuid:delivery_id>/replay")
@member(Role.MANAGER)
def replay(delivery_id: UUID) -> Response:
    return _to(systems.replay(delivery_id), _("Handled once more."))


@pages.get("/booking-systems/waiting")
@member(Role.VIEWER)
def waiting_note() -> Response:
    """For other pages: that something waits here, for those who may see to it."""
    waiting = queries.count_waiting() if current_actor().role.at_least(Role.MANAGER) else 0
    return page("booking_systems/_waiting_note.html", waiting=waiting)


def _system_page(system_id: UUID, *, form: Any = None, key_form: Any = None, status: int = 200) -> Response:
    system = queries.find_system(system_id)
    deliveries, end = queries.list_deliveries(system_id, _cursor())
    return page(
        "booking_systems/show.html", "booking_systems/_show.html", status=status, system=system, kinds=dict(KINDS),
        waiting=queries.list_waiting(system_id), deliveries=deliveries, older=_written(end),
        after=request.args.get("after"), named=queries.list_named_staff(system_id),
        form=form or _change_form(system), key_form=key_form or KeyForm(formdata=None),
        address=hook_url(system) if system.kind != FEED else None, **_common(),
    )  # fmt: skip


def _new_page(form: SystemForm, status: int = 200) -> Response:
    return page("booking_systems/new.html", status=status, form=_with_staff(form))


def _change_form(system: Any) -> ChangeForm:
    form = ChangeForm(
        formdata=None, name=system.name, opens_moved=system.opens_moved, daily_limit=str(system.daily_limit),
        staff_member_id=str(system.staff_member_id or ""),
    )  # fmt: skip
    _with_staff(form)
    return form


def _with_staff(form: Any) -> Any:
    form.staff_member_id.offer(list_staff(), _("Each booking says whose it is"))
    return form


def _common() -> dict[str, Any]:
    actor = current_actor()
    return {"may_set_up": actor.role.at_least(Role.ADMIN), "staff": list_staff(), "business": get_business(), **WORDS}


def _chosen() -> list[UUID]:
    return [found for value in request.form.getlist("delivery") if (found := read_uuid(value))]


def _to(system_id: UUID, toast: str) -> Response:
    return see_other(url_for("booking_systems.show", booking_system_id=system_id), toast)


def _back(system_id: UUID | None) -> str:
    """To the page whose form it was."""
    of = read_uuid(request.form.get("of"))
    if system_id is not None and of == system_id:
        return url_for("booking_systems.show", booking_system_id=system_id)
    return (
        url_for("booking_systems.show", booking_system_id=of)
        if of and not system_id
        else url_for("booking_systems.index")
    )


def _cursor() -> queries.Cursor | None:
    at, _between, row_id = request.args.get("after", "").partition("_")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(row_id)) if moment.tzinfo else None
    except ValueError:
        return None


def _written(place: queries.Cursor | None) -> str | None:
    return f"{place[0].isoformat()}_{place[1]}" if place else None
