"""What a step says: plain text with a few names in braces, filled in for one prospect."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _

from nexapp.spine.errors import BadInput

LONGEST_BODY = 1400
"""Leaves room for the words of a first text."""

LONGEST_FILLED = 2000
VARIABLES = ("first_name", "name", "company", "role", "my_name", "team")
_IN_BRACES = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def check(body: str) -> None:
    """Raises `BadInput` with a sentence where it is empty, too long, or names what nobody can fill in."""
    if not body.strip():
        raise BadInput(_("Write what this step says."))
    if len(body) > LONGEST_BODY:
        raise BadInput(_("Use at most %(most)s characters.", most=LONGEST_BODY))
    if unknown := sorted({name for name in _IN_BRACES.findall(body) if name not in VARIABLES}):
        names = ", ".join("{{" + name + "}}" for name in unknown)
        raise BadInput(_("There is no %(names)s to fill in here.", names=names))


def fill(body: str, prospect: Any, my_name: str, team: str) -> str:
    """For a prospect (name, company, role). What isn't known leaves no gap before a comma."""
    known = {
        "first_name": prospect.name.split()[0] if prospect.name.split() else "", "name": prospect.name,
        "company": prospect.company, "role": prospect.role, "my_name": my_name, "team": team,
    }  # fmt: skip
    filled = _IN_BRACES.sub(lambda found: str(known.get(found[1], "")), body)
    return re.sub(r" +([,.!?])", r"\1", re.sub(r"[ ]{2,}", " ", filled)).strip()[:LONGEST_FILLED]
