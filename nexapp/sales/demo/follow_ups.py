"""Follow-ups that are overdue, due now and ahead, done ones of ninety days, and two sequences on their way."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from sqlalchemy import insert, select, text

from nexapp.sales.models import FollowUp
from nexapp.sales.sequences_models import Sequence, SequenceStep
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

TO_DO = (
    "Call about the offer", "Send the price list", "Ask how the trial goes", "Agree on a day for the demo",
    "Ask for the decision", "Say hello after the fair", "Talk about the contract that ends",
)  # fmt: skip
SEQUENCES: tuple[tuple[str, tuple[tuple[int, str, str, str], ...]], ...] = (
    ("Welcome a new lead", (
        (0, "text", "", "Hi {{first_name}}, {{my_name}} of {{team}} here. Good to meet you! Ten minutes tomorrow?"),
        (2, "email", "What we talked about", "Hi {{first_name}},\n\nhere is how teams like {{company}} work with us."
         " Shall we look at it together this week?\n\n{{my_name}}"),
        (3, "call", "", "Call {{name}}: did they see the e-mail, and who decides at {{company}}?"),
        (4, "text", "", "{{first_name}}, shall I keep a place for {{company}} this month?"),
        (7, "email", "Shall I close this?", "Hi {{first_name}}, I don't want to fill your inbox. Is this worth talking"
         " about next quarter?"),
    )),
    ("After the demo", (
        (1, "email", "Thank you for your time", "Hi {{first_name}}, thank you for looking at it with me. Here are the"
         " answers to your questions."),
        (3, "call", "", "Call {{name}} and ask what speaks against it."),
        (5, "text", "", "{{first_name}}, did you have time to talk it over at {{company}}?"),
    )),
)  # fmt: skip
# From two days ago to three weeks ahead, at the clock of each owner; every fifth has a day alone, each tenth repeats.
AHEAD = text("""
    INSERT INTO follow_ups (id, org_id, owner_id, prospect_id, due_at, due_on, due_time, time_zone, message, repeats,
        repeat_day, created_by, created_at)
    SELECT gen_random_uuid(), x.org_id, x.owner_id, x.id, (x.day + x.wall) AT TIME ZONE x.zone, x.day,
        CASE WHEN x.n % 5 <> 0 THEN x.wall END, x.zone, (CAST(:words AS text[]))[1 + x.n % 7],
        CASE WHEN x.n % 10 = 7 THEN 'weekly' END, NULL, x.owner_id, now() - interval '4 days'
    FROM (
        SELECT p.*, z.zone, (now() AT TIME ZONE z.zone)::date + (p.n % 24 - 2)::integer AS day,
            CASE WHEN p.n % 5 = 0 THEN time '09:00' ELSE time '08:30' + (p.n % 17) * interval '30 minutes' END AS wall
        FROM (
            SELECT p.id, p.org_id, p.owner_id, row_number() OVER (PARTITION BY p.owner_id ORDER BY p.id) AS n
            FROM prospects p JOIN prospect_stages s ON s.org_id = p.org_id AND s.id = p.stage_id AND s.outcome = 'open'
            WHERE p.org_id = :org_id AND p.owner_id IS NOT NULL AND p.deleted_at IS NULL
        ) p
        JOIN users u ON u.id = p.owner_id JOIN organizations o ON o.id = p.org_id
        CROSS JOIN LATERAL (SELECT coalesce(u.time_zone, o.time_zone) AS zone) z
        WHERE p.n <= 60
    ) x
""")
# Due since a moment ago, so that the first minute brings notices.
NOW = text("""
    UPDATE follow_ups f SET due_at = date_trunc('minute', now()), due_time = (now() AT TIME ZONE f.time_zone)::time(0),
        due_on = (now() AT TIME ZONE f.time_zone)::date
    WHERE f.id IN (
        SELECT DISTINCT ON (g.owner_id) g.id FROM follow_ups g
        WHERE g.org_id = :org_id AND g.due_at > now() AND g.repeats IS NULL ORDER BY g.owner_id, g.due_at
    )
""")
DONE = text("""
    INSERT INTO follow_ups (id, org_id, owner_id, prospect_id, due_at, due_on, due_time, time_zone, message, status,
        sent_at, done_at, created_by, created_at)
    SELECT gen_random_uuid(), p.org_id, p.owner_id, p.id, at, at::date, at::time(0), 'UTC',
        (CAST(:words AS text[]))[1 + p.n % 7], 'done', at, at + interval '40 minutes', p.owner_id,
        at - interval '2 days'
    FROM (
        SELECT p.*, row_number() OVER (ORDER BY p.id) AS n FROM prospects p
        WHERE p.org_id = :org_id AND p.owner_id IS NOT NULL
    ) p
    CROSS JOIN LATERAL (SELECT date_trunc('minute', now() - (1 + p.n % 89) * interval '1 day') AS at) d
    WHERE p.n <= 300
