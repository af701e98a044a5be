"""Forms of booking systems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, ValidationError

from nexapp.identity.fields import AtMost, Named, WebAddressField, WholeNumberField, one_line
from nexapp.slots.booking_systems.systems import NewSystem
from nexapp.spine.web.forms import PageForm

NAME_LENGTH, KEY_LENGTH = 80, 200
KINDS = (
    ("cal_com", _("Cal.com")),
    ("calendly", _("Calendly")),
    ("square", _("Square Appointments")),
    ("generic", _("Another one that can post JSON")),
    ("feed", _("A calendar address (.ics) that we read")),
)
SIGNINGS = (
    ("make", _("Make a key for me; I paste it over there")),
    ("paste", _("Use the key that the other system shows")),
    ("none", _("It can't sign")),
)


def _over_https(value: Any) -> Any:
    """Calendar programs write webcal:// for an address that is read by HTTPS."""
    return re.sub("^webcals?://", "https://", value, flags=re.IGNORECASE) if isinstance(value, str) else value


class StaffSelectField(SelectField):  # type: ignore[misc]
    """Somebody of the team, or nobody."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, default="", **kwargs)

    def offer(self, staff: Iterable[Any], nobody: Any) -> None:
        self.choices = [("", nobody), *((str(one.id), one.display_name) for one in staff)]

    @property
    def staff_id(self) -> UUID | None:
        return UUID(self.data) if self.data else None


class SystemForm(PageForm):
    kind = RadioField(_("Which system is it?"), choices=KINDS, default="cal_com")
    name = StringField(
        _("Name"), filters=[one_line], validators=[Named(_("Give it a name, like “Front desk”."), NAME_LENGTH)],
        description=_("You see it on this page only."),
    )  # fmt: skip
    staff_member_id = StaffSelectField(_("Whose bookings are these?"))
    signing = RadioField(_("How do its posts prove where they come from?"), choices=SIGNINGS, default="make")
    signing_key = StringField(_("Its key"), filters=[one_line], validators=[AtMost(KEY_LENGTH)])
    url = WebAddressField(_("Address of the calendar"), filters=[_over_https])

    def validate_url(self, field: Any) -> None:
        if self.kind.data == "feed" and not field.data:
            raise ValidationError(_("Paste the calendar's address. It often ends in .ics."))

    def validate_staff_member_id(self, field: Any) -> None:
        if self.kind.data == "feed" and not field.data:
            raise ValidationError(_("Choose whose calendar it is."))

    def validate_signing_key(self, field: Any) -> None:
        if self.kind.data != "feed" and self.signing.data == "paste" and not field.data:
            raise ValidationError(_("Paste the key that the other system shows."))

    def new_system(self) -> NewSystem:
        return NewSystem(
            kind=self.kind.data, name=self.name.data, signing=self.signing.data,
            signing_key=self.signing_key.data or None, url=self.url.url, staff_member_id=self.staff_member_id.staff_id,
        )  # fmt: skip


class ChangeForm(PageForm):
    name = StringField(
        _("Name"), filters=[one_line], validators=[Named(_("Give it a name, like “Front desk”."), NAME_LENGTH)]
    )
    staff_member_id = StaffSelectField(_("Whose bookings are these?"))
    opens_moved = BooleanField(_("When a booking moves, open the time that it leaves"))
    daily_limit = WholeNumberField(_("Unsigned changes that count by themselves in a day"), least=0, most=1000)


class KeyForm(PageForm):
    signing = RadioField(_("How do its posts prove where they come from?"), choices=SIGNINGS, default="make")
    signing_key = StringField(_("Its key"), filters=[one_line], validators=[AtMost(KEY_LENGTH)])

    def validate_signing_key(self, field: Any) -> None:
        if self.signing.data == "paste" and not field.data:
            raise ValidationError(_("Paste the key that the other system shows."))


class NamedStaffForm(PageForm):
    reference = HiddenField()
    staff_member_id = StaffSelectField(_("Who is that?"))

    def validate_staff_member_id(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Choose somebody of your team."))
