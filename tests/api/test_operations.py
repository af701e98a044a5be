"""What each operation does, for whom, and that its answers are what the document says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jsonschema
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nexapp.notifications.service import notify
from nexapp.spine.clock import now
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from nexapp.spine.web.api.openapi import document
from tests.api.world import Api, Team

Sql = Callable[..., list[Any]]


def checked(answer: TestResponse, status: int, method: str, path: str) -> Any:
    """The answer's body, once it has been held against the document."""
    assert answer.status_code == status, answer.text
    described = document()["paths"][path][method.lower()]["responses"][str(status)]
    schema = described["content"]["application/json"]["schema"]
    jsonschema.validate(answer.json, {**schema, "components": document()["components"]})
    return answer.json


def tell(team: Team, role: str, title: str, **more: Any) -> UUID:
    with team.app.app_context(), unit_of_work(SYSTEM):
        told = notify([team.people[role]], "program_notice", values={"title": title, "message": "Now"},
                      org_id=team.org_id, **more)  # fmt: skip
    return told.made[0]


def in_an_hour() -> str:
    return (now() + timedelta(hours=1)).isoformat()


def test_notifications_are_read_and_deleted(team: Team) -> None:
    caller, first, second = team.caller("staff"), tell(team, "staff", "One"), tell(team, "staff", "Two")
    listed = checked(caller.get("/notifications"), 200, "GET", "/notifications")
    assert [one["title"] for one in listed["items"]] == ["Two", "One"]
    assert checked(caller.get("/notifications/unread-count"), 200, "GET", "/notifications/unread-count") == {
        "unread": 2
    }
    path = "/notifications/{notification_id}/read"
    assert checked(caller.post(f"/notifications/{first}/read"), 200, "POST", path) == {"unread": 1}
    assert [one["title"] for one in caller.get("/notifications?tab=unread").json["items"]] == ["Two"]
    one = checked(caller.get(f"/notifications/{first}"), 200, "GET", "/notifications/{notification_id}")
    assert one["read_at"] is not None
    assert caller.delete(f"/notifications/{second}").status_code == 204
    assert caller.delete(f"/notifications/{second}").status_code == 404
    assert checked(caller.post("/notifications/read-all"), 200, "POST", "/notifications/read-all") == {"unread": 0}


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_nobody_else_of_the_team_touches_them(team: Team, others: Team, owner_sql: Sql, role: str) -> None:
    mine = tell(team, "staff", "Mine")
    for caller in (team.caller(role), others.caller("owner")):
        assert caller.get("/notifications").json["items"] == []
        assert caller.get(f"/notifications/{mine}").status_code == 404
        assert caller.post(f"/notifications/{mine}/read").status_code == 404
        assert caller.delete(f"/notifications/{mine}").status_code == 404
        assert caller.post("/notifications/read-all").json == {"unread": 0}
    assert owner_sql("SELECT read_at, deleted_at FROM notifications") == [(None, None)]


def test_programs_tell_people_of_their_business_only(team: Team, others: Team) -> None:
    program = team.caller("admin", "service", ["notifications:write"])
    body = {"user_ids": [str(team.people["staff"]), str(others.people["staff"])], "title": "Stock is low"}
    told = checked(program.post("/notifications", body), 201, "POST", "/notifications")
    assert (len(told["made"]), told["skipped"], told["reasons"]) == (1, 1, {"not_a_member": 1})
    assert told["untold"] == [{"user_id": str(others.people["staff"]), "reason": "not_a_member"}]
    assert [one["title"] for one in team.caller("staff").get("/notifications").json["items"]] == ["Stock is low"]
    assert others.caller("staff").get("/notifications").json["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "made_up"}, "type"),
        ({"type": "slot_booked"}, "type"),
        ({"title": ""}, "title"),
        ({"user_ids": []}, "user_ids"),
        ({"user_ids": ["x"]}, "user_ids.0"),
        ({"action_url": "https://elsewhere.example/"}, "action_url"),
        ({"action_url": "//elsewhere.example/"}, "action_url"),
        ({"priority": "shouting"}, "priority"),
        ({"type": "hot_lead"}, "values"),
        ({"type": "hot_lead", "values": {"name": " "}}, "values"),
        ({"type": "sequence_action", "values": {"step": 1, "steps": 2, "name": "Ada"}}, "values"),
        ({"type": "achievement", "title": ""}, "values"),
    ],
)
def test_a_notice_that_means_nothing_is_refused(team: Team, change: dict[str, Any], field: str) -> None:
    body = {"user_ids": [str(team.people["staff"])], "title": "Stock is low", **change}
    refused = team.caller().post("/notifications", body)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]


