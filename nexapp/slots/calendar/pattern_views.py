"""Many slots at once: the form with its preview, and the patterns that were saved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.business_settings import get_business
from nexapp.slots import patterns, queries
from nexapp.slots.adding_views import opened_words
from nexapp.slots.calendar.models import SlotPattern
from nexapp.slots.calendar.pattern_forms import PatternNameForm, PlanForm, stored
from nexapp.slots.calendar.views import calendar
from nexapp.slots.forms import fresh_key, read_date, read_uuid
from nexapp.slots.patterns import Preview
from nexapp.slots.times import today_in
from nexapp.spine import audit
from nexapp.spine.access import member
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor, scoped
from nexapp.spine.web.failures import is_fragment
from nexapp.spine.web.pages import page, see_other


@calendar.get("/slots/several")
@member(Role.STAFF)
def several() -> Response:
    on = read_date(request.args.get("on")) or today_in(get_business().time_zone)
    data: dict[str, Any] = {"key": fresh_key(), "on": on, "gap": 0}
    if pattern_id := read_uuid(request.args.get("pattern")):
        data |= stored(_get_pattern(pattern_id).plan)
    elif own := queries.list_own_staff():
        data["staff"] = [str(own[0].id)]
    return _page(_offered(PlanForm(formdata=None, data=data)))


@calendar.post("/slots/several/preview")
@member(Role.STAFF)
def preview_several() -> Response:
    form = _offered(PlanForm())
    try:
        if not form.validate():
            raise BadInput
        found = patterns.preview(form.plan(_services()))
    except BadInput as error:
        if not form.errors:
            form.bind_errors(error)
        return _page(form, status=422)
    return _page(form, found)


@calendar.post("/slots/several")
@member(Role.STAFF)
def add_several() -> Response:
    form = _offered(PlanForm())
    try:
        if not form.validate():
            raise BadInput
        added, found = patterns.add_plan(form.plan(_services()), form.key.data)
    except BadInput as error:
        if not form.errors:
            form.bind_errors(error)
        return _page(form, status=422)
    words = [ngettext("%(num)s slot added.", "%(num)s slots added.", len(added))]
    if request.form.get("then") == "open":
        words.append(opened_words(added))
    if left_out := len(found.skipped):
        words.append(ngettext("%(num)s time was left out.", "%(num)s times were left out.", left_out))
    return see_other(url_for("calendar.show", view="week", on=form.on.data.isoformat()), " ".join(words))


@calendar.post("/slots/patterns")
@member(Role.MANAGER)
def save_pattern() -> Response:
    """Keep the form under a name; a second one of that name takes its place."""
    form = _offered(PatternNameForm())
    if not form.validate():
        return _page(form, status=422)
    kept = form.kept()
    pattern_id = db.session.scalar(
        insert(SlotPattern)
        .values(id=new_id(), org_id=current_actor().tenant, name=form.name.data, plan=kept)
        .on_conflict_do_update(
            index_elements=[SlotPattern.org_id, func.lower(SlotPattern.name)],
            set_={"plan": kept, "name": form.name.data},
        )
        .returning(SlotPattern.id)
    )
    audit.record("slot_pattern.saved", "slot_pattern", pattern_id)
    return see_other(url_for("calendar.several", pattern=pattern_id), _("Saved as %(name)s.", name=form.name.data))


@calendar.post("/slots/patterns/<uuid:pattern_id>/removal")
@member(Role.MANAGER)
def remove_pattern(pattern_id: UUID) -> Response:
    name = _get_pattern(pattern_id).name
    db.session.execute(
        delete(SlotPattern).where(SlotPattern.org_id == current_actor().tenant, SlotPattern.id == pattern_id)
    )
    audit.record("slot_pattern.removed", "slot_pattern", pattern_id)
    return see_other(url_for("calendar.several"), _("%(name)s is removed. Its slots stay.", name=name))


def _get_pattern(pattern_id: UUID) -> SlotPattern:
    found: SlotPattern | None = db.session.scalar(scoped(SlotPattern).where(SlotPattern.id == pattern_id))
    if found is None:
        raise NotFound
    return found


def _services() -> dict[UUID, tuple[int, int | None]]:
    return {service.id: (service.minutes, service.price_cents) for service in queries.list_services()}


def _offered(form: Any) -> Any:
    return form.offer(list(queries.list_own_staff()), list(queries.list_services()))


def _page(form: Any, found: Preview | None = None, status: int = 200) -> Response:
    # The preview fetches itself while somebody types: what is not finished yet is no mistake.
    fragment = "calendar/_preview.html"
    return page(
        "calendar/several.html", fragment, status=200 if is_fragment() else status, form=form, found=found,
        business=get_business(), names={str(p.id): p.display_name for p in queries.list_staff()}, saved=_saved(),
        may_save=current_actor().role.at_least(Role.MANAGER), waiting=queries.count_waiting(), reasons=_reasons(),
    )  # fmt: skip


def _saved() -> Any:
    return db.session.execute(
        select(SlotPattern.id, SlotPattern.name)
        .where(SlotPattern.org_id == current_actor().tenant)
        .order_by(func.lower(SlotPattern.name))
        .limit(50)
    ).all()


def _reasons() -> dict[str, str]:
    return {
        "taken": _("taken"), "blocked": _("blocked"), "closed": _("closed that day"), "over": _("has passed"),
        "outside": _("outside the opening hours"), "not_on_clock": _("doesn't exist: the clocks jump ahead"),
        "elsewhere": _("booked in another system"),
    }  # fmt: skip
