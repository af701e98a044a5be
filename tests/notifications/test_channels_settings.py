"""The settings page: every switch and rule of it, at once by fragment and as a plain form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nexapp.notifications.registry import TYPES
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Role
from tests.notifications.channels_world import PAGE, Somebody, Team

Sql = Callable[..., list[Any]]


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> Team:
    return Team(app, owner_sql)


@pytest.fixture
def ana(team: Team) -> Somebody:
    return team.member()


def settings_of(sql: Sql, person: Somebody, columns: str) -> Any:
    rows = sql(f"SELECT {columns} FROM notification_settings WHERE user_id = %s", person.user_id)
    return rows[0] if rows else None


def preferences_of(sql: Sql, person: Somebody) -> set[tuple[str, str, bool]]:
    rows = sql("SELECT name, channel, is_on FROM notification_preferences WHERE user_id = %s", person.user_id)
    return {tuple(row) for row in rows}


def test_the_page_shows_every_type_of_the_business(ana: Somebody) -> None:
    shown = ana.get()
    assert shown.status_code == 200
    for known in TYPES.values():
        assert (f'name="{known.name}.email"' in shown.text) == (not known.kinds or "sales" in known.kinds), known.name


def test_a_fragment_is_only_the_fragment(ana: Somebody) -> None:
    fragment = ana.get(fragment=True)
    assert fragment.text.lstrip().startswith('<div id="notice-settings"')
    assert "HX-Request" in fragment.headers["Vary"]


def test_another_kind_of_business_sees_its_own_types(app: Flask, owner_sql: Sql) -> None:
    shown = Team(app, owner_sql, kind="business", tier="free").member().get().text
    assert 'name="hot_lead.email"' not in shown


@pytest.mark.parametrize("fragment", [True, False])
def test_a_switch_is_kept_at_once(ana: Somebody, owner_sql: Sql, fragment: bool) -> None:
    answer = ana.post(f"{PAGE}/switches/hot_lead/email", fragment=fragment)
    assert answer.status_code == (200 if fragment else 303)
    assert ("data-announce" in answer.text) == fragment
    assert preferences_of(owner_sql, ana) == {("hot_lead", "email", False)}
    ana.post(f"{PAGE}/switches/hot_lead/email", {"hot_lead.email": "on"}, fragment=fragment)
    assert preferences_of(owner_sql, ana) == set()


def test_the_switch_of_several_types_is_one(ana: Somebody, owner_sql: Sql) -> None:
    assert ana.get().text.count('name="hot_leads.any"') == 1
    ana.post(f"{PAGE}/switches/hot_leads/any", fragment=True)
    assert preferences_of(owner_sql, ana) == {("hot_leads", "any", False)}


def test_a_plain_form_keeps_the_whole_matrix(ana: Somebody, owner_sql: Sql) -> None:
    every = {f"{name}.{channel}": "on" for name in TYPES for channel in ("in_app", "email", "push", "sms")}
    every |= {f"{known.switch_name}.any": "on" for known in TYPES.values()}
    del every["streak_reminder.push"]
    del every["mission_alert.any"]
    assert ana.post(f"{PAGE}/switches", every).status_code == 303
    kept = preferences_of(owner_sql, ana)
    assert ("streak_reminder", "push", False) in kept
    assert ("mission_alert", "any", False) in kept
    assert ("coin_earned", "email", True) in kept  # off by default
    assert not any(name == "hot_lead" and channel != "any" for name, channel, _ in kept)  # as by default


def test_an_unknown_switch_is_not_there(ana: Somebody, owner_sql: Sql) -> None:
    for address in ("nothing/email", "hot_lead/fax", "streak_reminder/sms"):
        assert ana.post(f"{PAGE}/switches/{address}", fragment=True).status_code == 404
    assert preferences_of(owner_sql, ana) == set()


@pytest.mark.parametrize(("tier", "locked"), [
    ("free", {"hot_lead": "Pro", "sequence_action": "Elite", "lead_cooling": "Elite"}),
    ("pro", {"sequence_action": "Elite", "lead_cooling": "Elite"}),
    ("elite", {}),
])  # fmt: skip
def test_locked_types_say_which_tier(app: Flask, owner_sql: Sql, tier: str, locked: dict[str, str]) -> None:
    person = Team(app, owner_sql, tier=tier).member()
    shown = person.get().text
    for name in ("hot_lead", "sequence_action", "lead_cooling", "streak_reminder"):
        cell = shown.split(f'id="switch-{name}-email"')[1].split(">")[0]
        assert ("disabled" in cell) == (name in locked), name
        if name in locked:
            assert f"Part of {locked[name]}" in cell
            assert person.post(f"{PAGE}/switches/{name}/email", fragment=True).status_code == 403
    assert preferences_of(owner_sql, person) == set()


def test_insights_come_weekly_on_free(app: Flask, owner_sql: Sql) -> None:
    shown = Team(app, owner_sql, tier="free").member().get().text
    assert "1 a week; all with Pro" in shown
    assert "disabled" not in shown.split('id="switch-ai_insight-email"')[1].split(">")[0]


@pytest.mark.parametrize(("kind", "tier", "is_open"), [
    ("sales", "pro", False), ("sales", "elite", True), ("business", "free", True),
])  # fmt: skip
def test_texts_and_passing_quiet_hours_are_elite_in_sales_only(
    app: Flask, owner_sql: Sql, kind: str, tier: str, is_open: bool
) -> None:
    person = Team(app, owner_sql, kind=kind, tier=tier).member()
    assert ('name="urgent_passes"' in person.get().text) == is_open
    quiet = {"quiet_enabled": "y", "quiet_starts": "22:00", "quiet_ends": "07:00", "urgent_passes": "y"}
    assert person.post(f"{PAGE}/quiet-hours", quiet).status_code == 303
    assert settings_of(owner_sql, person, "urgent_passes") == (is_open,)


def test_masters_are_kept(ana: Somebody, owner_sql: Sql) -> None:
    answer = ana.post(f"{PAGE}/channels", {"push_enabled": "y"}, fragment=True)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<section")
    assert settings_of(owner_sql, ana, "email_enabled, push_enabled") == (False, True)


def test_quiet_hours_cross_midnight(ana: Somebody, owner_sql: Sql) -> None:
    ana.post(f"{PAGE}/quiet-hours", {"quiet_enabled": "y", "quiet_starts": "21:30", "quiet_ends": "06:00"})
    kept = settings_of(owner_sql, ana, "quiet_enabled, quiet_starts, quiet_ends")
    assert kept == (True, time(21, 30), time(6))
    assert "Eastern Time" in ana.get().text


@pytest.mark.parametrize("fields", [
    {"quiet_starts": "21:00", "quiet_ends": "21:00"},
    {"quiet_starts": "21:17", "quiet_ends": "08:00"},
    {"quiet_starts": "late", "quiet_ends": "08:00"},
])  # fmt: skip
@pytest.mark.parametrize("fragment", [True, False])
def test_impossible_quiet_hours_are_refused_beside_the_field(
    ana: Somebody, owner_sql: Sql, fields: dict[str, str], fragment: bool
) -> None:
    answer = ana.post(f"{PAGE}/quiet-hours", {"quiet_enabled": "y"} | fields, fragment=fragment)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    assert settings_of(owner_sql, ana, "quiet_enabled") is None


def test_a_time_set_elsewhere_stays(ana: Somebody, owner_sql: Sql) -> None:
    owner_sql("INSERT INTO notification_settings (user_id, quiet_starts) VALUES (%s, '21:17')", ana.user_id)
    assert 'value="21:17"' in ana.get().text
    ana.post(f"{PAGE}/quiet-hours", {"quiet_enabled": "y", "quiet_starts": "21:17", "quiet_ends": "08:00"})
    assert settings_of(owner_sql, ana, "quiet_enabled, quiet_starts") == (True, time(21, 17))


def test_the_digest_has_its_hour(ana: Somebody, owner_sql: Sql) -> None:
    ana.post(f"{PAGE}/digest", {"digest_enabled": "y", "digest_at": "17:30"}, fragment=True)
    assert settings_of(owner_sql, ana, "digest_enabled, digest_at") == (True, time(17, 30))


@pytest.mark.parametrize(("typed", "status"), [("35", 200), ("0", 422), ("201", 422), ("many", 422), ("", 422)])
def test_the_limit_is_a_number(ana: Somebody, owner_sql: Sql, typed: str, status: int) -> None:
    assert ana.post(f"{PAGE}/limit", {"daily_cap": typed}, fragment=True).status_code == status
    assert settings_of(owner_sql, ana, "daily_cap") == ((35,) if status == 200 else None)


@pytest.mark.parametrize(("until", "hours"), [("1", 1), ("4", 4), ("168", 168)])
def test_a_pause_lasts_for_hours(ana: Somebody, owner_sql: Sql, until: str, hours: int) -> None:
    before = now()
    assert ana.post(f"{PAGE}/pause", {"until": until}, fragment=True).status_code == 200
    [paused] = settings_of(owner_sql, ana, "paused_until")
    assert before <= paused - timedelta(hours=hours) <= now()
    assert "Paused" in ana.get().text


def test_a_pause_ends_in_the_morning_of_the_persons_zone(team: Team, owner_sql: Sql) -> None:
    far = team.member(zone="Pacific/Kiritimati")
    far.post(f"{PAGE}/pause", {"until": "tomorrow"})
    [paused] = settings_of(owner_sql, far, "paused_until")
    local = paused.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert (local.time(), local.date() > now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()) == (time(8), True)


def test_a_pause_until_a_day(ana: Somebody, owner_sql: Sql) -> None:
    day = now().date() + timedelta(days=40)
    ana.post(f"{PAGE}/pause", {"until": "day", "day": day.isoformat()})
    [paused] = settings_of(owner_sql, ana, "paused_until")
    assert paused.astimezone(ZoneInfo("America/New_York")) == datetime.combine(
        day, time(8), ZoneInfo("America/New_York")
    )


@pytest.mark.parametrize("day", ["", "yesterday", "2020-01-01", "2999-01-01"])
def test_a_pause_until_no_day_is_refused(ana: Somebody, owner_sql: Sql, day: str) -> None:
    answer = ana.post(f"{PAGE}/pause", {"until": "day", "day": day}, fragment=True)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    assert settings_of(owner_sql, ana, "paused_until") is None


def test_a_pause_can_be_ended(ana: Somebody, owner_sql: Sql) -> None:
    ana.post(f"{PAGE}/pause", {"until": "168"})
    assert ana.post(f"{PAGE}/pause/end", fragment=True).status_code == 200
    assert settings_of(owner_sql, ana, "paused_until") == (None,)


def test_a_pause_that_is_over_is_none(ana: Somebody, owner_sql: Sql) -> None:
    owner_sql(
        "INSERT INTO notification_settings (user_id, paused_until) VALUES (%s, %s)",
        ana.user_id, datetime(2020, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert "Pause everything" in ana.get().text


def test_changes_are_audited_and_told_to_other_tabs(
    ana: Somebody, owner_sql: Sql, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []

    class Emitter:
        def emit(self, signal: str, payload: dict[str, Any], room: str) -> None:
            told.append((room, signal))

    monkeypatch.setitem(app.extensions, "signal_emitter", Emitter())
    ana.post(f"{PAGE}/digest", {"digest_enabled": "y", "digest_at": "08:00"})
    ana.post(f"{PAGE}/digest", {"digest_enabled": "y", "digest_at": "08:00"})  # nothing new
    assert told == [(f"user:{ana.user_id}", "notice-settings-changed")]
    rows = owner_sql("SELECT changes FROM audit_entries WHERE action = 'notification_settings.changed'")
    assert rows == [({"fields": ["digest_enabled"]},)]


def test_nobody_changes_anothers(team: Team, ana: Somebody, owner_sql: Sql) -> None:
    ben = team.member(Role.OWNER)
    ana.post(f"{PAGE}/switches/hot_lead/email", fragment=True)
    ana.post(f"{PAGE}/limit", {"daily_cap": "3"})
    assert preferences_of(owner_sql, ben) == set()
    assert settings_of(owner_sql, ben, "daily_cap") is None
    assert 'value="20"' in ben.get().text


def test_the_page_needs_few_statements(ana: Somebody, statements: list[str]) -> None:
    ana.get()
    statements.clear()
    ana.get()
    asked = [statement for statement in statements if statement.lstrip().upper().startswith(("SELECT", "WITH"))]
    assert len(asked) <= 18, asked


def test_who_has_no_address_is_shown_the_way(team: Team) -> None:
    shown = team.member(email="").get().text
    assert "Your account has no address yet." in shown
    assert "Add an e-mail address" in shown


def test_somebody_without_a_business_has_settings_too(team: Team, ana: Somebody, owner_sql: Sql) -> None:
    owner_sql("DELETE FROM memberships WHERE user_id = %s", ana.user_id)
    owner_sql("UPDATE user_sessions SET org_id = NULL WHERE user_id = %s", ana.user_id)
    assert 'name="hot_lead.email"' not in ana.get().text
    assert ana.post(f"{PAGE}/digest", {"digest_enabled": "y", "digest_at": "07:00"}).status_code == 303
    assert settings_of(owner_sql, ana, "digest_enabled, digest_at") == (True, time(7))
    rows = owner_sql("SELECT org_id, user_id FROM audit_entries WHERE action = 'notification_settings.changed'")
    assert rows == [(None, ana.user_id)]
