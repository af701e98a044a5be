"""Settings of a business: what it is, and whose time can be booked."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _

from nexapp.identity.blueprint import pages
from nexapp.identity.business_settings import change_business, get_business
from nexapp.identity.forms import ActivityForm, BusinessForm, PlaceForm, StaffForm
from nexapp.identity.locations import list_locations
from nexapp.identity.models import Organization, StaffMember
from nexapp.identity.staff import get_staff_member, hire, list_staff, rename_staff_member, set_staff_activity
from nexapp.spine.access import member
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.navigation import shown_settings
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.templating import national

PLAIN = (
    "country", "time_zone", "uses_booking_system", "requires_confirmation", "reminder_minutes", "offer_mode",
    "quiet_starts", "quiet_ends", "public_page",
)  # fmt: skip
NUMBERS = (
    "hold_seconds", "pending_minutes", "turn_minutes", "wave_size", "wave_minutes", "notice_minutes",
    "daily_offer_cap", "daily_spend_cap",
)  # fmt: skip


@pages.get("/settings")
@member(Role.VIEWER)
def settings_index() -> Response:
    own = [
        {"label": _("Your account"), "href": url_for("identity.account"), "icon": "user-circle",
         "note": _("Name, e-mail address, devices you are signed in on.")},
        {"label": _("Your businesses"), "href": url_for("identity.businesses"), "icon": "building-store",
         "note": _("Switch to another one, or set one up.")},
    ]  # fmt: skip
    return page("identity/settings.html", business_pages=shown_settings(), own_pages=own)


@pages.get("/settings/business")
@member(Role.OWNER)
def business_settings() -> Response:
    business = get_business()
    return _business_page(BusinessForm(data=_present(business)), business)


@pages.post("/settings/business")
@member(Role.OWNER)
def save_business_settings() -> Response:
    form = BusinessForm()
    if not form.validate():
        return _business_page(form, get_business(), 422)
    changed = change_business(**_typed(form))
    return see_other(url_for("identity.business_settings"), _("Saved.") if changed else _("Nothing had changed."))


@pages.get("/settings/staff")
@member(Role.MANAGER)
def staff() -> Response:
    return _staff_page(StaffForm())


@pages.post("/settings/staff")
@member(Role.MANAGER)
def add_staff() -> Response:
    form = StaffForm()
    if not form.validate():
        return _staff_page(form, status=422)
    try:
        added = hire(current_actor().tenant, form.display_name.data)
    except BadInput as error:
        form.bind_errors(error)
        return _staff_page(form, status=error.status)
    return _to_staff(_("%(name)s is on the list.", name=added.display_name))


@pages.post("/settings/staff/<uuid:staff_id>/name")
@member(Role.MANAGER)
def rename_staff(staff_id: UUID) -> Response:
    form, known = StaffForm(prefix=_prefix(staff_id)), get_staff_member(staff_id)
    if not form.validate():
        return _staff_page(StaffForm(formdata=None), (known, form), 422)
    try:
        rename_staff_member(staff_id, form.display_name.data)
    except BadInput as error:
        form.bind_errors(error)
        return _staff_page(StaffForm(formdata=None), (known, form), error.status)
    return _to_staff(_("Saved."))


@pages.post("/settings/staff/<uuid:staff_id>/activity")
@member(Role.MANAGER)
def change_staff_activity(staff_id: UUID) -> Response:
    changed = set_staff_activity(staff_id, is_active=ActivityForm().is_active.data)
    if changed.is_active:
        return _to_staff(_("%(name)s takes slots again.", name=changed.display_name))
    return _to_staff(_("%(name)s takes no more slots. Those that exist stay.", name=changed.display_name))


def _to_staff(toast: str) -> Response:
    return see_other(url_for("identity.staff"), toast)


def _prefix(staff_id: UUID) -> str:
    # Several forms of one kind on a page: their fields need names and ids of their own.
    return f"s{staff_id.hex[-8:]}"


def _staff_page(form: StaffForm, refused: tuple[StaffMember, StaffForm] | None = None, status: int = 200) -> Response:
    rows = []
    places = [place for place in list_locations() if place.is_active]
    for known in list_staff():
        is_refused = refused is not None and refused[0].id == known.id
        blank = StaffForm(formdata=None, prefix=_prefix(known.id), data={"display_name": known.display_name})
        place = PlaceForm(formdata=None, prefix=_prefix(known.id), data={"location_id": str(known.location_id or "")})
        place.location_id.choices = [("", _("The business itself")), *((str(p.id), p.name) for p in places)]
        rows.append(
            {
                "member": known,
                "place": place if places else None,
                "form": refused[1] if refused and is_refused else blank,
                "is_open": is_refused,
            }
        )
    return page("identity/staff.html", form=form, rows=rows, status=status)


def _business_page(form: BusinessForm, business: Organization, status: int = 200) -> Response:
    address = settings().base_url + f"/b/{business.slug}"
    hold = business.hold_seconds or settings().hold_seconds
    return page("identity/business.html", form=form, public_address=address, hold_seconds=hold, status=status)


def _present(business: Organization) -> dict[str, object]:
    return {
        **{name: getattr(business, name) for name in (*PLAIN, "booking_url", "address")},
        **{name: "" if (value := getattr(business, name)) is None else str(value) for name in NUMBERS},
        "business_name": business.name,
        "phone": national(business.phone),
        "average_value": f"{business.average_value_cents / 100:.2f}",
    }


def _typed(form: BusinessForm) -> dict[str, object]:
    return {
        **{name: form[name].data for name in PLAIN},
        **{name: form[name].number for name in NUMBERS},
        "name": form.business_name.data,
        "phone": getattr(form.phone, "phone", None),
        "address": form.address.data or None,
        "average_value_cents": form.average_value.cents,
        "booking_url": form.booking_url.url,
    }
