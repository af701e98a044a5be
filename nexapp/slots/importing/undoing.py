"""Takes back what one part of a file did, as far as people have not answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.messaging.outbox import cancel_queued
from nexapp.slots.invitations import SUBJECT as INVITATION
from nexapp.spine.db import db

# Invited and silent still, and as the file left them: the others answered, or somebody changed them by hand.
UNTOUCHED = text("""
    SELECT r.id, r.consumer_id, i.id AS invitation_id, i.message_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[])) AS g(id, at)
    JOIN notify_requests r ON r.org_id = :org_id AND r.id = g.id
    LEFT JOIN list_invitations i ON i.org_id = r.org_id AND i.notify_request_id = r.id
    WHERE r.status = 'invited' AND r.updated_at = coalesce(g.at, r.updated_at)
      AND NOT EXISTS (SELECT FROM slot_matches m WHERE m.org_id = r.org_id AND m.notify_request_id = r.id)
      AND NOT EXISTS (SELECT FROM slot_offers f WHERE f.org_id = r.org_id AND f.consumer_id = r.consumer_id)
      AND NOT EXISTS (SELECT FROM slots s WHERE s.org_id = r.org_id AND s.booked_consumer_id = r.consumer_id)
      AND NOT EXISTS (SELECT FROM inbound_messages w WHERE w.org_id = r.org_id AND w.consumer_id = r.consumer_id)
    ORDER BY r.id FOR UPDATE OF r
""")
NEVER_LEFT = text("""
    SELECT id FROM messages
    WHERE org_id = :org_id AND id = ANY(CAST(:ids AS uuid[])) AND attempts = 0
      AND status IN ('cancelled', 'suppressed', 'expired')
""")
REMOVE = text("DELETE FROM notify_requests WHERE org_id = :org_id AND id = ANY(CAST(:ids AS uuid[]))")
# Whom the business doesn't know from anywhere else.
FORGET = text("""
    DELETE FROM consumer_profiles p
    WHERE p.org_id = :org_id AND p.consumer_id = ANY(CAST(:consumers AS uuid[]))
      AND NOT EXISTS (SELECT FROM notify_requests x WHERE x.org_id = p.org_id AND x.consumer_id = p.consumer_id)
      AND NOT EXISTS (SELECT FROM slot_offers x WHERE x.org_id = p.org_id AND x.consumer_id = p.consumer_id)
      AND NOT EXISTS (SELECT FROM slots x WHERE x.org_id = p.org_id AND x.booked_consumer_id = p.consumer_id)
      AND NOT EXISTS (SELECT FROM messages x WHERE x.org_id = p.org_id AND x.consumer_id = p.consumer_id)
      AND NOT EXISTS (SELECT FROM inbound_messages x WHERE x.org_id = p.org_id AND x.consumer_id = p.consumer_id)
      AND NOT EXISTS (SELECT FROM conversations x WHERE x.org_id = p.org_id AND x.consumer_id = p.consumer_id)
      AND NOT EXISTS (SELECT FROM consents x WHERE x.org_id = p.org_id AND x.consumer_id = p.consumer_id)
""")
TAKE_OFF = text("""
    UPDATE notify_requests SET status = 'left', status_before = 'invited', updated_at = now()
    WHERE org_id = :org_id AND id = ANY(CAST(:ids AS uuid[])) AND status = 'invited'
""")
RESTORE = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:ats AS timestamptz[]), CAST(:names AS text[]),
            CAST(:emails AS text[]), CAST(:untils AS date[]), CAST(:starts AS date[]), CAST(:ranges AS text[]),
            CAST(:staff AS uuid[]), CAST(:services AS uuid[]), CAST(:minutes AS integer[]), CAST(:parties AS integer[]))
            AS g(id, at, name, email, until, starts, time_range, staff, service, minutes, party_size)
    ), restored AS (
        UPDATE notify_requests r SET updated_at = now(), ends_on = g.until, starts_on = g.starts,
            time_range = g.time_range, staff_member_id = g.staff, service_id = g.service, minutes_needed = g.minutes,
            party_size = g.party_size
        FROM given g WHERE r.org_id = :org_id AND r.id = g.id AND r.updated_at = g.at
        RETURNING r.consumer_id, g.name, g.email
    )
    UPDATE consumer_profiles p SET name = s.name, email = s.email
    FROM restored s WHERE p.org_id = :org_id AND p.consumer_id = s.consumer_id
""")


def undo_part(org_id: UUID, outcomes: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many were removed, taken off though their text has left, restored; and how many stay as they are.

    People who answered stay, and so does what somebody changed since: an undo never overrules a later decision.
    """
    added = [outcome for outcome in outcomes if outcome["did"] == "added"]
    updated = [outcome for outcome in outcomes if outcome["did"] == "updated"]
    found = _take_back(org_id, added) | _restore(org_id, updated)
    return {name: count for name, count in found.items() if count}


def _take_back(org_id: UUID, added: Sequence[dict[str, Any]]) -> dict[str, int]:
    if not added:
        return {}
    org, columns = {"org_id": org_id}, {"ids": [one["id"] for one in added], "ats": [one.get("at") for one in added]}
    people = db.session.execute(UNTOUCHED, org | columns).all()
    messages = [row.message_id for row in people if row.message_id]
    cancel_queued(INVITATION, [row.invitation_id for row in people if row.message_id])
    unsent = {None, *db.session.scalars(NEVER_LEFT, org | {"ids": messages})}
    gone = [row for row in people if row.message_id in unsent]
    texted = [row.id for row in people if row.message_id not in unsent]
    db.session.execute(REMOVE, org | {"ids": [row.id for row in gone]})
    db.session.execute(FORGET, org | {"consumers": [row.consumer_id for row in gone]})
    db.session.execute(TAKE_OFF, org | {"ids": texted})
    return {"removed": len(gone), "texted": len(texted), "answered": len(added) - len(people)}


def _restore(org_id: UUID, updated: Sequence[dict[str, Any]]) -> dict[str, int]:
    if not updated:
        return {}
    before = [outcome["before"] for outcome in updated]
    fields = {
        "names": "name", "emails": "email", "untils": "until", "starts": "starts", "ranges": "time_range",
        "staff": "staff", "services": "service", "minutes": "minutes", "parties": "party_size",
    }  # fmt: skip
    columns = {column: [was.get(name) for was in before] for column, name in fields.items()}
    columns |= {"ids": [one["id"] for one in updated], "ats": [one["at"] for one in updated]}
    columns["names"] = [name or "" for name in columns["names"]]
    done: Any = db.session.execute(RESTORE, {"org_id": org_id, **columns})
    return {"restored": done.rowcount, "changed_since": len(updated) - done.rowcount}
