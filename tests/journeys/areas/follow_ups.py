"""A sales team's agenda, a follow-up in each form, and sequences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.blackbox import Merchant, sql

NAMES = [
    "agenda", "agenda_empty", "agenda_done", "follow_up", "follow_up_new", "follow_up_edit", "follow_up_snooze",
    "follow_up_quick", "sequences", "sequence", "sequence_new", "sequence_edit", "sequence_enrol", "sequence_step",
]  # fmt: skip
STEP = {"steps-0-wait_days": "0", "steps-0-at_time": "09:00", "steps-0-channel": "text"}


def arrange(places: Any, _merchant: Any) -> None:
    team = Merchant(places.stack).sign_up("Agenda Sales", kind="sales")
    team.change_business(tier="elite")
    people = [add_prospect(team, name) for name in ("Ana Ruiz", "Ben Okafor", "Cleo Marsh")]
    planned = plan(team, people[0])
    ticked = plan(team, people[1])
    team.submit(team.get(f"/follow-ups/{ticked}"), f"/follow-ups/{ticked}/completion").expect(200)
    sequence = write_sequence(team)
    team.submit(team.get(people[2]), f"{people[2]}/enrolments").expect(200)
    (step,) = sql(places.stack, "SELECT id FROM follow_ups WHERE org_id = %s AND step = 1", team.org_id)
    here = f"/follow-ups/{planned}"
    places.add(
        team, agenda="/follow-ups", agenda_empty="/follow-ups?of=00000000-0000-7000-8000-000000000001",
        agenda_done="/follow-ups?view=done", follow_up=here, follow_up_new="/follow-ups/new",
        follow_up_edit=f"{here}/edit", follow_up_snooze=f"{here}/snoozes/new",
        follow_up_quick=f"{people[0]}/follow-ups", sequences="/sequences", sequence=sequence,
        sequence_new="/sequences/new", sequence_edit=f"{sequence}/edit", sequence_enrol=f"{sequence}/enrolments/new",
        sequence_step=f"/follow-ups/{step[0]}",
    )  # fmt: skip


def add_prospect(team: Any, name: str) -> str:
    form = team.get("/prospects/new")
    return str(team.submit(form, "/prospects", name=name, phone="(312) 555-0142").expect(200).path)


def plan(team: Any, prospect: str) -> Any:
    tomorrow = datetime.now(ZoneInfo(team.zone)).date() + timedelta(days=1)
    new = team.get(f"/follow-ups/new?prospect={prospect.rsplit('/', 1)[-1]}")
    shown = team.submit(new, "/follow-ups", on=tomorrow.isoformat(), at="10:00", message="Ask about the offer")
    return shown.expect(200).path.rsplit("/", 1)[-1]


def write_sequence(team: Any) -> str:
    given = {**STEP, "name": "Welcome", "steps-0-body": "Hi {{first_name}}"}
    return str(team.submit(team.get("/sequences/new"), "/sequences", **given).expect(200).path)
