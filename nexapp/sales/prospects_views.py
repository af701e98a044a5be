"""/prospects: the list, adding one, giving many to somebody, the trash."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.identity.business_settings import get_business
from nexapp.identity.models import Organization
from nexapp.sales import prospects as cases
from nexapp.sales import prospects_queries as queries
from nexapp.sales import stages
from nexapp.sales.blueprint import pages
from nexapp.sales.prospect_words import DUES, SORTS, TEMPERATURES, temperature_of, temperature_word
from nexapp.sales.prospects_forms import NewProspectForm, OwnerForm, read_id
from nexapp.sales.views_saved import list_views
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.pages import page, see_other

pages.add_app_template_global(temperature_of, "temperature_of")
pages.add_app_template_global(temperature_word, "temperature_word")


@pages.get("/prospects")
@member(Role.VIEWER)
def prospects() -> Response:
    business, role = get_business(), current_actor().role
    wanted = queries.read_wanted(request.args)
    after = request.args.get("after")
    listed = queries.list_prospects(wanted, business.time_zone, after)
    return page(
        "sales/prospects.html", "sales/_prospects.html", business=business, wanted=wanted, listed=listed,
        after=after, stages=stages.list_stages(), team=queries.list_team(), views=list_views(), sorts=SORTS, dues=DUES,
        temperatures=TEMPERATURES,
        may_change=cases.may_change, may_add=role.at_least(Role.STAFF),
        may_import=role.at_least(Role.MANAGER), user_id=current_actor().user_id,
        has_any=bool(listed.rows) or queries.any_prospect(),
    )  # fmt: skip


@pages.get("/prospects/new")
@member(Role.STAFF)
def new_prospect() -> Response:
    business = get_business()
    usual = {"key": str(new_id()), "owner_id": str(current_actor().user_id), "stage_id": request.args.get("stage", "")}
    return _new_page(business, _form(business, formdata=None, data=usual))


@pages.post("/prospects")
@member(Role.STAFF)
def add_prospect() -> Response:
    business = get_business()
    form = _form(business)
    if not form.validate():
        return _new_page(business, form, 422)
    owner_id, stage_id = read_id(form.owner_id.data), read_id(form.stage_id.data)
    try:
        added = cases.add_prospect(form.details(), owner_id=owner_id, stage_id=stage_id, key=read_id(form.key.data))
    except BadInput as error:
        form.bind_errors(error)
        return _new_page(business, form, 422)
    return see_other(url_for("sales.show_prospect", prospect_id=added.id), _("%(name)s is added.", name=added.name))


@pages.post("/prospects/owner")
@member(Role.STAFF)
def assign_prospects() -> Response:
    """Many at once: those that are ticked in the list."""
    form, ids = OwnerForm(), _ticked()
    if not ids:
        return see_other(_back_to_list(), _("Tick some prospects first."), "warning")
    try:
        changed = cases.assign_prospects(ids, _owner(form.owner_id.data))
    except BadInput as error:
        sentence = next(iter(error.fields.values()), error.sentence)
        return see_other(_back_to_list(), sentence, "error")
    words = ngettext("%(num)s prospect changed hands.", "%(num)s prospects changed hands.", changed)
    return see_other(_back_to_list(), words if changed else _("They were theirs already."))


@pages.get("/prospects/trash")
@member(Role.VIEWER)
def trash() -> Response:
    rows = [(row, cases.may_change(row.owner_id, row.has_left)) for row in queries.list_deleted()]
    return page("sales/prospects_trash.html", business=get_business(), rows=rows)


def team_choices() -> list[tuple[str, str]]:
    """For a form: nobody, then everybody by name."""
    return [
        ("", _("Nobody")),
        *((str(one.id), one.name or _("Somebody without a name")) for one in queries.list_team()),
    ]


def stage_choices() -> list[tuple[str, str]]:
    return [(str(stage.id), stage.name) for stage in stages.list_stages()]


def _form(business: Organization, **given: Any) -> NewProspectForm:
    form = NewProspectForm(country=business.country, **given)
    form.owner_id.choices, form.stage_id.choices = team_choices(), stage_choices()
    if form.stage_id.data not in dict(form.stage_id.choices) and not form.is_submitted():
        form.stage_id.data = form.stage_id.choices[0][0]
    return form


def _new_page(business: Organization, form: NewProspectForm, status: int = 200) -> Response:
    return page("sales/prospect_new.html", status=status, business=business, form=form)


def _ticked() -> list[UUID]:
    return [found for written in request.form.getlist("prospect") if (found := read_id(written)) is not None]


def _owner(written: str | None) -> UUID | None:
    """Raises `BadInput` for what is neither empty nor an id."""
    if written and read_id(written) is None:
        raise BadInput(fields={"owner_id": _("Choose somebody of the team.")})
    return read_id(written)


def _back_to_list() -> str:
    wanted = queries.read_wanted(request.form)
    return url_for("sales.prospects", **wanted.query())  # type: ignore[arg-type]