def test_what_the_words_of_a_type_need_is_named(team: Team) -> None:
    body = {"user_ids": [str(team.people["staff"])], "type": "sequence_action", "values": {"step": 1}}
    refused = team.caller().post("/notifications", body).json["errors"]["values"]
    assert refused == "The words of this type need: message, name, steps."
    full = {"step": 1, "steps": 3, "name": "Ada", "message": "Hello"}
    assert len(team.caller().post("/notifications", {**body, "values": full}).json["made"]) == 1
    lead = {**body, "type": "hot_lead", "values": {"name": "Ada"}}
    assert len(team.caller().post("/notifications", lead).json["made"]) == 1
    [told] = [one for one in team.caller("staff").get("/notifications").json["items"] if one["type"] == "hot_lead"]
    assert told["message"] == "Ada just became a hot lead."


def test_everybody_who_is_not_told_gets_a_reason(team: Team, owner_sql: Sql) -> None:
    told, left, off, gone = (team.people[role] for role in ("owner", "staff", "manager", "viewer"))
    unknown = uuid4()
    owner_sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", left)
    owner_sql("UPDATE users SET deactivated_at = now() WHERE id = %s", gone)
    owner_sql(
        "INSERT INTO notification_preferences (user_id, name, channel, is_on)"
        " VALUES (%s, 'program_notice', 'any', false)", off,
    )  # fmt: skip
    body = {"user_ids": [str(one) for one in (told, left, off, gone, unknown)], "title": "Stock", "dedupe_key": "s:1"}
    answer = team.caller("admin").post("/notifications", body).json
    reasons = {one["user_id"]: one["reason"] for one in answer["untold"]}
    stranger = "not_a_member"
    assert reasons == {str(left): stranger, str(gone): stranger, str(unknown): stranger, str(off): "switched_off"}
    assert (len(answer["made"]), answer["skipped"]) == (1, 4)
    assert answer["reasons"] == {"not_a_member": 3, "switched_off": 1}
    again = checked(team.caller("admin").post("/notifications", body), 201, "POST", "/notifications")
    assert {one["user_id"]: one["reason"] for one in again["untold"]} == {**reasons, str(told): "told_before"}
    assert again["skipped"] == len(again["untold"]) == sum(again["reasons"].values()) == 5


@pytest.mark.parametrize(
    "path", ["/notifications", "/prospects", "/prospects?sort=next", "/prospects?sort=active",
             "/prospects?sort=newest", "/follow-ups"],
)  # fmt: skip
@pytest.mark.parametrize("cursor", ["x", "85_", "_", "%00", "85_x", "9" * 30, "%F0%9F%94%A5"])
def test_a_cursor_that_is_none_of_ours_is_refused(team: Team, path: str, cursor: str) -> None:
    refused = team.caller().get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["cursor"]


def test_who_is_named_twice_is_told_once(team: Team) -> None:
    body = {"user_ids": [str(team.people["staff"])] * 3, "title": "Stock is low"}
    told = team.caller().post("/notifications", body).json
    assert (len(told["made"]), told["skipped"]) == (1, 0)


def test_a_dedupe_key_tells_once(team: Team) -> None:
    body = {"user_ids": [str(team.people["staff"])], "title": "Stock is low", "dedupe_key": "stock:7"}
    caller = team.caller()
    assert [len(caller.post("/notifications", body).json["made"]) for _ in range(2)] == [1, 0]


def test_a_rep_creates_no_notices_for_others(team: Team) -> None:
    body = {"user_ids": [str(team.people["owner"])], "title": "Raise"}
    assert team.caller("staff").post("/notifications", body).status_code == 403


