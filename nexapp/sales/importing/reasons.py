"""Why a row of a file was left out, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

WORDS = {
    "no_name": _("Neither a name nor a company nor an address"),
    "duplicate": _("The same address or number stands further up in the file"),
    "long_name": _("The name has more than 120 characters"),
    "too_long": _("A cell has more characters than its field takes"),
    "bad_email": _("That is no e-mail address"),
    "bad_phone": _("That is no phone number"),
    "bad_value": _("The value is no amount"),
    "unknown_stage": _("No stage has that name"),
    "unknown_owner": _("Nobody on the team has that name or address"),
}
