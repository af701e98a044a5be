"""Writes one part of a file: a few statements for a thousand rows, all in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.sorting import Sorted
from nexapp.spine.tenancy import current_actor

ADD = text("""
    INSERT INTO prospects (id, org_id, owner_id, name, company, role, phone, email, location, source, stage_id,
        value_cents, created_by, import_id)
    SELECT g.id, :org_id, g.owner, g.name, coalesce(g.company, ''), coalesce(g.role, ''), g.phone, g.email,
        coalesce(g.location, ''), coalesce(g.source, ''), g.stage, coalesce(g.value_cents, 0), :user_id, :import_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:owner AS uuid[]), CAST(:name AS text[]), CAST(:company AS text[]),
        CAST(:role AS text[]), CAST(:phone AS text[]), CAST(:email AS text[]), CAST(:location AS text[]),
        CAST(:source AS text[]), CAST(:stage AS uuid[]), CAST(:value_cents AS bigint[]))
        AS g(id, owner, name, company, role, phone, email, location, source, stage, value_cents)
""")
CHANGE = text("""
    WITH changed AS (
        UPDATE prospects p SET updated_at = now(),
            name = coalesce(g.name, p.name), company = coalesce(g.company, p.company), role = coalesce(g.role, p.role),
            phone = coalesce(g.phone, p.phone), email = coalesce(g.email, p.email),
            location = coalesce(g.location, p.location), source = coalesce(g.source, p.source),
            value_cents = coalesce(g.value_cents, p.value_cents)
        FROM unnest(CAST(:ids AS uuid[]), CAST(:name AS text[]), CAST(:company AS text[]), CAST(:role AS text[]),
            CAST(:phone AS text[]), CAST(:email AS text[]), CAST(:location AS text[]), CAST(:source AS text[]),
            CAST(:value_cents AS bigint[]), CAST(:event_ids AS uuid[]), CAST(:details AS text[]))
            AS g(id, name, company, role, phone, email, location, source, value_cents, event_id, details)
        WHERE p.org_id = :org_id AND p.id = g.id
        RETURNING p.id, g.event_id, g.details
    )
    INSERT INTO prospect_events (id, org_id, prospect_id, user_id, kind, details)
    SELECT event_id, :org_id, id, :user_id, 'imported', CAST(details AS jsonb) FROM changed
""")
NEW = ("owner", "name", "company", "role", "phone", "email", "location", "source", "stage", "value_cents")
CHANGED = ("name", "company", "role", "phone", "email", "location", "source", "value_cents")


def write_part(found: Sorted, batch: Any, stages: Sequence[str]) -> list[dict[str, Any]]:
    """Write what is added and updated; the outcome of every row of the part, in the file's order.

    `batch` is the import; `stages` are those in use, first the one where new ones start whose row names none of them.
    """
    outcomes = [*found.outcomes, *_add(found.added, batch, stages), *_update(found.updated, batch)]
    return sorted(outcomes, key=lambda outcome: int(outcome["row"]))


def _add(rows: Sequence[Judged], batch: Any, stages: Sequence[str]) -> list[dict[str, Any]]:
    if not rows:
        return []
    ids, usual = [new_id() for _ in rows], str(batch.owner_id) if batch.owner_id else None
    columns = {name: [row.get(name) for row in rows] for name in NEW}
    columns["owner"] = [owner or usual for owner in columns["owner"]]
    columns["stage"] = [stage if stage in stages else stages[0] for stage in columns["stage"]]
    db.session.execute(ADD, _about(batch) | columns | {"ids": ids, "import_id": batch.id})
    return [{"row": row["row"], "did": "added", "id": str(one)} for row, one in zip(rows, ids, strict=True)]


def _update(changed: Sequence[tuple[Any, Judged, dict[str, Any]]], batch: Any) -> list[dict[str, Any]]:
    if not changed:
        return []
    ids = [prospect.id for prospect, _row, _changes in changed]
    columns = {name: [changes.get(name) for _prospect, _row, changes in changed] for name in CHANGED}
    details = [json.dumps({"fields": list(changes), "words": batch.filename}) for _prospect, _row, changes in changed]
    told = {"ids": ids, "event_ids": [new_id() for _ in ids], "details": details}
    db.session.execute(CHANGE, _about(batch) | columns | told)
    return [
        {
            "row": row["row"], "did": "updated", "id": str(prospect.id), "after": changes,
            "before": {name: getattr(prospect, name) for name in changes},
        }
        for prospect, row, changes in changed
    ]  # fmt: skip


def _about(batch: Any) -> dict[str, Any]:
    return {"org_id": batch.org_id, "user_id": current_actor().user_id}
