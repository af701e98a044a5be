"""Takes back what one part of a file did, as far as nobody has worked on it since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

# Nobody wrote, called, planned or changed anything: the others stay, with what was done about them.
REMOVE = text("""
    DELETE FROM prospects p
    WHERE p.org_id = :org_id AND p.id = ANY(CAST(:ids AS uuid[])) AND p.import_id = :import_id
      AND NOT EXISTS (SELECT FROM prospect_events x WHERE x.org_id = p.org_id AND x.prospect_id = p.id)
      AND NOT EXISTS (SELECT FROM prospect_notes x WHERE x.org_id = p.org_id AND x.prospect_id = p.id)
      AND NOT EXISTS (SELECT FROM follow_ups x WHERE x.org_id = p.org_id AND x.prospect_id = p.id)
      AND NOT EXISTS (SELECT FROM activities x WHERE x.org_id = p.org_id AND x.prospect_id = p.id
          AND x.kind <> 'pipeline_add')
      AND NOT EXISTS (SELECT FROM messages x WHERE x.org_id = p.org_id AND x.subject_id = p.id)
""")
_BACK = "CASE WHEN g.before ? '{0}' AND to_jsonb(p.{0}) = g.after->'{0}' THEN {1} ELSE p.{0} END"
_VALUES = {
    "name": "g.before->>'name'", "company": "g.before->>'company'", "role": "g.before->>'role'",
    "phone": "g.before->>'phone'", "email": "g.before->>'email'", "location": "g.before->>'location'",
    "source": "g.before->>'source'", "value_cents": "CAST(g.before->>'value_cents' AS bigint)",
}  # fmt: skip
# Each field for itself: what somebody changed since stays, and the others go back.
RESTORE = text(f"""
    WITH given AS (
        SELECT w.id, CAST(w.before AS jsonb) AS before, CAST(w.after AS jsonb) AS after
        FROM unnest(CAST(:ids AS uuid[]), CAST(:befores AS text[]), CAST(:afters AS text[])) AS w(id, before, after)
    ), restored AS (
        UPDATE prospects p SET updated_at = now(),
            {", ".join(f"{name} = {_BACK.format(name, value)}" for name, value in _VALUES.items())}
        FROM given g WHERE p.org_id = :org_id AND p.id = g.id
        RETURNING p.id, to_jsonb(p) @> g.before AS is_back
    ), told AS (
        INSERT INTO prospect_events (id, org_id, prospect_id, user_id, kind, details)
        SELECT nexapp_uuid7(now()), :org_id, id, :user_id, 'import_undone',
            jsonb_build_object('words', CAST(:file AS text))
        FROM restored
    )
    SELECT count(*) FILTER (WHERE is_back) FROM restored
""")  # noqa: S608 - our own columns


def undo_part(batch: Any, outcomes: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many were removed and restored, and how many stay as they are: an undo never overrules a later decision."""
    added = [outcome["id"] for outcome in outcomes if outcome["did"] == "added"]
    updated = [outcome for outcome in outcomes if outcome["did"] == "updated"]
    found = _remove(batch, added) | _restore(batch, updated)
    return {name: count for name, count in found.items() if count}


def _remove(batch: Any, added: Sequence[str]) -> dict[str, int]:
    if not added:
        return {}
    gone: Any = db.session.execute(REMOVE, {"org_id": batch.org_id, "import_id": batch.id, "ids": added})
    return {"removed": gone.rowcount, "worked_on": len(added) - gone.rowcount}


def _restore(batch: Any, updated: Sequence[dict[str, Any]]) -> dict[str, int]:
    if not updated:
        return {}
    columns = {
        "ids": [one["id"] for one in updated],
        "befores": [json.dumps(one["before"]) for one in updated],
        "afters": [json.dumps(one["after"]) for one in updated],
    }
    about = {"org_id": batch.org_id, "user_id": current_actor().user_id, "file": batch.filename}
    back = int(db.session.scalar(RESTORE, about | columns) or 0)
    return {"restored": back, "changed_since": len(updated) - back}
