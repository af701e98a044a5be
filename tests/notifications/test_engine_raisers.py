"""What the slots and the platform raise: to whom, once, and leading to the record."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from nexapp.operations.notices import tell_admins
from nexapp.slots import notices
from nexapp.spine import faults
from nexapp.spine.tenancy import SYSTEM, Actor, Role

from .engine_world import Sql, Team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]
OWNER, MANAGER, STAFF, OTHER_STAFF = range(4)


@dataclass
class Facts:
    client: str = "Anna Able"
    staff: str = "Sam"
    starts_at: datetime = datetime(2099, 1, 5, 15, tzinfo=UTC)
    time_zone: str = "UTC"


@dataclass
class Booking:
    id: UUID
    org_id: UUID


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    found = make_team(owner_sql, kind="business", tier="free", people=4)
    owner_sql("UPDATE memberships SET role = 'manager' WHERE user_id = %s", found.people[MANAGER])
    return found


@pytest.fixture
def booking(team: Team) -> Booking:
    """A booked time of the staff member."""
    staff, slot = uuid4(), uuid4()
    team.sql(
        "INSERT INTO staff_members (id, org_id, user_id, display_name) VALUES (%s, %s, %s, 'Sam')",
        staff, team.org_id, team.people[STAFF],
    )  # fmt: skip
    team.sql(
        "INSERT INTO slots (id, org_id, staff_member_id, starts_at, ends_at, status, round, public_token)"
        " VALUES (%s, %s, %s, '2099-01-05 15:00Z', '2099-01-05 15:30Z', 'open', 1, 'token')",
        slot, team.org_id, staff,
    )  # fmt: skip
    return Booking(slot, team.org_id)


def told(team: Team) -> list[int]:
    rows = team.sql("SELECT DISTINCT user_id FROM notifications WHERE folded_into IS NULL")
    return sorted(team.people.index(row[0]) for row in rows)


@pytest.mark.parametrize(
    ("kind", "title", "priority"),
    [
        ("booked", "📅 Anna Able booked Mon 5 Jan 3 PM", "normal"),
        ("pending", "⏳ Anna Able waits for your answer", "high"),
        ("moved", "🔁 Anna Able moved to Mon 5 Jan 3 PM", "normal"),
        ("cancelled", "✖️ Anna Able cancelled Mon 5 Jan 3 PM", "normal"),
    ],
)
def test_managers_hear_of_every_booking_and_staff_of_their_own(
    team: Team, booking: Booking, acting: Acting, kind: str, title: str, priority: str
) -> None:
    with acting(Actor(Role.LINK, team.org_id)):
        notices.tell_booking(booking, kind, Facts())
    assert told(team) == [OWNER, MANAGER, STAFF]
    rows = team.items(columns="title, priority, action_url, subject_kind, subject_id")
    assert rows[0][0].split()[:3] == title.split()[:3]
    assert rows[0][1:] == (priority, f"/slots/{booking.id}", "slot", booking.id)


def test_who_did_it_is_not_told(team: Team, booking: Booking, acting: Acting) -> None:
    with acting(Actor(Role.MANAGER, team.org_id, team.people[MANAGER])):
        notices.tell_booking(booking, "cancelled", Facts())
    assert told(team) == [OWNER, STAFF]


def test_only_what_waits_for_an_answer_goes_by_e_mail(team: Team, booking: Booking, acting: Acting) -> None:
    with acting(Actor(Role.LINK, team.org_id)):
        notices.tell_booking(booking, "booked", Facts())
        notices.tell_booking(booking, "pending", Facts())
    assert team.messages() == [("email", "⏳ Anna Able waits for your answer")]


def test_a_text_that_waits_is_told_once_and_folds_by_person(team: Team, acting: Acting) -> None:
    anna, ben = (make_consumer(team, name) for name in ("Anna", "Ben"))
    for consumer, body in ((anna, "Hello?"), (anna, "Are you there?"), (ben, "Hi")):
        write(team, consumer, body)
    for _ in range(2):
        with acting(SYSTEM):
            notices.tell_of_waiting()
    assert told(team) == [OWNER, MANAGER]
    shown = team.sql(
        "SELECT title, parts FROM notifications WHERE user_id = %s AND folded_into IS NULL ORDER BY title",
        team.people[OWNER],
    )
    assert shown == [("💬 Anna wrote 2 times", 2), ("💬 Ben wrote", 1)]
    urls = team.sql("SELECT DISTINCT action_url FROM notifications WHERE action_url IS NOT NULL")
    assert {row[0] for row in urls} == {f"/inbox/{anna}", f"/inbox/{ben}"}


def test_a_text_that_was_read_is_not_told(team: Team, acting: Acting) -> None:
    write(team, make_consumer(team, "Anna"), "Hello?")
    team.sql("UPDATE inbound_messages SET needs_review = false")
    with acting(SYSTEM):
        notices.tell_of_waiting()
    assert told(team) == []


def make_consumer(team: Team, name: str) -> UUID:
    consumer = uuid4()
    team.sql(
        "INSERT INTO consumers (id, phone, time_zone, region) VALUES (%s, %s, '', 'US-NY')",
        consumer, f"+1212{consumer.int % 10**7:07}",
    )  # fmt: skip
    team.sql(
        "INSERT INTO consumer_profiles (org_id, consumer_id, name) VALUES (%s, %s, %s)", team.org_id, consumer, name
    )
    return consumer


def write(team: Team, consumer: UUID, body: str) -> None:
    team.sql(
        "INSERT INTO inbound_messages (id, org_id, consumer_id, provider_sid, from_phone, to_phone, body, handled_as,"
        " needs_review, created_at) SELECT %s, %s, id, %s, phone, '', %s, 'other', true, now() - interval '1 minute'"
        " FROM consumers WHERE id = %s",
        uuid4(), team.org_id, str(uuid4()), body, consumer,
    )  # fmt: skip


def test_a_calendar_that_fails_and_a_change_that_waits(team: Team, acting: Acting) -> None:
    system = uuid4()
    team.sql(
        "INSERT INTO booking_systems (id, org_id, kind, name, url, failures, failure) VALUES"
        " (%s, %s, 'feed', 'Front desk', 'https://example.com/a.ics', 12, 'slow')", system, team.org_id,
    )  # fmt: skip
    team.sql(
        "INSERT INTO booking_deliveries (id, org_id, booking_system_id, action, signed, payload, outcome, received_at)"
        " VALUES (%s, %s, %s, 'cancelled', true, '{}', 'waiting_approval', now())", uuid4(), team.org_id, system,
    )  # fmt: skip
    for _ in range(2):
        with acting(SYSTEM):
            notices.tell_of_waiting()
    assert sorted(team.titles()) == ["🔌 Front desk can't be read", "🗓️ A change in Front desk waits for you"]
    assert team.titles(team.people[STAFF]) == []
    urls = team.sql("SELECT DISTINCT action_url FROM notifications")
    assert urls == [(f"/settings/booking-systems/{system}",)]


def test_a_list_that_is_in_tells_who_brought_it(team: Team, acting: Acting) -> None:
    @dataclass
    class Batch:
        id: UUID
        created_by: UUID
        filename: str = "people.csv"
        row_count: int = 500
        run: int = 1

    batch = Batch(uuid4(), team.people[MANAGER])
    for _ in range(2):
        with acting(Actor(Role.SYSTEM, team.org_id)):
            notices.tell_import_done(batch)
    assert told(team) == [MANAGER]
    assert team.items(team.people[MANAGER], "message") == [("people.csv: all 500 rows are done.",)]


@pytest.fixture
def admin(owner_sql: Sql) -> Team:
    found = make_team(owner_sql)
    owner_sql("UPDATE users SET is_platform_admin = true")
    owner_sql("DELETE FROM memberships")
    return found


def test_admins_hear_of_errors_that_matter_once_a_day(admin: Team, acting: Acting) -> None:
    with acting(SYSTEM):
        faults.capture("request_error", "Page broke", severity="high")
        faults.capture("job_error", "Job broke", severity="critical")
        faults.capture("request_error", "A trifle", severity="medium")
    for _ in range(2):
        with acting(SYSTEM):
            tell_admins()
    assert admin.items(columns="title, message, org_id") == [
        ("🐞 Something failed", "Page broke", None), ("⚙️ A job failed", "Job broke", None),
    ]  # fmt: skip
    admin.sql("UPDATE notifications SET dedupe_key = dedupe_key || ' of yesterday'")
    admin.sql("UPDATE system_errors SET last_seen_at = now() - interval '1 hour' WHERE message = 'Page broke'")
    with acting(SYSTEM):
        tell_admins()
    assert len(admin.sql("SELECT id FROM notifications WHERE type = 'job_failed' AND parts = 1")) == 2
    assert len(admin.sql("SELECT id FROM notifications WHERE type = 'system_error'")) == 1


def test_admins_hear_that_deliveries_fail(admin: Team, acting: Acting) -> None:
    for status, count in (("sent", 4), ("undelivered", 4)):
        deliver(admin, status, count)
    with acting(SYSTEM):
        tell_admins()
    assert admin.titles() == [], "a few are no sign"
    deliver(admin, "failed", 2)
    for _ in range(2):
        with acting(SYSTEM):
            tell_admins()
    assert admin.items(columns="title, message") == [
        ("📮 Deliveries are failing", "6 of the last 10 by sms did not arrive.")
    ]


def deliver(admin: Team, status: str, count: int) -> None:
    admin.sql(
        "INSERT INTO messages (id, lane, purpose, to_phone, body, segments, status, attempts)"
        " SELECT nexapp_uuid7(now()), 3, 'x', '+12125550100', 'x', 1, %s, 1 FROM generate_series(1, %s)", status, count,
    )  # fmt: skip
