"""/follow-ups/<id>: one follow-up, and each thing that is done to it as a resource of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.addresses import safe_next
from nexapp.sales import follow_ups as cases
from nexapp.sales import follow_ups_queries as queries
from nexapp.sales import sequence_sending, sequence_stopping, tiers, when
from nexapp.sales.blueprint import pages
from nexapp.sales.follow_ups_forms import FollowUpForm, SnoozeForm
from nexapp.sales.follow_ups_naming import find_named
from nexapp.sales.follow_ups_undoing import undo_change
from nexapp.sales.prospects import get_prospect
from nexapp.sales.prospects_forms import read_id
from nexapp.sales.prospects_queries import list_team
from nexapp.sales.when import Due
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.wall_times import TimeHappensTwice, today_in
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other, told
from nexapp.spine.web.templating import local_time

SNOOZES = ("hour", *when.ONE_TAPS)


@pages.get("/follow-ups/new")
@member(Role.STAFF)
def new_follow_up() -> Response:
    """About the prospect in the address, if one is."""
    prospect_id = read_id(request.args.get("prospect"))
    about = cases.take_prospect(prospect_id) if prospect_id else None
    data = {"key": str(new_id()), "owner_id": str(current_actor().user_id), "on": today_in(_zone())}
    form = FollowUpForm(formdata=None, data=data | {"prospect_id": str(about.id) if about else ""})
    return _form_page(form, about)


@pages.post("/follow-ups")
@member(Role.STAFF)
def add_follow_up() -> Response:
    form = _offered(FollowUpForm())
    try:
        about = find_named(form)
        if not form.validate():
            return _form_page(form, about, status=422)
        owner_id = read_id(form.owner_id.data) or current_actor().user_id
        due = form.due(when.zone_of(owner_id) if owner_id else _zone())
        new = cases.NewFollowUp(
            about.id if about else None, due, form.message.data or "", form.repeat, owner_id, key=read_id(form.key.data)
        )
        follow_up_id = cases.add_follow_up(new)
    except (BadInput, tiers.TierNeeded) as error:
        return _form_page(_refused(form, error), _about(form), status=422)
    return _after(
        _("Planned for %(when)s.", when=when.due_words(due)), url_for("sales.follow_up", follow_up_id=follow_up_id)
    )


@pages.get("/follow-ups/<uuid:follow_up_id>")
@member(Role.VIEWER)
def follow_up(follow_up_id: UUID) -> Response:
    return show_page(follow_up_id)


@pages.get("/follow-ups/<uuid:follow_up_id>/edit")
@member(Role.STAFF)
def edit_follow_up(follow_up_id: UUID) -> Response:
    row = cases.lock_follow_up(follow_up_id)
    local = row.due_at.astimezone(ZoneInfo(row.time_zone))
    wall = local.time().replace(second=0, microsecond=0) if row.due_time else None
    data = {"on": local.date(), "at": wall, "message": row.message, "repeats": row.repeats or ""}
    return _form_page(FollowUpForm(formdata=None, data=data), None, follow_up_id)


@pages.post("/follow-ups/<uuid:follow_up_id>")
@member(Role.STAFF)
def change_follow_up(follow_up_id: UUID) -> Response:
    form = _offered(FollowUpForm())
    row = cases.lock_follow_up(follow_up_id)
    try:
        if not form.validate():
            return _form_page(form, None, follow_up_id, 422)
        due = form.due(row.time_zone)
        cases.change_follow_up(follow_up_id, due, form.message.data or "", form.repeat)
    except (BadInput, tiers.TierNeeded) as error:
        return _form_page(_refused(form, error), None, follow_up_id, 422)
    return _after(
        _("Saved: %(when)s.", when=when.due_words(due)), url_for("sales.follow_up", follow_up_id=follow_up_id)
    )


@pages.post("/follow-ups/<uuid:follow_up_id>/completion")
@member(Role.STAFF)
def complete_follow_up(follow_up_id: UUID) -> Response:
    change_id = cases.complete_follow_up(follow_up_id)
    return _after(_("Done.") if change_id else _("It was done already."), change_id=change_id)


@pages.post("/follow-ups/<uuid:follow_up_id>/cancellation")
@member(Role.STAFF)
def cancel_follow_up(follow_up_id: UUID) -> Response:
    change_id = cases.cancel_follow_up(follow_up_id)
    return _after(_("Cancelled.") if change_id else _("It was cancelled already."), change_id=change_id)


@pages.get("/follow-ups/<uuid:follow_up_id>/snoozes/new")
@member(Role.STAFF)
def new_snooze(follow_up_id: UUID) -> Response:
    row = cases.lock_follow_up(follow_up_id)
    form = SnoozeForm(formdata=None, data={"on": today_in(row.time_zone)})
    return _snooze_page(follow_up_id, form)


@pages.post("/follow-ups/<uuid:follow_up_id>/snoozes")
@member(Role.STAFF)
def snooze_follow_up(follow_up_id: UUID) -> Response:
    row, form, choice = cases.lock_follow_up(follow_up_id), SnoozeForm(), request.form.get("until", "")
    try:
        if choice not in SNOOZES and not form.validate():
            return _snooze_page(follow_up_id, form, 422)
        until = _until(choice, row.time_zone, form)
        change_id = cases.snooze_follow_up(follow_up_id, until)
    except BadInput as error:
        return _snooze_page(follow_up_id, _refused(form, error), 422)
    return _after(_("Snoozed until %(when)s.", when=when.due_words(until)), change_id=change_id)


@pages.post("/follow-ups/<uuid:follow_up_id>/sends")
@member(Role.STAFF)
def send_step(follow_up_id: UUID) -> Response:
    """A step of a sequence, with the words as they were changed for this one person."""
    form, how = sequence_sending.SendForm(), request.form.get("how", "")
    if not form.validate():
        return show_page(follow_up_id, 422, form)
    try:
        waits = sequence_sending.send_step(follow_up_id, how, form.body.data, form.subject.data or "")
    except BadInput as error:
        form.bind_errors(error)
        return show_page(follow_up_id, 422, form)
    words = (
        _("Sent.") if waits is None else _("It is night there: it leaves %(when)s.", when=local_time(waits, _zone()))
    )
    return see_other(safe_next(request.form.get("next")) or url_for("sales.agenda"), words)


@pages.post("/follow-ups/<uuid:follow_up_id>/reply")
@member(Role.STAFF)
def note_follow_up_reply(follow_up_id: UUID) -> Response:
    """They wrote back in a way that we don't see: what is to stop for that stops."""
    sequence_stopping.note_reply_to(follow_up_id)
    address = safe_next(request.form.get("next")) or url_for("sales.agenda")
    return see_other(address, _("Noted. The sequence stops."))


