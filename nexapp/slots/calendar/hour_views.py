"""Opening hours, their exceptions, and blocked times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.business_settings import get_business
from nexapp.slots import hours_settings, queries
from nexapp.slots.calendar.hour_forms import BlockForm, ExceptionForm, HoursForm, read_staff
from nexapp.slots.calendar.views import calendar
from nexapp.slots.errors import NotYourSlot
from nexapp.slots.forms import read_date, read_uuid
from nexapp.slots.hours_settings import Block
from nexapp.slots.times import today_in
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other


@calendar.get("/settings/hours")
@member(Role.MANAGER)
def hours_page() -> Response:
    staff_id = read_uuid(request.args.get("staff"))
    known = {person.id for person in queries.list_staff()}
    form = HoursForm(formdata=None, data={"staff": str(staff_id) if staff_id in known else ""})
    form.fill(hours_settings.list_hours(staff_id if staff_id in known else None))
    return _hours_page(form)


@calendar.post("/settings/hours")
@member(Role.MANAGER)
def save_hours() -> Response:
    form = _offer_team(HoursForm(), _("The whole business"))
    is_whole = form.validate()
    if is_whole and "until_friday" in request.form:
        form.repeat_monday()
    hours = form.hours() if is_whole else None
    if hours is None:
        return _hours_page(form, status=422)
    try:
        hours_settings.set_hours(read_staff(form.staff), hours)
    except BadInput as error:
        form.bind_errors(error)
        return _hours_page(form, status=422)
    return see_other(url_for("calendar.hours_page", staff=form.staff.data or None), _("Saved."))


@calendar.post("/settings/hours/exceptions")
@member(Role.MANAGER)
def add_exception() -> Response:
    form = _offer_team(ExceptionForm(), _("The whole business"))
    try:
        if not form.validate():
            raise BadInput
        hours_settings.add_exception(
            read_staff(form.staff), form.on_date.data, form.opens.data, form.closes.data, form.note.data or None,
            get_business().time_zone,
        )  # fmt: skip
    except BadInput as error:
        if not form.errors:
            form.bind_errors(error)
        return _hours_page(_present_hours(), exception=form, status=422)
    return see_other(url_for("calendar.hours_page"), _("Saved. The calendar shows it."))


@calendar.post("/settings/hours/exceptions/<uuid:exception_id>/removal")
@member(Role.MANAGER)
def remove_exception(exception_id: UUID) -> Response:
    hours_settings.remove_exception(exception_id)
    return see_other(url_for("calendar.hours_page"), _("Removed. The usual hours count."))


@calendar.get("/calendar/blocks")
@member(Role.STAFF)
def blocks() -> Response:
    on = read_date(request.args.get("on")) or today_in(get_business().time_zone)
    return _blocks_page(BlockForm(formdata=None, data={"starts_on": on, "staff": request.args.get("staff", "")}))


@calendar.post("/calendar/blocks")
@member(Role.STAFF)
def add_block() -> Response:
    form = _offer_blockable(BlockForm())
    try:
        if not form.validate():
            raise BadInput
        slots = sum(hours_settings.add_block(block, *_instants(block)) for block in form.blocks())
    except BadInput as error:
        if not form.errors:
            form.bind_errors(error)
        return _blocks_page(form, 422)
    words = _("Blocked. No slot can be put there.")
    if slots:
        stay = ngettext("%(num)s slot is there already and stays.", "%(num)s slots are there already and stay.", slots)
        return see_other(url_for("calendar.blocks"), f"{words} {stay}", "warning")
    return see_other(url_for("calendar.blocks"), words)


@calendar.post("/calendar/blocks/<uuid:block_id>/removal")
@member(Role.STAFF)
def remove_block(block_id: UUID) -> Response:
    hours_settings.remove_block(block_id)
    return see_other(url_for("calendar.blocks"), _("Free again."))


def _instants(block: Block) -> tuple[datetime, datetime]:
    here = ZoneInfo(get_business().time_zone)
    begins = datetime.combine(block.starts_on, block.starts, tzinfo=here)
    return begins.astimezone(UTC), datetime.combine(block.ends_on, block.ends, tzinfo=here).astimezone(UTC)


def _present_hours() -> HoursForm:
    form = HoursForm(formdata=None, data={"staff": ""})
    form.fill(hours_settings.list_hours(None))
    return form


def _hours_page(form: HoursForm, exception: ExceptionForm | None = None, status: int = 200) -> Response:
    business = get_business()
    everybody = _("The whole business")
    return page(
        "calendar/hours.html", status=status, form=_offer_team(form, everybody), business=business,
        exception=_offer_team(exception or ExceptionForm(formdata=None), everybody), staff=queries.list_staff(),
        exceptions=hours_settings.list_exceptions(business.time_zone),
    )  # fmt: skip


def _blocks_page(form: BlockForm, status: int = 200) -> Response:
    business = get_business()
    rows = [{"block": row, "may": _may(row.staff_member_id)} for row in hours_settings.list_blocks(business.time_zone)]
    return page(
        "calendar/blocks.html", status=status, form=_offer_blockable(form), rows=rows, business=business
    )  # fmt: skip


def _may(staff_id: UUID | None) -> bool:
    if current_actor().role.at_least(Role.MANAGER):
        return True
    try:
        hours_settings.may_block(staff_id)
    except NotYourSlot:
        return False
    return True


def _offer_team(form: Any, everybody: str) -> Any:
    form.staff.choices = [("", everybody), *((str(p.id), p.display_name) for p in queries.list_staff())]
    return form


def _offer_blockable(form: Any) -> Any:
    own = [(str(person.id), person.display_name) for person in queries.list_own_staff()]
    everybody = [("", _("Everybody"))] if current_actor().role.at_least(Role.MANAGER) else []
    form.staff.choices = [*everybody, *own]
    form.offer_days()
    return form