def test_settings_change_in_part_and_not_by_half(team: Team) -> None:
    caller, path = team.caller("staff"), "/notification-settings"
    before = checked(caller.get(path), 200, "GET", path)
    assert (before["email_enabled"], before["time_zone"]) == (True, "America/Chicago")
    wanted = {"quiet_enabled": True, "quiet_starts": "22:00", "switches": [
        {"name": "streak_reminder", "channel": "any", "is_on": False}]}  # fmt: skip
    after = checked(caller.patch(path, wanted), 200, "PATCH", path)
    assert (after["quiet_enabled"], after["quiet_starts"], after["email_enabled"]) == (True, "22:00:00", True)
    switch = {"name": "streak_reminder", "channel": "any"}.items()
    assert [one["is_on"] for one in after["switches"] if switch <= one.items()] == [False]
    refused = caller.patch(path, {"daily_cap": 5, "switches": [{"name": "made_up", "channel": "any", "is_on": True}]})
    assert refused.status_code == 404
    assert caller.get(path).json["daily_cap"] == before["daily_cap"]
    assert team.caller("admin").get(path).json["quiet_enabled"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"daily_cap": 0}, "daily_cap"),
        ({"daily_cap": None}, "daily_cap"),
        ({"quiet_starts": "08:00"}, "quiet_ends"),
        ({"quiet_starts": "25:00"}, "quiet_starts"),
        ({"digest_at": "08:00:30"}, "digest_at"),
        ({"paused_until": "2001-01-01T00:00:00Z"}, "paused_until"),
        ({"paused_until": "2101-01-01T00:00:00"}, "paused_until"),
        ({"paused_until": "9999-12-31T23:59:59-14:00"}, "paused_until"),
        ({"volume": 11}, "volume"),
    ],
)
def test_settings_that_cannot_be_are_refused(team: Team, change: dict[str, Any], field: str) -> None:
    refused = team.caller().patch("/notification-settings", change)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]


def test_devices_come_and_go(team: Team) -> None:
    caller = team.caller("staff")
    made = checked(caller.post("/devices", {"token": "app-token", "name": "Phone"}), 201, "POST", "/devices")
    assert checked(caller.get("/devices"), 200, "GET", "/devices")["items"][0]["name"] == "Phone"
    assert team.caller("owner").delete(f"/devices/{made['id']}").status_code in {204, 404}
    assert len(caller.get("/devices").json["items"]) == 1
    assert caller.delete(f"/devices/{made['id']}").status_code == 204
    assert caller.get("/devices").json["items"] == []


def test_prospects_are_added_changed_moved_and_deleted(team: Team, owner_sql: Sql) -> None:
    caller, path = team.caller("staff"), "/prospects/{prospect_id}"
    new = {"name": " Ana  Able ", "email": "Ana@Example.COM", "phone": "(212) 555-0199", "value_cents": 120_000}
    made = checked(caller.post("/prospects", new), 201, "POST", "/prospects")
    assert (made["name"], made["email"], made["phone"]) == ("Ana Able", "Ana@example.com", "+12125550199")
    assert (made["owner_id"], made["stage"]) == (str(team.people["staff"]), "New")
    one = f"/prospects/{made['id']}"
    changed = checked(caller.patch(one, {"company": "Able Ltd", "email": None}), 200, "PATCH", path)
    assert (changed["company"], changed["email"], changed["name"]) == ("Able Ltd", None, "Ana Able")
    [(lost,)] = owner_sql("SELECT id FROM prospect_stages WHERE outcome = 'lost' AND org_id = %s", team.org_id)
    refused = caller.patch(one, {"company": "Other", "stage_id": str(lost)})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["lost_reason"])
    assert checked(caller.get(one), 200, "GET", path)["company"] == "Able Ltd"
    moved = caller.patch(one, {"stage_id": str(lost), "lost_reason": "Price"}).json
    assert (moved["outcome"], moved["lost_reason"]) == ("lost", "Price")
    assert caller.delete(one).status_code == 204
    assert caller.get(one).status_code == 404


