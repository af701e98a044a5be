"""Sequences: written, begun, gone through step by step, sent, stopped, paused, taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nexapp.sales import follow_ups, sequence_enrolling, sequence_sending, sequence_stopping, sequences
from nexapp.sales import prospects as prospect_cases
from nexapp.sales.activities import record_activity
from nexapp.sales.events import ProspectReplied
from nexapp.sales.follow_ups import FollowUpChanged, NotYourFollowUp
from nexapp.sales.follow_ups_undoing import undo_change
from nexapp.sales.sequences import SequenceDraft, StepDraft
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput, Conflict, Forbidden, NotFound
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.blackbox import eventually
from tests.sales.follow_ups_world import SalesTeam, check_follow_ups

Acting = Callable[[Actor], AbstractContextManager[None]]
NINE = time(9)
STEPS = (
    StepDraft(0, NINE, "text", "Hi {{first_name}}, {{my_name}} of {{team}} here."),
    StepDraft(2, time(14, 30), "email", "Still interested, {{ first_name }}?", "A question"),
    StepDraft(5, NINE, "call", "Call {{name}} at {{company}}."),
)


@pytest.fixture
def team(app: Flask, owner_sql: Callable[..., list[Any]]) -> SalesTeam:
    return SalesTeam(app, owner_sql)


def write(acting: Acting, actor: Actor, name: str = "Welcome", **given: Any) -> UUID:
    with acting(actor):
        return sequences.add_sequence(SequenceDraft(name, **{"steps": STEPS, **given}))


def begin(acting: Acting, actor: Actor, sequence_id: UUID, *prospect_ids: UUID) -> sequence_enrolling.Enrolled:
    with acting(actor):
        return sequence_enrolling.enrol(sequence_id, list(prospect_ids))


def open_step(team: SalesTeam, prospect_id: UUID) -> Any:
    [row] = [
        row for row in team.rows("follow_ups", prospect_id=prospect_id) if row["status"] in ("pending", "sent")
    ]  # fmt: skip
    return row


def finish(acting: Acting, actor: Actor, row: Any) -> UUID:
    with acting(actor):
        change = follow_ups.complete_follow_up(UUID(row["id"]))
    assert change
    return change


@pytest.fixture
def rep(team: SalesTeam) -> Actor:
    return team.member()


@pytest.fixture
def ana(team: SalesTeam, rep: Actor) -> UUID:
    return team.prospect("Ana Ruiz", company="Harbor Foods", phone="+13125550142", email="ana@example.com",
                         owner_id=rep.user_id)  # fmt: skip


def test_step_by_step_to_the_end(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    welcome = write(acting, rep)
    assert begin(acting, rep, welcome, ana).begun == 1
    first = open_step(team, ana)
    assert (first["kind"], first["step"]) == ("sequence_step", 1)
    assert first["message"] == "Hi Ana, The staff of Summit Sales here."
    finish(acting, rep, first)
    second = open_step(team, ana)
    assert (second["step"], second["message"]) == (2, "Still interested, Ana?")
    local = datetime.fromisoformat(second["due_at"]).astimezone(ZoneInfo(team.zone))
    assert (local.time(), local.date()) == (time(14, 30), now().astimezone(ZoneInfo(team.zone)).date() + timedelta(2))
    finish(acting, rep, second)
    third = open_step(team, ana)
    assert third["message"] == "Call Ana Ruiz at Harbor Foods."
    finish(acting, rep, third)
    enrolment = team.row("sequence_enrolments")
    assert (enrolment["status"], enrolment["ended_by"], enrolment["step"]) == ("finished", "steps", 3)
    assert team.value("SELECT next_follow_up_at FROM prospects WHERE id = %s", ana) is None


def test_a_due_step_is_told_with_its_place_in_the_sequence(
    app: Flask, team: SalesTeam, acting: Acting, rep: Actor, ana: UUID
) -> None:
    begin(acting, rep, write(acting, rep), ana)
    finish(acting, rep, open_step(team, ana))
    team.sql("UPDATE follow_ups SET due_at = now() WHERE status = 'pending'")
    check_follow_ups(app)
    check_follow_ups(app)
    [notice] = team.notices(rep)
    step = open_step(team, ana)
    assert (notice["type"], notice["title"]) == ("sequence_action", "📨 Sequence Step 2/3")
    assert notice["message"] == "Ana Ruiz: Still interested, Ana?"
    assert notice["action_url"] == f"/follow-ups/{step['id']}"
    assert (step["status"], step["notification_id"]) == ("sent", notice["id"])


@pytest.mark.parametrize("tier", ["free", "pro"])
def test_below_elite_a_step_waits_in_the_agenda(
    app: Flask, owner_sql: Callable[..., list[Any]], acting: Acting, tier: str
) -> None:
    team = SalesTeam(app, owner_sql, tier=tier)
    rep, ana = team.member(), team.prospect()
    begin(acting, rep, write(acting, rep), ana)
    team.sql("UPDATE follow_ups SET due_at = now()")
    check_follow_ups(app)
    assert team.notices(rep) == []
    assert [row["reason"] for row in team.rows("notification_skips")] == ["tier"]
    assert "Ana Ruiz" in team.browser(actor=rep).get("/follow-ups").get_data(as_text=True)


@pytest.mark.parametrize("number", [0, 1])
def test_a_step_without_text_is_refused_at_its_field(acting: Acting, team: SalesTeam, rep: Actor, number: int) -> None:
    steps = list(STEPS)
    for empty in ("", "  \n "):
        steps[number] = StepDraft(1, NINE, "text", empty)
        with pytest.raises(BadInput) as refused:
            write(acting, rep, steps=tuple(steps))
        assert refused.value.fields == {f"steps-{number}-body": "Write what this step says."}
    steps[number] = StepDraft(1, NINE, "text", "Hi {{nickname}}")
    with pytest.raises(BadInput) as refused:
        write(acting, rep, steps=tuple(steps))
    assert "{{nickname}}" in refused.value.fields[f"steps-{number}-body"]
    assert team.rows("sequences") == []


def test_the_database_keeps_no_step_without_text(team: SalesTeam, acting: Acting, rep: Actor) -> None:
    welcome = write(acting, rep)
    with pytest.raises(Exception, match="body_check"):
        team.insert(
            "sequence_steps", id=new_id(), org_id=team.org_id, sequence_id=welcome, position=9, wait_days=0, body=" \n"
        )


def test_names_are_taken_once(acting: Acting, team: SalesTeam, rep: Actor) -> None:
    welcome = write(acting, rep)
    with pytest.raises(BadInput):
        write(acting, rep, name="WELCOME")
    with acting(rep):
        sequences.archive_sequence(welcome)
    write(acting, rep, name="welcome")
    with acting(rep), pytest.raises(BadInput):
        sequences.restore_sequence(welcome)


def test_many_begin_at_once(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID, statements: list[str]) -> None:
    """Those in a sequence already, somebody else's and strangers are left out and counted."""
    colleague, welcome = team.member(), write(acting, rep)
    mine = [team.prospect(f"Person {number}", owner_id=rep.user_id) for number in range(10)]
    theirs, nobodys = team.prospect(owner_id=colleague.user_id), team.prospect()
    begin(acting, rep, welcome, ana)
    asked = len(statements)
    done = begin(acting, rep, welcome, *mine, nobodys, ana, theirs, new_id())
    assert (done.begun, done.known, done.refused) == (11, 1, 2)
    assert len(statements) - asked < 30, "as many statements for ten as for a hundred"
    assert len(team.rows("follow_ups", step=1)) == 12
    assert {row["owner_id"] for row in team.rows("sequence_enrolments")} == {str(rep.user_id)}
    with pytest.raises(BadInput):
        begin(acting, rep, welcome)
    with acting(rep):
        sequences.archive_sequence(welcome)
    with pytest.raises(Conflict):
        begin(acting, rep, welcome, theirs)


