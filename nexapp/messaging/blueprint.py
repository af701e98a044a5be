"""The addresses of this part. Those of members exist for businesses that text people, not for sales teams."""

from __future__ import annotations

from flask import Blueprint, current_app, g, request

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.spine.access import access_of, principal
from nexapp.spine.errors import NotFound

pages = Blueprint("messaging", __name__)


@pages.before_request
def refuse_without_texts() -> None:
    access = access_of(current_app, request.endpoint or "")
    if access is None or access.kind != "member":
        return
    found = principal()
    if found is not None and found.org_id is not None and g.get("org_kind", "business") not in WITH_SLOTS:
        raise NotFound
