"""Forms about prospects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional

from nexapp.identity.emails import EmailInput
from nexapp.identity.fields import AtMost, MoneyField, Named, one_line, readable
from nexapp.identity.phones import PhoneNumberInput
from nexapp.sales.activity_kinds import BY_HAND, KINDS
from nexapp.sales.models import Prospect
from nexapp.sales.prospects import LARGEST_CENTS, Details
from nexapp.spine.web.forms import PageForm
from nexapp.spine.web.templating import national

LONGEST_NOTE = 4000
LONGEST_WORDS = 500


class _OptionalEmail(EmailInput):
    field_flags: dict[str, bool] = {}


class ProspectForm(PageForm):
    name = StringField(_("Name"), [Named(_("Type a name."), 120)], filters=[one_line])
    company = StringField(_("Company"), [AtMost(120)], filters=[one_line])
    role = StringField(_("Role"), [AtMost(120)], filters=[one_line])
    email = EmailField(_("E-mail address"), [Optional(), _OptionalEmail()], filters=[one_line])
    phone = TelField(
        _("Phone"), [Optional(), PhoneNumberInput(for_texts=False, required=False)], filters=[one_line]
    )  # fmt: skip
    location = StringField(_("Place"), [AtMost(120)], filters=[one_line])
    source = StringField(_("Where they came from"), [AtMost(60)], filters=[one_line])
    value = MoneyField(_("What a deal would bring"), [Optional()], most_cents=LARGEST_CENTS)

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        self.country = country
        super().__init__(*args, **kwargs)

    def details(self) -> Details:
        return Details(
            name=self.name.data, company=self.company.data or "", role=self.role.data or "",
            email=getattr(self.email, "email", None), phone=getattr(self.phone, "phone", None),
            location=self.location.data or "", source=self.source.data or "", value_cents=self.value.cents,
        )  # fmt: skip


class NewProspectForm(ProspectForm):
    key = HiddenField(filters=[one_line])
    stage_id = SelectField(_("Stage"), choices=[])
    owner_id = SelectField(_("Whose it is"), choices=[])


class MoveForm(PageForm):
    stage_id = SelectField(_("Stage"), [InputRequired(_("Choose a stage."))], choices=[], validate_choice=False)
    lost_reason = StringField(_("Why it was lost"), [AtMost(200)], filters=[one_line])


class OwnerForm(PageForm):
    owner_id = SelectField(_("Whose it is"), choices=[], validate_choice=False)


class NoteForm(PageForm):
    key = HiddenField(filters=[one_line])
    body = TextAreaField(_("Note"), [Named(_("Type a note."), LONGEST_NOTE)], filters=[readable])


class ContactForm(PageForm):
    """What happened between somebody and a prospect, away from here."""

    key = HiddenField(filters=[one_line])
    kind = RadioField(_("What happened"), choices=[(kind, KINDS[kind].label) for kind in BY_HAND], default=BY_HAND[0])
    words = StringField(_("What was said"), [AtMost(LONGEST_WORDS)], filters=[one_line])


class StageForm(PageForm):
    name = StringField(_("Name"), [Named(_("Type a name."), 60)], filters=[one_line])
    outcome = SelectField(
        _("What it means"), choices=[("open", _("Still open")), ("won", _("Won")), ("lost", _("Lost"))]
    )


class ViewForm(PageForm):
    name = StringField(_("Name of the view"), [Named(_("Type a name."), 60)], filters=[one_line])
    is_shared = BooleanField(_("Show it to the whole team"))


def as_typed(prospect: Prospect | Details) -> dict[str, Any]:
    """What a form about this prospect is filled with."""
    value = str(Decimal(prospect.value_cents) / 100) if prospect.value_cents else ""
    names = ("name", "company", "role", "email", "location", "source")
    return {name: getattr(prospect, name) for name in names} | {"phone": national(prospect.phone), "value": value}


def read_id(written: str | None) -> UUID | None:
    """An id of a form's choice; None for an empty or broken one."""
    try:
        return UUID(written or "")
    except ValueError:
        return None
