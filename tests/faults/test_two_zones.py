"""Two businesses in two zones, an owner and a staff member each, over the days when their clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, Phone, eventually, fresh_phone, sql
from tests.pages import Page

pytestmark = pytest.mark.slow

ZONES = ("America/New_York", "America/Los_Angeles")


def changes(zone: str) -> Iterator[tuple[date, timedelta]]:
    """The days of the coming year on which the clocks change, and by how much."""
    tz, today = ZoneInfo(zone), datetime.now(ZoneInfo(zone)).date()
    for day in (today + timedelta(days=n) for n in range(2, 360)):
        before, after = (datetime(d.year, d.month, d.day, 12, tzinfo=tz) for d in (day - timedelta(days=1), day))
        moved = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        if moved:
            yield day, moved


class Team:
    """A business with an owner and somebody of the role `staff`, each with a time of their own."""

    def __init__(self, stack: Stack, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.owner = Merchant(stack).sign_up(f"Two Zones {zone.rpartition('/')[2]}", zone)
        self.own = self.owner.staff()[0]
        self.staff_phone, self.staff_member = fresh_phone(), self.owner.add_staff("Sam Staff")
        user = uuid4()
        sql(stack, "INSERT INTO users (id, phone, name) VALUES (%s, %s, 'Sam Staff')", user, self.staff_phone)
        sql(
            stack, "INSERT INTO memberships (id, org_id, user_id, role) VALUES (%s, %s, %s, 'staff')",
            uuid4(), self.owner.org_id, user,
        )  # fmt: skip
        sql(stack, "UPDATE staff_members SET user_id = %s WHERE id = %s", user, self.staff_member)
        self.staff = Merchant(stack, self.staff_phone)
        self.staff.sign_in()
        self.staff.org_id, self.staff.zone = self.owner.org_id, zone

    def try_slot(self, on: date, at: str, **typed: str) -> Page:
        chosen = {"on": on.isoformat(), "at": at, "minutes": "30", "staff_member_id": str(self.own), "then": "save"}
        return self.owner.submit(self.owner.get("/slots/new"), "/slots", **{**chosen, **typed})

    def wall(self, slot_id: object) -> datetime:
        starts_at: datetime = self.owner.slot(slot_id).starts_at  # type: ignore[arg-type]
        return starts_at.astimezone(self.zone)


@pytest.fixture(scope="module")
def teams(stack: Stack) -> list[Team]:
    return [Team(stack, zone) for zone in ZONES]


@pytest.mark.parametrize("place", range(len(ZONES)), ids=ZONES)
def test_slots_over_the_days_when_clocks_change(teams: list[Team], place: int) -> None:
    team = teams[place]
    found = dict(changes(ZONES[place]))
    spring = next(day for day, moved in found.items() if moved > timedelta())
    autumn = next(day for day, moved in found.items() if moved < timedelta())

    refused = team.try_slot(spring, "02:30").expect(422)
    assert "2:30 AM doesn't exist" in refused.words
    assert "3:00 AM" in refused.words
    for which, utc_hour in (("first", 5), ("second", 6)):
        asked = team.try_slot(autumn, "01:30").expect(422)
        assert "1:30 AM happens twice" in asked.words
        made = team.owner.submit(asked, "/slots", which=which, then="save").expect(200)
        starts_at = team.owner.slot(made.path.rpartition("/")[2]).starts_at.astimezone(UTC)  # type: ignore[arg-type]
        assert starts_at.hour == utc_hour + (0 if place == 0 else 3)

    for day in (spring, autumn):
        before, after = (team.wall(team.owner.add_slot(on=d.isoformat(), at="09:00", staff=team.staff_member))
                         for d in (day - timedelta(days=1), day))  # fmt: skip
        assert (before.hour, after.hour) == (9, 9)
        assert (after.astimezone(UTC) - before.astimezone(UTC)) == timedelta(days=1) - found[day]


def test_staff_see_all_and_change_their_own_and_owners_change_all(teams: list[Team], phone: Phone) -> None:
    here, there = teams
    owners, own = here.owner.add_slot(staff=here.own), here.owner.add_slot(staff=here.staff_member)

    for slot_id in (owners, own):
        here.staff.get(f"/slots/{slot_id}").expect(200)
    page = here.staff.get(f"/slots/{own}")
    here.staff.submit(page, f"/slots/{own}/cancellation").expect(200)
    token = page.form(f"/slots/{own}/cancellation").fields["csrf_token"]
    here.staff.post(f"/slots/{owners}/cancellation", {"csrf_token": token}).expect(403)
    here.owner.submit(here.owner.get(f"/slots/{owners}"), f"/slots/{owners}/cancellation").expect(200)
    assert [here.owner.slot(slot_id).status for slot_id in (owners, own)] == ["cancelled", "cancelled"]
    there.owner.get(f"/slots/{own}").expect(404)


def test_each_business_texts_in_its_own_time(teams: list[Team], phone: Phone) -> None:
    person = fresh_phone()
    for team in teams:
        Consumer(team.owner.stack, person, "Anna Able").join(team.owner.slug)
    on = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    for team in teams:
        team.owner.open_slot(on=on, at="14:30")

    def offers() -> list[str]:
        return [body for body in phone.bodies(person) if "/c/" in body and "2:30" in body]

    eventually(lambda: len(offers()) == len(teams), 15, "both offers came")
    assert sorted(("ET" in body, "PT" in body) for body in offers()) == [(False, True), (True, False)]
    starts = [sql(t.owner.stack, "SELECT max(starts_at) AS at FROM slots WHERE org_id = %s AND round = 1",
                  t.owner.org_id)[0].at for t in teams]  # fmt: skip
    assert starts[1] - starts[0] == timedelta(hours=3)