def test_prospects_of_others_are_not_there(team: Team, others: Team) -> None:
    made = others.caller().post("/prospects", {"name": "Ana Able"}).json
    caller = team.caller()
    for answer in (caller.get(f"/prospects/{made['id']}"), caller.delete(f"/prospects/{made['id']}"),
                   caller.patch(f"/prospects/{made['id']}", {"name": "Mine"})):  # fmt: skip
        assert answer.status_code == 404
    foreign = caller.post("/follow-ups", {"prospect_id": made["id"], "due_at": in_an_hour()})
    assert (foreign.status_code, list(foreign.json["errors"])) == (422, ["prospect_id"])
    assert caller.post("/activities", {"kind": "call", "prospect_id": made["id"]}).status_code == 404
    stranger = caller.post("/prospects", {"name": "Ben", "owner_id": str(others.people["staff"])})
    assert (stranger.status_code, list(stranger.json["errors"])) == (422, ["owner_id"])


def test_a_rep_changes_no_prospect_of_a_colleague(team: Team) -> None:
    made = team.caller("owner").post("/prospects", {"name": "Ana Able"}).json
    rep = team.caller("staff")
    assert rep.get(f"/prospects/{made['id']}").status_code == 200
    assert rep.patch(f"/prospects/{made['id']}", {"name": "Mine"}).status_code == 403
    assert rep.delete(f"/prospects/{made['id']}").status_code == 403
    assert team.caller("viewer").post("/prospects", {"name": "Ben"}).status_code == 403


def test_follow_ups_are_planned_snoozed_and_done(team: Team) -> None:
    caller, path = team.caller("staff"), "/follow-ups/{follow_up_id}"
    made = checked(caller.post("/follow-ups", {"due_at": in_an_hour(), "message": "Call back"}), 201, "POST",
                   "/follow-ups")  # fmt: skip
    assert (made["status"], made["time_zone"]) == ("pending", "America/Chicago")
    one = f"/follow-ups/{made['id']}"
    listed = checked(caller.get("/follow-ups?status=open"), 200, "GET", "/follow-ups")
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    day = (now() + timedelta(days=3)).date().isoformat()
    snoozed = checked(caller.patch(one, {"status": "snoozed", "due_on": day, "due_time": "10:30"}), 200, "PATCH", path)
    assert snoozed["status"] == "snoozed"
    assert caller.patch(one, {"status": "done"}).json["status"] == "done"
    assert checked(caller.get(one), 200, "GET", path)["done_at"] is not None
    assert caller.patch(one, {"message": "Too late"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "due_at"),
        ({"due_at": "2001-01-01T00:00:00Z"}, "due_at"),
        ({"due_at": "2101-01-01T00:00:00"}, "due_at"),
        ({"due_at": "9999-12-31T23:59:59-14:00"}, "due_at"),
        ({"due_on": "2001-01-01"}, "on"),
        ({"due_on": "2100-01-01"}, "on"),
        ({"due_time": "09:00"}, "body"),
        ({"due_on": "2100-01-01", "due_at": "2100-01-01T00:00:00Z"}, "body"),
        ({"due_on": "2100-02-30"}, "due_on"),
        ({"due_on": "2100-01-01", "repeats": "yearly"}, "repeats"),
    ],
)
def test_a_time_that_is_none_is_refused(team: Team, body: dict[str, Any], field: str) -> None:
    refused = team.caller().post("/follow-ups", body)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]


def test_what_the_plan_lacks_is_said(team: Team, owner_sql: Sql) -> None:
    owner_sql("UPDATE organizations SET tier = 'free'")
    refused = team.caller().post("/follow-ups", {"due_at": in_an_hour(), "repeats": "daily"})
    assert (refused.status_code, refused.json["code"]) == (403, "tier_needed")


