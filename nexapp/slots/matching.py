"""Who of the waiting list is told of an opened slot, in one set-based statement that records every outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from nexapp.messaging.quiet import next_quiet, quiet_until
from nexapp.slots.times import midnight
from nexapp.spine.clock import now
from nexapp.spine.db import db

REASONS = (
    "lapsed", "paused", "opted_out", "no_consent", "freed_it", "already_offered", "other_staff", "other_service",
    "other_location", "too_short", "outside_window", "overlap", "limits", "quiet_hours",
)  # fmt: skip
"""Why a request was skipped; the first that holds is recorded. `limits` stands for whatever other businesses did."""

OF_FIT = ("freed_it", "other_staff", "other_service", "other_location", "too_short", "outside_window", "overlap")
"""What a merchant may overrule for somebody they choose by hand. Consent, limits and the night always stand."""

WORTH_WAKING = timedelta(hours=1)
"""A slot must start this long after the quiet hours for its text to wait for their end."""

LAST_MINUTE = time(23, 59)
EVERYBODY = 2**31 - 1
"""More than any list has."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Whom to text now, how many stand in line after them, and how many were skipped for which reason."""

    offered: Sequence[Any]
    in_line: int
    skipped: dict[str, int]


# One match of a business at a time: two slots opened at once would each count a person's offers without the other's.
# The lock is taken a statement ahead, so that the match sees what the one before it wrote.
PLACES = text("""
    WITH alone AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(hashtextextended('match:' || CAST(:org_id AS text), 0))
    )
    SELECT DISTINCT c.time_zone, c.region
    FROM alone, notify_requests r JOIN consumers c ON c.id = r.consumer_id
    WHERE r.org_id = :org_id AND r.status IN ('active', 'paused')
""")

# The look-up over all businesses is asked once, for everybody whose own wishes fit; its answer names nobody's rows.
JUDGED = """
    WITH place AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:zones AS text[]), CAST(:regions AS text[]), CAST(:untils AS timestamptz[]),
            CAST(:evenings AS timestamptz[]), CAST(:mornings AS timestamptz[]))
            AS q(time_zone, region, quiet_until, sleeps_from, sleeps_until)
    ), fitting_window AS MATERIALIZED (
        SELECT notify_request_id, bool_or(
            weekday = :weekday AND :one_day AND starts <= CAST(:wall_start AS time) AND ends >= CAST(:wall_end AS time)
        ) AS fits
        FROM notify_windows WHERE org_id = :org_id GROUP BY notify_request_id
    ), wished AS MATERIALIZED (
        SELECT r.id, r.consumer_id, r.created_at, c.phone, p.name, q.quiet_until, q.sleeps_from, q.sleeps_until, CASE
            WHEN r.ends_on < CAST(:today AS date) THEN 'lapsed'
            WHEN r.status = 'paused' AND (r.paused_until IS NULL OR r.paused_until > CAST(:today AS date)) THEN 'paused'
            WHEN c.opted_out_at IS NOT NULL THEN 'opted_out'
            WHEN k.consumer_id IS NULL THEN 'no_consent'
            WHEN f.consumer_id IS NOT NULL THEN 'already_offered'
            WHEN :by_hand THEN NULL
            WHEN e.consumer_id IS NOT NULL THEN 'freed_it'
            WHEN r.staff_member_id <> :staff_member_id THEN 'other_staff'
            WHEN r.service_id <> :service_id THEN 'other_service'
            WHEN r.location_id <> :location_id THEN 'other_location'
            WHEN r.minutes_needed > :minutes THEN 'too_short'
            WHEN NOT coalesce(w.fits, true) OR CAST(:local_date AS date) < r.starts_on
                OR CAST(:local_date AS date) > r.ends_on THEN 'outside_window'
            WHEN b.consumer_id IS NOT NULL THEN 'overlap'
        END AS reason
        FROM notify_requests r
        JOIN consumers c ON c.id = r.consumer_id
        JOIN consumer_profiles p ON p.org_id = r.org_id AND p.consumer_id = r.consumer_id
        LEFT JOIN place q ON q.time_zone = c.time_zone AND q.region = c.region
        LEFT JOIN fitting_window w ON w.notify_request_id = r.id
        LEFT JOIN (SELECT DISTINCT consumer_id FROM consents WHERE org_id = :org_id AND kind = 'waiting_list') k
            ON k.consumer_id = r.consumer_id
        LEFT JOIN (SELECT DISTINCT consumer_id FROM slot_events
            WHERE org_id = :org_id AND slot_id = :slot_id AND kind = 'freed' AND consumer_id IS NOT NULL) e
            ON e.consumer_id = r.consumer_id
        LEFT JOIN slot_offers f
            ON f.org_id = :org_id AND f.slot_id = :slot_id AND f.round = :round AND f.consumer_id = r.consumer_id
        LEFT JOIN (SELECT DISTINCT booked_consumer_id AS consumer_id FROM slots
            WHERE org_id = :org_id AND status IN ('booked', 'pending') AND starts_at < :ends_at
              AND ends_at > :starts_at AND id <> :slot_id) b
            ON b.consumer_id = r.consumer_id
        WHERE r.org_id = :org_id AND r.status IN ('active', 'paused') /* only */
    ), load AS MATERIALIZED (
        SELECT * FROM nexapp_consumer_limits(
            (SELECT coalesce(array_agg(consumer_id), '{}') FROM wished WHERE reason IS NULL),
            :day_began, :day_ends, :starts_at, :ends_at)
    ), judged AS MATERIALIZED (
        SELECT d.id, d.consumer_id, d.created_at, d.phone, d.name, d.quiet_until, d.sleeps_from, d.sleeps_until,
            coalesce(d.reason, CASE
                WHEN l.is_busy
                    OR CASE WHEN d.quiet_until >= :day_ends THEN l.later ELSE l.offers END >= :daily_cap THEN 'limits'
                WHEN d.quiet_until > :last_waking THEN 'quiet_hours'
            END) AS reason
        FROM wished d LEFT JOIN load l ON l.consumer_id = d.consumer_id
    )"""