@pages.post("/follow-up-changes/<uuid:change_id>/undoing")
@member(Role.STAFF)
def undo_follow_up_change(change_id: UUID) -> Response:
    undo_change(change_id)
    return _after(_("Taken back."))


def show_page(follow_up_id: UUID, status: int = 200, send_form: Any = None) -> Response:
    row = queries.get_follow_up(follow_up_id)
    return page(
        "sales/follow_up.html", "sales/_follow_up.html" if status == 200 else None, status=status, row=row,
        org_id=row.org_id, may_act=cases.may_change(row.owner_id, row.prospect_id) and row.status in cases.OPEN,
        tier=tiers.current_tier(), zone=_zone(), sending=sequence_sending.ways_of(row, send_form),
        may_plan=current_actor().role.at_least(Role.OWNER),
    )  # fmt: skip


def _until(choice: str, zone: str, form: SnoozeForm) -> Due:
    if choice == "hour":
        return when.in_an_hour(zone)
    return when.one_tap(choice, zone) if choice in SNOOZES else form.due(zone)


def _refused(form: Any, error: Exception) -> Any:
    if isinstance(error, TimeHappensTwice):
        form.ask_which(error.choices)
    if isinstance(error, tiers.TierNeeded):
        error = BadInput(fields={"repeats": error.sentence})
    form.bind_errors(error)
    return form


def _zone() -> str:
    user_id = current_actor().user_id
    assert user_id is not None  # noqa: S101 - these pages are for people
    return when.zone_of(user_id)


def _about(form: FollowUpForm) -> Any:
    prospect_id = read_id(form.prospect_id.data)
    return get_prospect(prospect_id) if prospect_id else None


def _offered(form: FollowUpForm) -> FollowUpForm:
    form.offer([(str(one.id), one.name) for one in list_team()])
    return form


def _form_page(form: FollowUpForm, about: Any, follow_up_id: UUID | None = None, status: int = 200) -> Response:
    row = queries.get_follow_up(follow_up_id) if follow_up_id else None
    return page(
        "sales/follow_up_form.html", status=status, form=_offered(form), about=about, row=row,
        zone=row.time_zone if row else _zone(), tier=tiers.current_tier(), back=safe_next(request.values.get("next")),
        is_manager=current_actor().role.at_least(Role.MANAGER),
    )  # fmt: skip


def _snooze_page(follow_up_id: UUID, form: SnoozeForm, status: int = 200) -> Response:
    row = queries.get_follow_up(follow_up_id)
    back = safe_next(request.values.get("next"))
    return page("sales/follow_up_snooze.html", status=status, form=form, row=row, tier=tiers.current_tier(), back=back)


def _after(words: str, address: str | None = None, change_id: UUID | None = None) -> Response:
    """A toast where the page asked for no page, else back to where the person was."""
    undo = url_for("sales.undo_follow_up_change", change_id=change_id) if change_id else None
    if is_fragment():
        return told(words, undo=undo, signal=cases.SIGNAL)
    return see_other(safe_next(request.form.get("next")) or address or url_for("sales.agenda"), words, undo=undo)
