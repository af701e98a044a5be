"""The settings of a business, changed by its owner."""

from __future__ import annotations

from typing import Any

from nexapp.identity.models import Organization
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor


def get_business() -> Organization:
    """The acting organisation."""
    return db.session.get_one(Organization, current_actor().tenant)


def change_business(**values: Any) -> list[str]:
    """Set what differs; the names of the fields that changed, which the audit keeps without their values."""
    business = get_business()
    changed = [name for name, value in values.items() if getattr(business, name) != value]
    for name in changed:
        setattr(business, name, values[name])
    if changed:
        audit.record("organization.changed", "organization", business.id, {"fields": changed})
    return changed