PEOPLE = "id AS notify_request_id, consumer_id, phone, name, quiet_until, sleeps_from, sleeps_until, reason"

# Who has waited longest is first in line. The first of them are offered it at once, the others later.
MATCH = text(f"""{JUDGED}, placed AS MATERIALIZED (
        SELECT j.*, CASE WHEN reason IS NULL THEN
            CAST(row_number() OVER (PARTITION BY reason IS NULL ORDER BY created_at, id) AS integer) END AS place
        FROM judged j
    ), recorded AS (
        INSERT INTO slot_matches (
            org_id, slot_id, round, notify_request_id, consumer_id, outcome, reason, place, send_at
        )
        SELECT :org_id, :slot_id, :round, id, consumer_id,
            CASE WHEN reason IS NOT NULL THEN 'skipped' WHEN place <= :at_once THEN 'offered' ELSE 'in_line' END,
            reason, place, CASE WHEN place <= :at_once THEN coalesce(quiet_until, now()) END
        FROM placed
        ON CONFLICT DO NOTHING
        RETURNING notify_request_id
    ), told AS (
        SELECT p.* FROM placed p JOIN recorded m ON m.notify_request_id = p.id
    )
    SELECT {PEOPLE}, place, 1 AS people FROM told WHERE place <= :at_once
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, reason, NULL, CAST(count(*) AS integer)
    FROM told WHERE place IS NULL OR place > :at_once GROUP BY reason
""")  # noqa: S608 - constants of this file

ONLY = "AND r.id = ANY(CAST(:only AS uuid[]))"
JUDGE = text(f"{JUDGED.replace('/* only */', ONLY)} SELECT {PEOPLE} FROM judged ORDER BY created_at, id")  # noqa: S608 - constants of this file

SETTLE = text("""
    INSERT INTO slot_matches (org_id, slot_id, round, notify_request_id, consumer_id, outcome, reason, send_at)
    SELECT :org_id, :slot_id, :round, n.id, n.consumer_id,
        CASE WHEN n.reason IS NULL THEN 'offered' ELSE 'skipped' END, n.reason,
        CASE WHEN n.reason IS NULL THEN coalesce(n.send_at, now()) END
    FROM unnest(CAST(:requests AS uuid[]), CAST(:consumers AS uuid[]), CAST(:reasons AS text[]),
        CAST(:send_ats AS timestamptz[])) AS n(id, consumer_id, reason, send_at)
    ON CONFLICT (org_id, slot_id, round, notify_request_id) DO UPDATE
    SET outcome = excluded.outcome, reason = excluded.reason, send_at = excluded.send_at
    WHERE slot_matches.outcome <> 'offered'
""")


