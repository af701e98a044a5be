"""What a row means for the list as it is: added, updated, there already, or skipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.slots.waiting_list_adding import list_opted_out
from nexapp.spine.db import db
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.sorting import Sorted
from nexapp.spine.tenancy import current_actor

KNOWN = text("""
    SELECT c.phone, c.id AS consumer_id, p.name, p.email, r.id AS request_id, r.status, r.status_before,
        r.staff_member_id::text AS staff, r.service_id::text AS service, r.minutes_needed AS minutes, r.party_size,
        r.ends_on::text AS until, r.starts_on::text AS starts, r.time_range
    FROM consumers c
    JOIN consumer_profiles p ON p.org_id = :org_id AND p.consumer_id = c.id
    JOIN notify_requests r ON r.org_id = p.org_id AND r.consumer_id = p.consumer_id
    WHERE c.phone = ANY(CAST(:phones AS text[]))
""")
COMPARED = ("name", "email", "staff", "service", "minutes", "party_size", "until")
"""What a file may change about somebody who is on the list: only what it says."""


def sort_out(judged: Sequence[Judged], on_known: str) -> Sorted:
    phones = [row["phone"] for row in judged if "why" not in row]
    silent = list_opted_out(phones)
    known = {row.phone: row for row in db.session.execute(KNOWN, {"org_id": _org(), "phones": phones})}
    found = Sorted()
    for row in judged:
        person = known.get(row.get("phone"))
        why = row.get("why") or ("opted_out" if row.get("phone") in silent else None) or _gone(person)
        changes = _changes(person, row) if person is not None and on_known == "update" else {}
        found.place(row, person, changes, why)
    return found


def _gone(person: Any) -> str | None:
    if person is None or person.status != "left":
        return None
    return "taken_off" if person.status_before else "left"


def _changes(person: Any, row: Judged) -> dict[str, Any]:
    return {name: row[name] for name in COMPARED if name in row and row[name] != getattr(person, name)}


def _org() -> UUID:
    return current_actor().tenant
