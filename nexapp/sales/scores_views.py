"""/prospects/<id>/score: why this score. /settings/scores: what counts how much."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from nexapp.identity.business_settings import get_business
from nexapp.identity.fields import MoneyField, WholeNumberField, readable
from nexapp.sales import scores
from nexapp.sales.activity_kinds import KINDS
from nexapp.sales.blueprint import pages
from nexapp.sales.prospects import LARGEST_CENTS, may_change
from nexapp.sales.prospects_queries import get_row
from nexapp.sales.scores import Effect, Weights
from nexapp.sales.scoring import PARTS
from nexapp.spine.access import member
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import Role, current_actor
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.pages import page, see_other

pages.add_app_template_global(scores.lines_of, "score_lines")


class WeightsForm(PageForm):
    recency = WholeNumberField(scores.LABELS["recency"], least=0, most=100)
    replies = WholeNumberField(scores.LABELS["replies"], least=0, most=100)
    meetings = WholeNumberField(scores.LABELS["meetings"], least=0, most=100)
    fit = WholeNumberField(scores.LABELS["fit"], least=0, most=100)
    value = WholeNumberField(scores.LABELS["value"], least=0, most=100)
    full_value = MoneyField(
        lazy_gettext("A deal of this size gets all points for value"), [InputRequired(lazy_gettext("Type an amount."))],
        most_cents=LARGEST_CENTS,
    )  # fmt: skip
    fit_words = TextAreaField(lazy_gettext("Words in a role that fit"), filters=[readable])

    def weights(self) -> Weights:
        words = [" ".join(word.split()).lower() for word in re.split(r"[,\n]", self.fit_words.data or "")]
        if self.full_value.cents < 1:
            raise BadInput(fields={"full_value": _("Type an amount above 0.")})
        points = {part: int(self[part].number or 0) for part in PARTS}
        kept = tuple(dict.fromkeys(word for word in words if word))
        return Weights(**points, full_value_cents=self.full_value.cents, fit_words=kept)


@pages.get("/prospects/<uuid:prospect_id>/score")
@member(Role.VIEWER)
def show_score(prospect_id: UUID) -> Response:
    prospect, found = get_row(prospect_id), scores.list_changes(prospect_id)
    changes = [(change, _cause(change.cause), scores.moves_of(change)) for change in found]
    return page(
        "sales/scores_why.html", "sales/_score.html", prospect=prospect, lines=scores.explain(prospect),
        changes=changes, business=get_business(),
        may_change=prospect.deleted_at is None and may_change(prospect.owner_id, prospect.has_left),
    )  # fmt: skip


@pages.get("/settings/scores")
@member(Role.VIEWER)
def score_settings() -> Response:
    return _settings_page()


@pages.post("/settings/scores")
@member(Role.OWNER)
def change_score_settings() -> Response:
    """`then=preview` shows what would change; else the weights are kept."""
    form = WeightsForm()
    if not form.validate():
        return _settings_page(form, 422)
    try:
        if request.form.get("then") == "preview":
            return _settings_page(form, effect=scores.preview(form.weights()))
        scores.change_weights(form.weights())
    except BadInput as error:
        form.bind_errors(error)
        return _settings_page(form, 422)
    return see_other(url_for("sales.score_settings"), _("Saved. Every prospect is scored again in a moment."))


def _settings_page(form: WeightsForm | None = None, status: int = 200, effect: Effect | None = None) -> Response:
    return page(
        "sales/scores_settings.html", status=status, form=form or _known(scores.get_weights()), effect=effect,
        may_change=current_actor().role.at_least(Role.OWNER), parts=PARTS, business=get_business(),
    )  # fmt: skip


def _known(weights: Weights) -> WeightsForm:
    data = {part: str(getattr(weights, part)) for part in PARTS}
    full = f"{Decimal(weights.full_value_cents) / 100:.2f}"
    return WeightsForm(formdata=None, data={**data, "full_value": full, "fit_words": ", ".join(weights.fit_words)})


def _cause(cause: str) -> str:
    if cause in scores.CAUSES:
        return str(scores.CAUSES[cause])
    return str(KINDS[cause].label) if cause in KINDS else cause