def test_activities_count_once_by_their_own_id(team: Team, owner_sql: Sql) -> None:
    caller = team.caller("staff")
    body = {"kind": "scan", "external_id": "crm:17"}
    first = checked(caller.post("/activities", body), 201, "POST", "/activities")
    assert caller.post("/activities", body).json == first
    assert owner_sql("SELECT count(*) FROM activities WHERE kind = 'scan'") == [(1,)]
    refused = caller.post("/activities", {"kind": "scan", "user_id": str(team.people["owner"])})
    assert refused.status_code == 403
    program = team.caller("admin", "service", ["activities:write"])
    assert program.post("/activities", {"kind": "scan"}).json["errors"].keys() == {"user_id"}
    assert program.post("/activities", {"kind": "scan", "user_id": str(team.people["staff"])}).status_code == 201
    assert program.post("/activities", {"kind": "scan", "user_id": str(uuid4())}).status_code == 422
    assert caller.post("/activities", {"kind": "nap"}).json["errors"].keys() == {"kind"}
    first_day = caller.post("/activities", {"kind": "scan", "at": "0001-01-01T00:00:00+14:00"})
    assert (first_day.status_code, list(first_day.json["errors"])) == (422, ["at"])


@pytest.mark.parametrize("details", ['{"a": NaN}', '{"a": 1e400}', '{"a": "\\u0000"}', '{"a\\u0000": 1}'])
def test_details_that_cannot_be_kept_are_refused(team: Team, owner_sql: Sql, details: str) -> None:
    headers = {"Authorization": f"Bearer {team.key('staff')}"}
    body = f'{{"kind": "scan", "details": {details}}}'
    answer = team.app.test_client().post(
        "/api/v1/activities", data=body, content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json["code"]) == (400, "unreadable")
    assert owner_sql("SELECT count(*) FROM system_errors") == [(0,)]


def test_a_backslash_is_no_zero_byte(team: Team) -> None:
    made = team.caller().post("/prospects", {"name": "Back\\u0000slash"})
    assert (made.status_code, made.json["name"]) == (201, "Back\\u0000slash")


def test_an_organisation_runs_jobs_for_itself(team: Team, others: Team, run_jobs: Callable[[], None]) -> None:
    caller = team.caller("admin")
    offered = checked(caller.get("/jobs"), 200, "GET", "/jobs")
    assert "daily_rescan" in {one["job_type"] for one in offered["items"]}
    run = checked(caller.post("/jobs/daily_rescan/runs"), 202, "POST", "/jobs/{job_type}/runs")
    shown = checked(caller.get(f"/jobs/runs/{run['id']}"), 200, "GET", "/jobs/runs/{job_id}")
    assert shown["status"] == "queued"
    assert others.caller().get(f"/jobs/runs/{run['id']}").status_code == 404
    assert caller.post("/jobs/made_up/runs").status_code == 404
    assert caller.post("/jobs/forget_api_replays/runs").status_code == 404
    assert caller.post("/jobs/daily_rescan/runs", {"on_date": "2001-01-01"}).status_code == 422
    assert team.caller("manager").post("/jobs/daily_rescan/runs").status_code == 403


def test_a_key_of_the_business_starts_jobs_where_its_scope_says_so(team: Team) -> None:
    program = team.caller("admin", "service", ["jobs:run", "jobs:read"])
    run = checked(program.post("/jobs/daily_rescan/runs"), 202, "POST", "/jobs/{job_type}/runs")
    assert program.get(f"/jobs/runs/{run['id']}").json["job_type"] == "daily_rescan"
    other = team.caller("admin", "service", ["jobs:read"]).post("/jobs/daily_rescan/runs")
    assert (other.status_code, other.json["code"]) == (403, "scope_missing")


def test_the_installations_key_runs_jobs_for_everybody(app: Flask, team: Team) -> None:
    secret = app.test_cli_runner().invoke(args=["keys", "create", "cron"]).output.strip()
    platform = Api(app.test_client(), secret)
    run = checked(platform.post("/jobs/forget_api_replays/runs"), 202, "POST", "/jobs/{job_type}/runs")
    assert checked(platform.get(f"/jobs/runs/{run['id']}"), 200, "GET", "/jobs/runs/{job_id}")["status"] == "queued"
    assert platform.get("/prospects").status_code == 403


def test_businesses_without_prospects_have_no_such_addresses(team: Team, owner_sql: Sql) -> None:
    caller = team.caller()
    owner_sql("UPDATE organizations SET kind = 'business'")
    assert [caller.get(path).status_code for path in ("/prospects", "/follow-ups")] == [404, 404]
    assert caller.post("/activities", {"kind": "scan"}).status_code == 404
    assert caller.get("/notifications").status_code == 200
