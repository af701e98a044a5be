"""Those that are due: one notice each, whatever is killed or run twice.

The state changes in the transaction that makes the notice, and the notice carries a key of the follow-up and its time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import text

from nexapp.notifications.service import Recipient, notify
from nexapp.sales.follow_ups import tell_follow_ups
from nexapp.sales.follow_ups_handover import hand_over_due
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule

AT_ONCE = 1000
MOST_ROUNDS = 20
LONGEST_SHOWN = 300
SUBJECT = "follow_up"

# One at a time; the next sees what the one before it wrote.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('followup_check', 0))")
SEND = text("""
    WITH due AS (
        SELECT f.id FROM follow_ups f
        JOIN organizations o ON o.id = f.org_id AND o.suspended_at IS NULL
        LEFT JOIN prospects p ON p.org_id = f.org_id AND p.id = f.prospect_id
        LEFT JOIN sequence_enrolments e ON e.org_id = f.org_id AND e.id = f.enrolment_id
        WHERE f.status IN ('pending', 'snoozed') AND f.due_at <= now() AND p.deleted_at IS NULL
          AND (f.enrolment_id IS NULL OR e.status = 'active')
        ORDER BY f.due_at LIMIT :most
        FOR UPDATE OF f SKIP LOCKED
    )
    UPDATE follow_ups f SET status = 'sent', sent_at = now(), updated_at = now()
    FROM due JOIN follow_ups g ON g.id = due.id
    LEFT JOIN prospects p ON p.org_id = g.org_id AND p.id = g.prospect_id
    LEFT JOIN sequence_enrolments e ON e.org_id = g.org_id AND e.id = g.enrolment_id
    WHERE f.id = due.id
    RETURNING f.id, f.org_id, f.owner_id, f.kind, f.due_at, f.message, f.step, f.prospect_id, p.name, p.phone,
        CASE WHEN NOT EXISTS (
            SELECT FROM letter_addresses l
            WHERE l.org_id = p.org_id AND l.email = lower(p.email) AND l.stopped_at IS NOT NULL
        ) THEN p.email END AS email,
        (SELECT count(*) FROM sequence_steps s WHERE s.org_id = e.org_id AND s.sequence_id = e.sequence_id) AS steps
""")
LINK = text("""
    UPDATE follow_ups f SET notification_id = n.id
    FROM unnest(CAST(:follow_ups AS uuid[]), CAST(:notices AS uuid[])) AS n (follow_up_id, id)
    WHERE f.id = n.follow_up_id
""")


@job("followup_check")
def followup_check() -> None:
    """Runs as the system, over all organisations, each minute; started by hand, perhaps for one alone.

    Run twice, the second finds nothing to do.
    """
    db.session.execute(ALONE)
    orgs = hand_over_due()
    for _round in range(MOST_ROUNDS):
        rows = db.session.execute(SEND, {"most": AT_ONCE}).all()
        orgs |= {row.org_id for row in rows}
        _tell(rows)
        if len(rows) < AT_ONCE:
            break
    for org_id in orgs:
        tell_follow_ups(org_id)


def register() -> None:
    schedule("followup_check", cron="* * * * *", job="followup_check")


def _tell(rows: Sequence[Any]) -> None:
    by_type: dict[str, list[Recipient]] = defaultdict(list)
    for row in rows:
        if row.kind == "sequence_step":
            by_type["sequence_action"].append(_recipient(row, _step_values(row), f"/follow-ups/{row.id}"))
        else:
            address = f"/prospects/{row.prospect_id}" if row.prospect_id else f"/follow-ups/{row.id}"
            by_type["followup_due"].append(_recipient(row, {"message": _words(row)}, address))
    for name, recipients in by_type.items():
        if made := _notify(recipients, name):
            db.session.execute(LINK, {"follow_ups": list(made), "notices": list(made.values())})


def _notify(recipients: list[Recipient], name: str) -> dict[UUID, UUID]:
    """The notice of each follow-up. Where the database refuses the lot, one by one: a bad one takes no other along."""
    told = notify(recipients, name, subject_kind=SUBJECT)
    # Who isn't of the team any more is neither told nor counted; a refusal by the database leaves nobody.
    if len(recipients) == 1 or told.count or told.reasons:
        return told.by_subject
    alone = [notify([one], name, subject_kind=SUBJECT).by_subject for one in recipients]
    return {follow_up: notice for made in alone for follow_up, notice in made.items()}


def _recipient(row: Any, values: dict[str, Any], address: str) -> Recipient:
    return Recipient(
        user_id=row.owner_id, values=values, action_url=address, subject_id=row.id, org_id=row.org_id,
        dedupe_key=f"follow_up:{row.id}:{row.due_at:%Y%m%dT%H%M%S}", details={"actions": _actions(row)},
    )  # fmt: skip


def _step_values(row: Any) -> dict[str, Any]:
    return {
        "step": row.step,
        "steps": max(row.steps, row.step),
        "name": row.name,
        "message": row.message[:LONGEST_SHOWN],
    }


def _words(row: Any) -> str:
    if row.name and row.message:
        return f"{row.name}: {row.message}"
    return row.message or (_("Follow up with %(name)s.", name=row.name) if row.name else _("A follow-up is due."))


def _actions(row: Any) -> list[dict[str, str]]:
    actions = [{"kind": "followup_done"}] if row.kind != "sequence_step" else []
    if row.kind == "sequence_step":
        actions.append({"kind": "go", "label": _("Open the text"), "url": f"/follow-ups/{row.id}"})
    if row.phone:
        actions += [{"kind": "call", "phone": row.phone}, {"kind": "text", "phone": row.phone}]
    elif row.email:
        actions.append({"kind": "email", "email": row.email})
    return actions
