"""What a file's columns may mean."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.spine.tables.columns import by_name

FIELDS = {
    "name": _("Name"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "company": _("Company"),
    "role": _("Role"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "location": _("Place"),
    "source": _("Where they came from"),
    "stage": _("Stage"),
    "owner": _("Whose it is"),
    "value": _("Value"),
}
ALSO_CALLED = {
    "name": "name fullname contact contactname prospect lead leadname person",
    "first_name": "firstname first givenname vorname prenom nombre forename",
    "last_name": "lastname last surname familyname nachname nom apellido",
    "company": "company companyname organization organisation account accountname business employer firma entreprise",
    "role": "role title jobtitle position job function",
    "email": "email emailaddress mail workemail",
    "phone": "phone mobile cell cellphone tel telephone phonenumber mobilephone mobilenumber workphone number telefon",
    "location": "location city place town region state country ort ville",
    "source": "source leadsource origin campaign channel",
    "stage": "stage status pipeline pipelinestage dealstage leadstatus",
    "owner": "owner rep salesrep assignedto accountowner leadowner salesperson",
    "value": "value amount dealvalue dealsize revenue price worth dealamount",
}
NAMED = by_name(ALSO_CALLED)