def test_foreign_sequences_and_prospects(
    app: Flask, owner_sql: Any, team: SalesTeam, acting: Acting, rep: Actor
) -> None:
    other = SalesTeam(app, owner_sql)
    theirs, welcome = write(acting, other.member()), write(acting, rep)
    with pytest.raises(NotFound):
        begin(acting, rep, theirs, team.prospect())
    assert begin(acting, rep, welcome, other.prospect()).refused == 1
    with acting(team.member(Role.OWNER)), pytest.raises(NotFound):
        sequences.archive_sequence(theirs)


def test_who_may_change_a_sequence(team: SalesTeam, acting: Acting, rep: Actor) -> None:
    welcome, draft = write(acting, rep), SequenceDraft("Hello", STEPS[:1])
    with acting(team.member()), pytest.raises(Forbidden):
        sequences.change_sequence(welcome, draft)
    with acting(team.member(Role.MANAGER)):
        sequences.change_sequence(welcome, draft)
    assert len(team.rows("sequence_steps")) == 1


def test_a_shortened_sequence_ends_sooner(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    welcome = write(acting, rep)
    begin(acting, rep, welcome, ana)
    with acting(rep):
        sequences.change_sequence(welcome, SequenceDraft("Welcome", STEPS[:1]))
    finish(acting, rep, open_step(team, ana))
    assert team.row("sequence_enrolments")["status"] == "finished"


def test_skipping_goes_on_and_an_undo_comes_back(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    begin(acting, rep, write(acting, rep), ana)
    first = open_step(team, ana)
    with acting(rep):
        change = follow_ups.cancel_follow_up(UUID(first["id"]))
        assert change
    assert open_step(team, ana)["step"] == 2
    with acting(rep):
        undo_change(change)
    assert open_step(team, ana)["id"] == first["id"]
    assert team.row("sequence_enrolments")["step"] == 1
    for number in (1, 2, 3):
        row = open_step(team, ana)
        assert row["step"] == number
        change = finish(acting, rep, row)
    with acting(rep):
        undo_change(change)
    assert (team.row("sequence_enrolments")["status"], open_step(team, ana)["step"]) == ("active", 3)


def test_an_undo_does_not_bring_a_stopped_one_back(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    begin(acting, rep, write(acting, rep), ana)
    change = finish(acting, rep, open_step(team, ana))
    with acting(rep):
        sequence_stopping.stop_enrolment(UUID(team.row("sequence_enrolments")["id"]))
    with acting(rep), pytest.raises(FollowUpChanged):
        undo_change(change)


@pytest.mark.parametrize("stops", [True, False])
def test_a_reply_stops_it(team: SalesTeam, acting: Acting, run_jobs: Any, rep: Actor, ana: UUID, stops: bool) -> None:
    begin(acting, rep, write(acting, rep, stops_on_reply=stops), ana)
    with acting(rep):
        emit(ProspectReplied(team.org_id, ana, "text"))
    run_jobs()
    enrolment, [step] = team.row("sequence_enrolments"), team.rows("follow_ups")
    if stops:
        assert (enrolment["status"], enrolment["ended_by"], step["status"]) == ("stopped", "reply", "cancelled")
    else:
        assert (enrolment["status"], step["status"]) == ("active", "pending")


def test_a_reply_that_is_recorded_stops_it(
    team: SalesTeam, acting: Acting, run_jobs: Any, rep: Actor, ana: UUID
) -> None:
    """However it is recorded: on the prospect's page, through the API."""
    begin(acting, rep, write(acting, rep), ana)
    with acting(rep):
        record_activity(rep.user_id, "call", ana)
    run_jobs()
    assert team.row("sequence_enrolments")["status"] == "active"
    with acting(rep):
        record_activity(rep.user_id, "reply", ana)
    run_jobs()
    assert team.row("sequence_enrolments")["ended_by"] == "reply"
    assert {row["status"] for row in team.rows("follow_ups")} == {"cancelled"}


def test_a_reply_while_a_step_is_ticked_off_leaves_no_step(
    app: Flask, team: SalesTeam, acting: Acting, rep: Actor, ana: UUID
) -> None:
    """On two connections: the step that comes next is planned while the reply's job waits for the one before it."""
    begin(acting, rep, write(acting, rep), ana)
    step, failed = UUID(open_step(team, ana)["id"]), []

    def reply() -> None:
        try:
            with app.app_context(), unit_of_work(Actor(Role.SYSTEM)):
                sequence_stopping.stop_by_reply(ProspectReplied(team.org_id, ana, "text"))
        except Exception as error:
            failed.append(error)

    other = threading.Thread(target=reply)
    with acting(rep):
        assert follow_ups.complete_follow_up(step)
        other.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        eventually(lambda: team.value(waiting) or not other.is_alive(), 60, "the reply's job to wait")
    other.join(60)
    assert failed == []
    assert team.row("sequence_enrolments")["ended_by"] == "reply"
    assert sorted(row["status"] for row in team.rows("follow_ups")) == ["cancelled", "done"]


def test_a_sequence_written_twice_at_once_is_one(app: Flask, team: SalesTeam, acting: Acting, rep: Actor) -> None:
    """On two connections, neither of which sees the other's name: the later form is told beside its field."""
    refused: list[Exception] = []

    def write_again() -> None:
        try:
            with app.app_context(), unit_of_work(rep):
                sequences.add_sequence(SequenceDraft("Welcome", steps=STEPS))
        except Exception as error:
            refused.append(error)

    other = threading.Thread(target=write_again)
    with acting(rep):
        sequences.add_sequence(SequenceDraft("Welcome", steps=STEPS))
        other.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        eventually(lambda: team.value(waiting) or not other.is_alive(), 60, "the other form to wait")
    other.join(60)
    [error] = refused
    assert isinstance(error, BadInput)
    assert list(error.fields) == ["name"]
    assert [row["name"] for row in team.rows("sequences")] == ["Welcome"]


def test_a_step_of_a_sequence_that_stopped_is_not_told(
    app: Flask, team: SalesTeam, acting: Acting, rep: Actor, ana: UUID
) -> None:
    begin(acting, rep, write(acting, rep), ana)
    team.sql("UPDATE sequence_enrolments SET status = 'stopped', ended_by = 'reply', ended_at = now()")
    team.sql("UPDATE follow_ups SET due_at = now()")
    check_follow_ups(app)
    assert team.notices(rep) == []


@pytest.mark.parametrize("stops", [True, False])
def test_another_stage_stops_it(
    team: SalesTeam, acting: Acting, run_jobs: Any, rep: Actor, ana: UUID, stops: bool
) -> None:
    begin(acting, rep, write(acting, rep, stops_on_stage=stops), ana)
    with acting(rep):
        prospect_cases.move_prospect(ana, team.stage("Won"))
    run_jobs()
    assert team.row("sequence_enrolments")["ended_by"] == ("stage" if stops else None)


def test_a_text_from_their_number_stops_it(
    team: SalesTeam, acting: Acting, run_jobs: Any, rep: Actor, ana: UUID
) -> None:
    """What the provider brings: only that team's sequence, and the reply counts for the prospect's score."""
    from nexapp.messaging.consumers import ensure_consumer
    from nexapp.messaging.events import InboundTextReceived

    begin(acting, rep, write(acting, rep), ana)
    inbound = new_id()
    with acting(rep):
        consumer = ensure_consumer("+13125550142")
    team.insert(
        "inbound_messages", id=inbound, org_id=team.org_id, consumer_id=consumer, provider_sid=inbound.hex,
        from_phone="+13125550142", to_phone="+15550000000", body="Call me", handled_as="other",
    )  # fmt: skip
    with acting(Actor(Role.SYSTEM)):
        emit(InboundTextReceived(inbound, consumer, team.org_id, "CALL ME"))
    run_jobs()
    run_jobs()
    assert team.row("sequence_enrolments")["ended_by"] == "reply"
    assert [row["user_id"] for row in team.rows("activities", kind="reply")] == [str(rep.user_id)]


def test_paused_and_gone_on_with(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    begin(acting, rep, write(acting, rep), ana)
    finish(acting, rep, open_step(team, ana))
    enrolment = UUID(team.row("sequence_enrolments")["id"])
    with acting(rep):
        sequence_stopping.pause_enrolment(enrolment)
    assert {row["status"] for row in team.rows("follow_ups")} == {"done", "cancelled"}
    with acting(rep):
        sequence_stopping.resume_enrolment(enrolment)
    assert open_step(team, ana)["step"] == 2
    for _twice in range(2):
        with acting(rep):
            sequence_stopping.stop_enrolment(enrolment)
    assert team.row("sequence_enrolments")["ended_by"] == "person"
    with acting(rep), pytest.raises(Conflict):
        sequence_stopping.resume_enrolment(enrolment)
    begin(acting, rep, write(acting, rep, name="Again"), ana)
    with acting(team.member()), pytest.raises(NotYourFollowUp):
        sequence_stopping.pause_enrolment(UUID(team.rows("sequence_enrolments", status="active")[0]["id"]))


def send(acting: Acting, actor: Actor, row: Any, how: str, body: str, subject: str = "") -> datetime | None:
    with acting(actor):
        return sequence_sending.send_step(UUID(row["id"]), how, body, subject)


def test_sent_as_a_text_once(
    team: SalesTeam, acting: Acting, rep: Actor, ana: UUID, send_texts: Callable[[], None], phone: Any
) -> None:
    begin(acting, rep, write(acting, rep), ana)
    step = open_step(team, ana)
    assert send(acting, rep, step, "text", "Hi Ana, got a minute?") is None
    with pytest.raises(FollowUpChanged):
        send(acting, rep, step, "text", "Hi Ana, got a minute?")
    send_texts()
    [text] = phone.get("/dev/phone/messages.json", params={"to": "+13125550142"}).json()
    assert text["body"] == "Summit Sales: Hi Ana, got a minute? Reply STOP to opt out."
    [message] = team.rows("messages")
    assert (message["subject_kind"], message["subject_id"]) == ("prospect", str(ana))
    assert open_step(team, ana)["step"] == 2
    change = team.value("SELECT id FROM follow_up_changes WHERE follow_up_id = %s", step["id"])
    with acting(rep), pytest.raises(FollowUpChanged):
        undo_change(change)


def test_sent_as_an_email(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    begin(acting, rep, write(acting, rep), ana)
    step = open_step(team, ana)
    with pytest.raises(BadInput) as refused:
        send(acting, rep, step, "email", "Hello")
    assert "subject" in refused.value.fields
    send(acting, rep, step, "email", "Hello", "About your offer")
    [message] = team.rows("messages")
    assert (message["channel"], message["to_email"], message["subject"], message["body"]) == (
        "email", "ana@example.com", "About your offer", "Hello",
    )  # fmt: skip


def test_nobody_who_opted_out_is_texted(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    team.insert(
        "consumers", id=new_id(), phone="+13125550142", time_zone="America/Chicago", region="US-IL", opted_out_at=now()
    )
    begin(acting, rep, write(acting, rep), ana)
    step = open_step(team, ana)
    with pytest.raises(Conflict, match="opted out"):
        send(acting, rep, step, "text", "Hi")
    assert team.rows("messages") == []
    assert open_step(team, ana)["id"] == step["id"]
    page = team.browser(actor=rep).get(f"/follow-ups/{step['id']}").get_data(as_text=True)
    assert "They opted out of texts." in page
    assert "Send as a text" not in page


def test_at_night_a_text_waits(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    """The team's own night here covers the whole day but a minute, so that it is night whenever this runs."""
    local = now().astimezone(ZoneInfo(team.zone))
    ends = (local - timedelta(minutes=2)).time().replace(second=0, microsecond=0)
    starts = (local - timedelta(minutes=1)).time().replace(second=0, microsecond=0)
    team.sql("UPDATE organizations SET quiet_starts = %s, quiet_ends = %s WHERE id = %s", starts, ends, team.org_id)
    begin(acting, rep, write(acting, rep), ana)
    waits = send(acting, rep, open_step(team, ana), "text", "Hi")
    assert waits is not None
    [message] = team.rows("messages")
    assert datetime.fromisoformat(message["send_at"]) == waits > now() + timedelta(hours=1)


def test_the_next_step_is_planned_for_whoever_has_it_by_now(
    app: Flask, team: SalesTeam, acting: Acting, rep: Actor, ana: UUID
) -> None:
    """Its owner left in the middle: the manager gets this step and those that follow."""
    manager = team.member(Role.MANAGER)
    begin(acting, rep, write(acting, rep), ana)
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", rep.user_id)
    team.sql("UPDATE follow_ups SET due_at = now()")
    check_follow_ups(app)
    finish(acting, manager, open_step(team, ana))
    assert open_step(team, ana)["owner_id"] == str(manager.user_id)


def test_gone_on_with_for_who_is_there(team: SalesTeam, acting: Acting, rep: Actor, ana: UUID) -> None:
    """Paused, and its owner left meanwhile: the manager who goes on with it gets its steps."""
    manager = team.member(Role.MANAGER)
    begin(acting, rep, write(acting, rep), ana)
    enrolment = UUID(team.row("sequence_enrolments")["id"])
    with acting(rep):
        sequence_stopping.pause_enrolment(enrolment)
    team.sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", rep.user_id)
    with acting(manager):
        sequence_stopping.resume_enrolment(enrolment)
    assert open_step(team, ana)["owner_id"] == str(manager.user_id)
    with acting(manager):
        sequence_stopping.note_reply_to(UUID(open_step(team, ana)["id"]))
    assert [row["user_id"] for row in team.rows("activities")] == [str(manager.user_id)]
