"""Which businesses have slots: to a sales team the pages of this part don't exist, whoever knows the address."""

from __future__ import annotations

from flask import current_app, g, request

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.spine.access import access_of, principal
from nexapp.spine.errors import NotFound

PART = __name__.rpartition(".")[0]
SENDS_ON = "slots.home"
"""The start page: it leads each person to their own."""


def refuse_without_slots() -> None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == SENDS_ON or not current_app.view_functions[endpoint].__module__.startswith(PART):
        return
    access = access_of(current_app, endpoint)
    if access is None or access.kind != "member":
        return
    found = principal()
    if found is not None and found.org_id is not None and g.get("org_kind", "business") not in WITH_SLOTS:
        raise NotFound
