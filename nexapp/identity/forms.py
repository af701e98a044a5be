"""The forms of this part."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TimeField,
    ValidationError,
)
from wtforms.validators import InputRequired, Optional

from nexapp.identity.countries import country_choices
from nexapp.identity.emails import EmailInput, parse_email
from nexapp.identity.fields import (
    AtMost,
    MoneyField,
    MultipleMinutesField,
    Named,
    WebAddressField,
    WholeNumberField,
    one_line,
)
from nexapp.identity.phones import PhoneNumberInput, parse_phone
from nexapp.identity.zones import zone_choices, zone_names
from nexapp.spine.errors import BadInput
from nexapp.spine.web.forms import PageForm


class SignInForm(PageForm):
    phone = TelField(_("Your mobile number"), [PhoneNumberInput()])
    next = HiddenField()


class EmailForm(PageForm):
    email = EmailField(_("Your e-mail address"), [EmailInput()])
    next = HiddenField()


class CodeForm(PageForm):
    code = StringField(_("The 6-digit code"), [InputRequired(_("Type the 6 digits of the text."))])


class FactorForm(PageForm):
    code = StringField(_("The code"), [InputRequired(_("Type the code of your app.")), AtMost(40)])
    next = HiddenField()


class SelectBusinessForm(PageForm):
    org_id = HiddenField()


def known_zone(_form: Any, field: Any) -> None:
    if field.data not in zone_names():
        raise ValidationError(gettext("Choose a time zone from the list."))


class _BusinessFields(PageForm):
    business_name = StringField(
        _("Name of the business"), [Named(_("Type the name that clients know."), 120)], filters=[one_line]
    )
    time_zone = SelectField(
        _("Time zone"),
        [InputRequired(_("Choose a time zone.")), known_zone],
        choices=zone_choices,
        validate_choice=False,
    )
    phone = TelField(_("Phone of the business"), [Optional(), PhoneNumberInput(for_texts=False, required=False)])
    address = StringField(_("Address"), [AtMost(300)], filters=[one_line])
    average_value = MoneyField(_("What an appointment brings on average"), [InputRequired(_("Type an amount."))])
    booking_url = WebAddressField(_("Booking page"), filters=[one_line])
    requires_confirmation = BooleanField(_("I confirm each booking myself"))


KINDS = (
    ("business", _("A business whose time is booked: appointments, tables, classes")),
    ("sales", _("A sales team that works on prospects")),
)


class OnboardingForm(_BusinessFields):
    kind = RadioField(_("What you are setting up"), choices=KINDS, default="business")
    owner_name = StringField(_("Your name"), [Named(_("Type your name as clients see it."), 80)], filters=[one_line])


MODES = (
    ("everyone", _("Everyone at once: the first who taps has it")),
    ("in_turn", _("In turn: one person after the other")),
    ("waves", _("In waves: a few people, then a few more")),
)
REMINDERS = (
    (2880, _("2 days before")),
    (1440, _("1 day before")),
    (240, _("4 hours before")),
    (120, _("2 hours before")),
    (60, _("1 hour before")),
)


class BusinessForm(_BusinessFields):
    country = SelectField(_("Country"), [InputRequired(_("Choose a country."))], choices=country_choices)
    uses_booking_system = BooleanField(_("Clients finish the booking on that page"))
    hold_seconds = WholeNumberField(_("How long a slot is held"), least=30, most=3600, may_be_empty=True)
    pending_minutes = WholeNumberField(_("How long a slot waits for your yes"), least=1, most=1440)
    reminder_minutes = MultipleMinutesField(_("Remind people of a booking"), choices=REMINDERS, coerce=int)
    offer_mode = RadioField(_("Who is told of an open slot"), choices=MODES)
    turn_minutes = WholeNumberField(_("In turn, the next one after"), least=1, most=60)
    wave_size = WholeNumberField(_("People in a wave"), least=1, most=500)
    wave_minutes = WholeNumberField(_("The next wave after"), least=1, most=240)
    notice_minutes = WholeNumberField(_("Shortest notice before a slot starts"), least=0, most=10080)
    daily_offer_cap = WholeNumberField(_("Offers to one person a day, at most"), least=1, most=50)
    daily_spend_cap = WholeNumberField(_("Texts a day, at most"), least=1, most=1_000_000)
    quiet_starts = TimeField(_("No offers from"), [InputRequired(_("Choose a time."))])
    quiet_ends = TimeField(_("No offers until"), [InputRequired(_("Choose a time."))])
    public_page = BooleanField(_("People can join the waiting list on the public page"))

    def validate_uses_booking_system(self, field: Any) -> None:
        if field.data and not self.booking_url.data:
            raise ValidationError(gettext("Add the booking page first."))

    def validate_quiet_ends(self, field: Any) -> None:
        if field.data is not None and field.data == self.quiet_starts.data:
            raise ValidationError(gettext("Choose an end that differs from the start."))


def own_zone_choices() -> dict[str, list[tuple[str, str]]]:
    return {gettext("Like the business"): [("", gettext("The business's zone"))]} | zone_choices()


def known_zone_or_none(form: Any, field: Any) -> None:
    if field.data:
        known_zone(form, field)


class AccountForm(PageForm):
    person_name = StringField(_("Your name"), [Named(_("Type your name."), 80)], filters=[one_line])
    time_zone = SelectField(_("Your time zone"), [known_zone_or_none], choices=own_zone_choices, validate_choice=False)
    wants_booking_texts = BooleanField(_("Text me when a slot is booked"))


class OwnEmailForm(PageForm):
    email = EmailField(_("E-mail address"), [EmailInput()])


class InvitationForm(PageForm):
    """One field for both ways to reach somebody: what holds an @ is an address."""

    contact = StringField(
        _("Mobile number or e-mail address"), [InputRequired(_("Type a number or an address."))], filters=[one_line]
    )
    role = RadioField(_("Role"), [InputRequired(_("Choose a role."))], choices=[])
    staff_member_id = SelectField(_("Whose time is theirs"), choices=[])
    country = "US"
    phone: str | None = None
    email: str | None = None

    def validate_contact(self, field: Any) -> None:
        try:
            if "@" in (field.data or ""):
                self.email = parse_email(field.data)
            else:
                self.phone = parse_phone(field.data or "", self.country)
        except BadInput as error:
            raise ValidationError(error.sentence) from None


class RoleForm(PageForm):
    role = SelectField(_("Role"), [InputRequired()], choices=[])


class LinkedStaffForm(PageForm):
    staff_member_id = SelectField(_("Whose time is theirs"), choices=[])


class TransferForm(PageForm):
    membership_id = SelectField(_("New owner"), [InputRequired()], choices=[])
    business_name = StringField(_("Name of the business"), [InputRequired()], filters=[one_line])


class StaffForm(PageForm):
    display_name = StringField(_("Name"), [Named(_("Type the name that clients see."), 80)], filters=[one_line])


class LocationForm(PageForm):
    country = "US"
    name = StringField(_("Name"), [Named(_("Type a name, like “Main Street”."), 80)], filters=[one_line])
    address = StringField(_("Address"), [AtMost(300)], filters=[one_line])
    phone = TelField(_("Phone"), [Optional(), PhoneNumberInput(for_texts=False, required=False)])


class PlaceForm(PageForm):
    location_id = SelectField(_("Location"), choices=[])


class ActivityForm(PageForm):
    is_active = BooleanField()
