"""What a file's columns may mean, and what they probably do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _

FIELDS = {
    "phone": _("Mobile number"),
    "name": _("Name"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "email": _("E-mail"),
    "staff": _("With whom"),
    "service": _("Service"),
    "minutes": _("Minutes needed"),
    "party_size": _("How many people"),
    "until": _("Waits until"),
    "since": _("Waits since"),
}
ALSO_CALLED = {
    "phone": "phone mobile cell cellphone cellular tel telephone mobilephone phonenumber mobilenumber number handy "
             "telefon telefono celular portable contactnumber",
    "name": "name fullname client clientname customer customername guest contact patient",
    "first_name": "firstname first givenname vorname prenom nombre forename",
    "last_name": "lastname last surname familyname nachname nom apellido",
    "email": "email emailaddress mail",
    "staff": "staff with stylist provider doctor therapist barber employee staffmember technician",
    "service": "service treatment appointmenttype procedure",
    "minutes": "minutes duration length minutesneeded mins",
    "party_size": "party partysize people guests covers howmanypeople size",
    "until": "until waitsuntil lastday enddate expires",
    "since": "since waitssince added addedon joined created createdat dateadded signupdate waitingsince",
}  # fmt: skip
_BY_NAME = {name: field for field, names in ALSO_CALLED.items() for name in names.split()}


def guess(headers: Sequence[str], remembered: Mapping[str, str]) -> dict[str, int]:
    """Field → place of its column. What the business chose for a column of that name before comes first."""
    found: dict[str, int] = {}
    for known in (remembered, _BY_NAME):
        for place, header in enumerate(headers):
            field = known.get(plain(header))
            if field in FIELDS and field not in found and place not in found.values():
                found[field] = place
    return found


def plain(header: str) -> str:
    """A header as it is compared: `Mobile Phone #` is `mobilephone`."""
    return re.sub(r"[\W_]", "", header).casefold()
