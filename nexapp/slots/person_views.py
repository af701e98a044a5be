"""The pages about one person on the list: adding them by hand, their story, and what the business changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Organization
from nexapp.slots import people_changes
from nexapp.slots.people import state_of, wishes
from nexapp.slots.person import get_story
from nexapp.slots.person_forms import AddPersonForm, PersonForm
from nexapp.slots.reasons import reason_words
from nexapp.slots.times import today_in
from nexapp.slots.views import pages
from nexapp.slots.waiting_list import Wishes, get_wishes
from nexapp.slots.waiting_list_adding import add_by_hand
from nexapp.slots.waiting_list_forms import PauseForm, as_typed
from nexapp.slots.waiting_list_views import choices_for
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other


@pages.get("/waiting-list/new")
@member(Role.STAFF)
def new_person() -> Response:
    business = get_business()
    return _new_page(business, _add_form(business, formdata=None))


@pages.post("/waiting-list/people")
@member(Role.STAFF)
def add_person() -> Response:
    business = get_business()
    form = _add_form(business)
    if "more" in request.form:
        form.add_window()
        return _new_page(business, form)
    if not form.validate():
        return _new_page(business, form, 422)
    try:
        added = add_by_hand(form.phone.phone, form.name.data, form.wishes(), form.source.data)
    except BadInput as error:
        form.bind_errors(error)
        return _new_page(business, form, 422)
    words = _("%(name)s gets one text and is on the list once they answer YES.", name=form.name.data)
    known = (
        _("They are back on the list, as they were before you took them off.")
        if added.is_back
        else _("That number was on the list already. Nothing was changed.")
    )
    address = url_for("slots.show_person", notify_request_id=added.request_id)
    return see_other(address, words if added.is_new else known, "success" if added.is_new else "info")


@pages.get("/waiting-list/<uuid:notify_request_id>")
@member(Role.VIEWER)
def show_person(notify_request_id: UUID) -> Response:
    return _person_page(notify_request_id)


@pages.post("/waiting-list/<uuid:notify_request_id>/preferences")
@member(Role.STAFF)
def change_person(notify_request_id: UUID) -> Response:
    business = get_business()
    people_changes.get_person(notify_request_id)
    form = _form(business)
    if "more" in request.form:
        form.add_window()
        return _person_page(notify_request_id, form=form)
    if not form.validate():
        return _person_page(notify_request_id, 422, form=form)
    people_changes.change_person(notify_request_id, form.name.data, form.wishes())
    return _back(notify_request_id, _("Saved."))


@pages.post("/waiting-list/<uuid:notify_request_id>/pause")
@member(Role.STAFF)
def pause_person(notify_request_id: UUID) -> Response:
    form = PauseForm(today=today_in(get_business().time_zone))
    people_changes.get_person(notify_request_id)
    if not form.validate():
        return _person_page(notify_request_id, 422, pause_form=form)
    people_changes.pause_person(notify_request_id, form.until.data)
    return _back(notify_request_id, _("Paused."))


@pages.post("/waiting-list/<uuid:notify_request_id>/resumption")
@member(Role.STAFF)
def resume_person(notify_request_id: UUID) -> Response:
    people_changes.resume_person(notify_request_id)
    return _back(notify_request_id, _("They get offers again."))


@pages.post("/waiting-list/<uuid:notify_request_id>/removal")
@member(Role.STAFF)
def remove_person(notify_request_id: UUID) -> Response:
    people_changes.take_off(notify_request_id)
    return _back(notify_request_id, _("Taken off the list. They get no more offers."))


@pages.post("/waiting-list/<uuid:notify_request_id>/return")
@member(Role.STAFF)
def put_person_back(notify_request_id: UUID) -> Response:
    if people_changes.put_back(notify_request_id):
        return _back(notify_request_id, _("Back on the list, as they were."))
    return _back(notify_request_id, _("They left by themselves; only they can join again."), "warning")


def _back(request_id: UUID, words: str, kind: str = "success") -> Response:
    return see_other(url_for("slots.show_person", notify_request_id=request_id), words, kind)


def _person_page(
    request_id: UUID, status: int = 200, *, form: PersonForm | None = None, pause_form: PauseForm | None = None
) -> Response:
    business, story = get_business(), get_story(request_id)
    today = today_in(business.time_zone)
    return page(
        "people/show.html", "people/_person.html", status=status, business=business, story=story, person=story.person,
        wishes=wishes, state=state_of(story.person), reason_words=reason_words, is_changing=form is not None,
        form=form or _filled_form(business, request_id, story.person.name), may_change=_may_change(),
        pause_form=pause_form or PauseForm(formdata=None, today=today),
    )  # fmt: skip


def _may_change() -> bool:
    return current_actor().role.at_least(Role.STAFF)


def _new_page(business: Organization, form: AddPersonForm, status: int = 200) -> Response:
    return page("people/new.html", status=status, business=business, form=form)


def _add_form(business: Organization, **given: Any) -> AddPersonForm:
    form = AddPersonForm(**given, country=business.country, today=today_in(business.time_zone))
    choices_for(form)
    return form


def _form(business: Organization, **given: Any) -> PersonForm:
    form = PersonForm(**given, today=today_in(business.time_zone))
    choices_for(form)
    return form


def _filled_form(business: Organization, request_id: UUID, name: str) -> PersonForm:
    wished: Wishes = get_wishes(people_changes.get_person(request_id))
    return _form(business, formdata=None, data={**as_typed(wished), "name": name})
