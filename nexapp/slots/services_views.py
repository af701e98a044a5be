"""The page of services, below the settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import NumberRange, Optional

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import Named, WholeNumberField, one_line
from nexapp.slots import queries, services
from nexapp.slots.adding import LONGEST_MINUTES, SHORTEST_MINUTES
from nexapp.slots.forms import DEAREST, PriceField, in_cents
from nexapp.slots.services import Offering
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other


class ServiceForm(PageForm):
    name = StringField(lazy_gettext("Name"), [Named(lazy_gettext("Type what is done."), 80)], filters=[one_line])
    minutes = WholeNumberField(lazy_gettext("Minutes"), least=SHORTEST_MINUTES, most=LONGEST_MINUTES)
    price = PriceField(
        lazy_gettext("Price"),
        [Optional(), NumberRange(0, DEAREST, lazy_gettext("Enter a price from 0 to 1,000,000."))],
    )
    staff = SelectMultipleField(lazy_gettext("Who offers it"), choices=[], validate_choice=False)

    def offering(self) -> Offering:
        if self.minutes.number is None:
            raise BadInput(fields={"minutes": _("Enter how many minutes it lasts.")})
        return Offering(
            name=self.name.data, minutes=self.minutes.number,
            price_cents=in_cents(self.price.data),
            staff_ids=frozenset(_ids(self.staff.data or [])),
        )  # fmt: skip


class ServiceActivityForm(PageForm):
    is_active = BooleanField()


@pages.get("/settings/services")
@member(Role.MANAGER)
def services_page() -> Response:
    return _page()


@pages.post("/settings/services")
@member(Role.MANAGER)
def add_service() -> Response:
    form = ServiceForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        added = services.add_service(form.offering())
    except BadInput as error:
        form.bind_errors(error)
        return _page(form, status=422)
    return _back(_("%(name)s can be booked.", name=added.name))


@pages.post("/settings/services/<uuid:service_id>")
@member(Role.MANAGER)
def change_service(service_id: UUID) -> Response:
    services.get_service(service_id)
    form = ServiceForm(prefix=_prefix(service_id))
    if not form.validate():
        return _page(refused=(service_id, form), status=422)
    try:
        services.change_service(service_id, form.offering())
    except BadInput as error:
        form.bind_errors(error)
        return _page(refused=(service_id, form), status=422)
    return _back(_("Saved. Slots that exist keep their length and price."))


@pages.post("/settings/services/<uuid:service_id>/activity")
@member(Role.MANAGER)
def change_service_activity(service_id: UUID) -> Response:
    try:
        changed = services.set_service_activity(service_id, is_active=ServiceActivityForm().is_active.data)
    except BadInput as error:
        return see_other(url_for("slots.services_page"), next(iter(error.fields.values())), "error")
    if changed.is_active:
        return _back(_("%(name)s can be booked.", name=changed.name))
    return _back(_("%(name)s is offered no more. Slots that exist stay.", name=changed.name))


def _page(
    form: ServiceForm | None = None, refused: tuple[UUID, ServiceForm] | None = None, status: int = 200
) -> Response:
    staff = queries.list_staff()
    rows = []
    for service in services.list_all_services():
        is_refused = refused is not None and refused[0] == service.id
        known = refused[1] if refused and is_refused else _known(service)
        rows.append({"service": service, "form": _offer_staff(known, staff), "is_open": is_refused})
    blank = form or ServiceForm(formdata=None, data={"minutes": "30"})
    return page(
        "calendar/services.html", status=status, rows=rows, form=_offer_staff(blank, staff), business=get_business(),
        names={person.id: person.display_name for person in staff},
    )  # fmt: skip


def _known(service: Any) -> ServiceForm:
    price = None if service.price_cents is None else Decimal(service.price_cents) / 100
    data = {
        "name": service.name, "minutes": str(service.minutes), "price": price,
        "staff": [str(one) for one in service.staff_ids],
    }  # fmt: skip
    return ServiceForm(formdata=None, prefix=_prefix(service.id), data=data)


def _offer_staff(form: ServiceForm, staff: Any) -> ServiceForm:
    form.staff.choices = [(str(person.id), person.display_name) for person in staff]
    return form


def _prefix(service_id: UUID) -> str:
    # Several forms of one kind on a page: their fields need names and ids of their own.
    return f"v{service_id.hex[-8:]}"


def _ids(written: list[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in written]
    except ValueError:
        raise BadInput(fields={"staff": _("Choose people of your team.")}) from None


def _back(toast: str) -> Response:
    return see_other(url_for("slots.services_page"), toast)
