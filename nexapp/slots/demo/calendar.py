"""A calendar that looks lived in: opening hours, lunch, a holiday, and the bookings of two weeks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as insert_new

from nexapp.slots.calendar.models import BlockedTime, HourException, OpeningHours, SlotPattern
from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.models import Slot
from nexapp.slots.tokens import topic_token
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.ids import new_id

OPENS, CLOSES, LATE = time(9), time(17), time(19)
LUNCH = (time(12), time(13))
CLIENTS = (
    "Walter Hill", "Ida Wells", "Paula Novak", "Greta Olsen", "Milan Horvat", "Sofia Marin", "Theo Banks", "Amara Obi",
    "Louis Petit", "Hanna Virtanen", "Diego Ramos", "Carla Neri",
)  # fmt: skip
STARTS = (time(9), time(9, 30), time(10, 30), time(11, 15), time(13), time(14), time(15), time(16))
MINUTES = (30, 45, 30, 45, 60, 30, 45, 30)


def seed_calendar(seeded: Seeded) -> None:
    today = now().astimezone(ZoneInfo(seeded.house.time_zone)).date()
    monday = today - timedelta(days=today.weekday())
    _hours(seeded, today)
    _blocks(seeded, monday)
    rows = [row for days in range(14) for row in _day(seeded, monday + timedelta(days=days), days)]
    # The slots that are there already were placed first, and stay.
    db.session.execute(insert_new(Slot).on_conflict_do_nothing(), rows)
    plan = {
        "staff": [str(seeded.staff[0])], "weekdays": ["0", "1", "2", "3", "4"], "starts": "09:00", "ends": "12:00",
        "minutes": 30, "gap": 0, "weeks": 2,
    }  # fmt: skip
    db.session.execute(insert(SlotPattern).values(id=new_id(), org_id=seeded.org_id, name="Mornings", plan=plan))


def _hours(seeded: Seeded, today: date) -> None:
    weekly = [
        {
            "id": new_id(),
            "org_id": seeded.org_id,
            "weekday": day,
            "opens": OPENS,
            "closes": LATE if day == 3 else CLOSES,
        }
        for day in range(5)
    ]
    db.session.execute(insert(OpeningHours), weekly)
    holiday = {"id": new_id(), "org_id": seeded.org_id, "on_date": date(today.year, 12, 25), "note": "Christmas Day"}
    db.session.execute(insert(HourException), [holiday])


def _blocks(seeded: Seeded, monday: date) -> None:
    lunches = [_block(seeded, monday + timedelta(days=day), LUNCH, None, "Lunch", weekly=True) for day in range(5)]
    meeting = _block(seeded, monday + timedelta(days=1), (time(16), CLOSES), seeded.staff[-1], "Team meeting")
    db.session.execute(insert(BlockedTime), [*lunches, meeting])


def _block(
    seeded: Seeded, on: date, span: tuple[time, time], staff: Any, note: str, *, weekly: bool = False
) -> dict[str, Any]:
    return {
        "id": new_id(), "org_id": seeded.org_id, "staff_member_id": staff, "starts_on": on, "starts": span[0],
        "ends_on": on, "ends": span[1], "is_weekly": weekly, "note": note,
    }  # fmt: skip


def _day(seeded: Seeded, on: date, number: int) -> list[dict[str, Any]]:
    """A working day's bookings: fewer the further ahead, none twice."""
    if on.weekday() > 4:
        return []
    return [
        _booking(seeded, on, person, place)
        for person in range(len(seeded.staff))
        for place in range(len(STARTS))
        if (place * 3 + person * 5 + number * 7) % 10 < 6 - number // 4
    ]


def _booking(seeded: Seeded, on: date, person: int, place: int) -> dict[str, Any]:
    starts_at = datetime.combine(on, STARTS[place], tzinfo=ZoneInfo(seeded.house.time_zone))
    ends_at = starts_at + timedelta(minutes=MINUTES[place])
    return {
        "id": new_id(), "org_id": seeded.org_id, "staff_member_id": seeded.staff[person], "starts_at": starts_at,
        "service_id": seeded.services[(person + place) % len(seeded.services)], "ends_at": ends_at,
        "public_token": topic_token(), "status": "completed" if ends_at <= now() else "booked", "round": 0,
        "booked_name": CLIENTS[(person * 5 + place * 3 + on.day) % len(CLIENTS)],
        "booked_at": min(now(), starts_at) - timedelta(days=3),
    }  # fmt: skip
