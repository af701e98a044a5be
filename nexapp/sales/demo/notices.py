"""What the bell shows at the first look: made by the same jobs that tell real teams, some of it older and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from nexapp.notifications.service import Recipient, notify
from nexapp.sales import daily, rhythm_cooling, streaks, weekly
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.local_jobs import Person

WEEKS = 8

# In the order in which they were made, over the last days; the older half was read, most of it opened.
AGE = text("""
    WITH placed AS (
        SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY id DESC) AS place FROM notifications
        WHERE org_id = :org
    )
    UPDATE notifications n SET created_at = now() - make_interval(mins => (p.place * p.place * 13)::int),
        seen_at = CASE WHEN p.place > 4 THEN now() - make_interval(mins => (p.place * p.place * 12)::int) END,
        read_at = CASE WHEN p.place > 6 THEN now() - make_interval(mins => (p.place * p.place * 12)::int) END,
        opened_at = CASE WHEN p.place > 6 AND p.place % 3 > 0
            THEN now() - make_interval(mins => (p.place * p.place * 12)::int) END
    FROM placed p WHERE n.id = p.id
""")

# Seeding tells of eight Sundays within a minute; the reports stay, the bell speaks of the last one.
EARLIER_WEEKS = text("""
    DELETE FROM notifications n WHERE n.org_id = :org AND n.type = 'weekly_report' AND EXISTS (
        SELECT FROM notifications o
        WHERE o.org_id = n.org_id AND o.user_id = n.user_id AND o.type = n.type AND o.id > n.id)
""")

HOT = text("""
    SELECT DISTINCT ON (p.owner_id) p.owner_id, p.id, p.name, p.phone FROM prospects p
    WHERE p.org_id = :org AND p.owner_id IS NOT NULL AND p.deleted_at IS NULL
    ORDER BY p.owner_id, p.score DESC, p.id
""")


def seed_notices(org_id: UUID, people: Sequence[tuple[UUID, str]]) -> None:
    """`people`: users and their zones."""
    for week in reversed(range(WEEKS)):
        evening = [Person(org_id, user, _sunday(zone, week), zone) for user, zone in people]
        streaks.fold_all(org_id, min(person.on for person in evening))
        weekly.summarise(evening)
    streaks.fold_all(org_id)
    rhythm_cooling.tell_of_cooling(_today(org_id, people))
    daily.rescan(_today(org_id, people))
    notify([_hot(row) for row in db.session.execute(HOT, {"org": org_id})], "hot_lead", priority="normal",
           subject_kind="prospect", org_id=org_id)  # fmt: skip
    db.session.execute(EARLIER_WEEKS, {"org": org_id})
    db.session.execute(AGE, {"org": org_id})


def _hot(row: tuple[UUID, UUID, str, str | None]) -> Recipient:
    owner, prospect_id, name, phone = row
    actions = [{"kind": "call", "phone": phone}, {"kind": "text", "phone": phone}] if phone else []
    return Recipient(
        owner, values={"name": name}, subject_id=prospect_id, action_url=f"/prospects/{prospect_id}",
        dedupe_key=f"demo-hot:{prospect_id}", details={"actions": actions},
    )  # fmt: skip


def _today(org_id: UUID, people: Sequence[tuple[UUID, str]]) -> list[Person]:
    return [Person(org_id, user, now().astimezone(ZoneInfo(zone)).date(), zone) for user, zone in people]


def _sunday(zone: str, weeks_ago: int) -> date:
    today = now().astimezone(ZoneInfo(zone)).date()
    return today - timedelta(days=(today.weekday() + 1) % 7 + 7 * weeks_ago)
