"""Why a row of a file was left out, in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

WORDS = {
    "no_phone": _("No number"),
    "bad_phone": _("The number can't be texted"),
    "duplicate": _("The same number stands further up in the file"),
    "opted_out": _("The number takes no texts"),
    "left": _("They left the list by themselves"),
    "taken_off": _("You took them off the list"),
    "long_name": _("The name has more than 80 characters"),
    "bad_email": _("That is no e-mail address"),
    "unknown_staff": _("Nobody on the team has that name"),
    "unknown_service": _("No service has that name"),
    "bad_minutes": _("Minutes must be a whole number from 5 to 720"),
    "bad_party_size": _("People must be a whole number from 1 to 100"),
    "bad_date": _("The date can't be read"),
    "bad_until": _("The last day has passed, or is more than a year ahead"),
    "bad_since": _("The day they joined lies ahead"),
}
