"""What a file's columns may mean, and what they probably do."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.spine.tables.columns import by_name

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
NAMED = by_name(ALSO_CALLED)