""")
# Four states: at the first step, at the second, replied, came to the end.
ENROL = text("""
    INSERT INTO sequence_enrolments (id, org_id, sequence_id, prospect_id, owner_id, step, status, ended_by, ended_at,
        created_by, created_at)
    SELECT gen_random_uuid(), p.org_id, :sequence_id, p.id, p.owner_id,
        CASE n % 4 WHEN 0 THEN 1 WHEN 3 THEN :steps ELSE 2 END,
        CASE n % 4 WHEN 2 THEN 'stopped' WHEN 3 THEN 'finished' ELSE 'active' END,
        CASE n % 4 WHEN 2 THEN 'reply' WHEN 3 THEN 'steps' END,
        CASE WHEN n % 4 > 1 THEN now() - interval '2 days' END, p.owner_id, now() - n * interval '7 hours'
    FROM (
        SELECT p.*, row_number() OVER (ORDER BY p.score DESC, p.id) AS n
        FROM prospects p JOIN prospect_stages s ON s.org_id = p.org_id AND s.id = p.stage_id AND s.outcome = 'open'
        WHERE p.org_id = :org_id AND p.owner_id IS NOT NULL AND p.next_follow_up_at IS NULL AND p.deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM sequence_enrolments e WHERE e.org_id = p.org_id AND e.prospect_id = p.id)
    ) p
    WHERE n <= 24
""")
STEP = text("""
    INSERT INTO follow_ups (id, org_id, owner_id, prospect_id, kind, due_at, due_on, due_time, time_zone, message,
        enrolment_id, step, created_by, created_at)
    SELECT gen_random_uuid(), e.org_id, e.owner_id, e.prospect_id, 'sequence_step', d.at,
        (d.at AT TIME ZONE z.zone)::date, (d.at AT TIME ZONE z.zone)::time(0), z.zone,
        replace(replace(replace(replace(replace(s.body, '{{first_name}}', split_part(p.name, ' ', 1)),
            '{{name}}', p.name), '{{company}}', p.company), '{{my_name}}', u.name), '{{team}}', o.name),
        e.id, e.step, e.owner_id, e.created_at
    FROM sequence_enrolments e
    JOIN sequence_steps s ON s.org_id = e.org_id AND s.sequence_id = e.sequence_id AND s.position = e.step
    JOIN prospects p ON p.org_id = e.org_id AND p.id = e.prospect_id
    JOIN users u ON u.id = e.owner_id JOIN organizations o ON o.id = e.org_id
    CROSS JOIN LATERAL (SELECT coalesce(u.time_zone, o.time_zone) AS zone) z
    CROSS JOIN LATERAL (
        SELECT date_trunc('hour', now() + (row_number() OVER () % 5) * interval '21 hours') AS at) d
    WHERE e.org_id = :org_id AND e.status = 'active'
""")


def seed_follow_ups(org_id: UUID) -> None:
    """After the prospects. Nothing where the organisation has follow-ups already. Runs as the system."""
    if db.session.scalar(select(FollowUp.id).where(FollowUp.org_id == org_id).limit(1)) is not None:
        return
    about = {"org_id": org_id, "words": list(TO_DO)}
    for statement in (AHEAD, NOW, DONE):
        db.session.execute(statement, about)
    for name, steps in SEQUENCES:
        sequence_id = _write(org_id, name, steps)
        db.session.execute(ENROL, {"org_id": org_id, "sequence_id": sequence_id, "steps": len(steps)})
    db.session.execute(STEP, {"org_id": org_id})


def _write(org_id: UUID, name: str, steps: tuple[tuple[int, str, str, str], ...]) -> UUID:
    sequence_id = new_id()
    db.session.execute(insert(Sequence).values(id=sequence_id, org_id=org_id, name=name))
    rows = [
        {"id": new_id(), "org_id": org_id, "sequence_id": sequence_id, "position": number, "wait_days": wait,
         "at_time": time(9), "channel": channel, "subject": subject, "body": body}
        for number, (wait, channel, subject, body) in enumerate(steps, 1)
    ]  # fmt: skip
    db.session.execute(insert(SequenceStep), rows)
    return sequence_id