def match_waiting_list(slot: Any, at_once: int = EVERYBODY) -> Matches:
    """Judge every request on the list for this opening. `slot` is a row of `transitions.transition`.

    Of those who fit the first `at_once` are offered it, and the others stand in line.
    """
    rows = db.session.execute(MATCH, _about(slot) | _quiet_places(slot) | {"at_once": at_once}).all()
    found = {row.reason: row.people for row in rows if row.notify_request_id is None}
    offered = [row for row in rows if row.notify_request_id is not None]
    return Matches(offered, found.pop(None, 0), found)


def judge(slot: Any, request_ids: Sequence[UUID], *, by_hand: bool = False) -> Sequence[Any]:
    """How these requests stand with the slot now, in the order of the list; nothing is recorded.

    `by_hand` leaves out the reasons that a merchant may overrule.
    """
    about = _about(slot) | _quiet_places(slot) | {"only": list(request_ids), "by_hand": by_hand}
    return db.session.execute(JUDGE, about).all()


def settle(slot: Any, people: Sequence[Any]) -> None:
    """Record the outcome of people who were judged: offered, or skipped with their reason."""
    columns = {
        "requests": [person.notify_request_id for person in people],
        "consumers": [person.consumer_id for person in people],
        "reasons": [person.reason for person in people],
        "send_ats": [person.quiet_until for person in people],
    }
    if people:
        db.session.execute(SETTLE, columns | {"org_id": slot.org_id, "slot_id": slot.id, "round": slot.round})


def _about(slot: Any) -> dict[str, Any]:
    today = now().astimezone(ZoneInfo(slot.time_zone)).date()
    return {
        "org_id": slot.org_id,
        "slot_id": slot.id,
        "round": slot.round,
        "staff_member_id": slot.staff_member_id,
        "service_id": slot.service_id,
        "location_id": slot.location_id,
        "by_hand": False,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "minutes": int((slot.ends_at - slot.starts_at).total_seconds() // 60),
        "today": today,
        "day_began": midnight(today, slot.time_zone),
        "day_ends": midnight(today + timedelta(days=1), slot.time_zone),
        "daily_cap": slot.daily_offer_cap,
        "last_waking": slot.starts_at - WORTH_WAKING,
        **_wall(slot.starts_at, slot.ends_at, slot.time_zone),
    }


def _wall(starts_at: datetime, ends_at: datetime, zone: str) -> dict[str, Any]:
    """The slot as the clock on the business's wall shows it; midnight at its end counts as the day's last minute."""
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    to_midnight = end.time() == time() and end.date() == start.date() + timedelta(days=1)
    local_date: date = start.date()
    return {
        "local_date": local_date,
        "weekday": local_date.weekday(),
        "wall_start": start.time(),
        "wall_end": LAST_MINUTE if to_midnight else end.time(),
        "one_day": to_midnight or end.date() == local_date,
    }


def _quiet_places(slot: Any) -> dict[str, list[Any]]:
    """The quiet hours, once for each zone and region that people on the list live in."""
    present = now()
    places = db.session.execute(PLACES, {"org_id": slot.org_id}).all()
    nights = [_nights(present, place, slot) for place in places]
    return {
        "zones": [place.time_zone for place in places],
        "regions": [place.region for place in places],
        "untils": [until for until, _, _ in nights],
        "evenings": [evening for _, evening, _ in nights],
        "mornings": [morning for _, _, morning in nights],
    }


def _nights(present: datetime, place: Any, slot: Any) -> tuple[datetime | None, datetime | None, datetime | None]:
    """When the quiet hours of this moment end, if they are, and when the next ones begin and end."""
    until = quiet_until(present, **(hours := _hours(place, slot)))
    evening, morning = next_quiet(until or present, **hours) or (None, None)
    return until, evening, morning


def _hours(place: Any, slot: Any) -> dict[str, Any]:
    return {
        "zones": [zone for zone in (place.time_zone, slot.time_zone) if zone],
        "region": place.region,
        "starts": slot.quiet_starts,
        "ends": slot.quiet_ends,
    }
