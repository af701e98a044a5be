"""Setting up a business, and choosing between several."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from flask_babel import gettext as _

from nexapp.identity.accounts import get_user
from nexapp.identity.blueprint import pages
from nexapp.identity.businesses import NewBusiness, found_business, list_places, select_business
from nexapp.identity.errors import BusinessNotFound
from nexapp.identity.forms import OnboardingForm, SelectBusinessForm
from nexapp.identity.models import User
from nexapp.identity.phones import zone_of
from nexapp.identity.regions import ELSEWHERE
from nexapp.identity.viewer import role_name
from nexapp.spine.access import founder, require_principal, signed_in
from nexapp.spine.tenancy import current_actor
from nexapp.spine.web.pages import page, see_other
from nexapp.spine.web.templating import national


@pages.get("/onboarding")
@signed_in
def onboarding() -> Response:
    user = get_user(require_principal().user_id)
    return _onboarding_page(OnboardingForm(data=_defaults(user)), guess=True)


@pages.post("/onboarding")
@founder
def found() -> Response:
    form = OnboardingForm()
    if not form.validate():
        return _onboarding_page(form, status=422)
    found_business(current_actor(), _typed(form))
    return see_other("/", _("%(business)s is set up.", business=form.business_name.data))


@pages.get("/businesses")
@signed_in
def businesses() -> Response:
    places = list_places(require_principal().user_id)
    return page("identity/businesses.html", places=places, selected=current_actor().org_id, role_name=role_name)


@pages.post("/businesses/select")
@signed_in
def select() -> Response:
    form = SelectBusinessForm()
    try:
        wanted = UUID(form.org_id.data or "")
    except ValueError:
        raise BusinessNotFound from None
    place = select_business(current_actor(), wanted)
    return see_other("/", _("You now work in %(business)s.", business=place.name))


def _defaults(user: User) -> dict[str, object]:
    zone = user.time_zone or (zone_of(user.phone) if user.phone else ELSEWHERE)
    return {
        "owner_name": user.name,
        "phone": national(user.phone),
        "time_zone": zone,
        "average_value": "70.00",
    }


def _typed(form: OnboardingForm) -> NewBusiness:
    return NewBusiness(
        name=form.business_name.data,
        owner_name=form.owner_name.data,
        time_zone=form.time_zone.data,
        phone=getattr(form.phone, "phone", None),
        address=form.address.data or None,
        average_value_cents=form.average_value.cents,
        booking_url=form.booking_url.url,
        requires_confirmation=form.requires_confirmation.data,
        kind=form.kind.data,
    )


def _onboarding_page(form: OnboardingForm, *, guess: bool = False, status: int = 200) -> Response:
    has_others = bool(list_places(require_principal().user_id))
    return page("identity/onboarding.html", form=form, guess=guess, has_others=has_others, status=status)
