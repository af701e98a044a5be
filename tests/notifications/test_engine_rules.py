"""Every row of the table of types, and every rule in its order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import ProgrammingError

from nexapp.notifications.engine import call_for, kind_of
from nexapp.notifications.registry import TYPES, NoticeType, find_type, register_types
from nexapp.notifications.service import Notified, Recipient, notify, notify_selected
from nexapp.notifications.skips import REASONS, channel_words, reason_words
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.tenancy import SYSTEM, Actor, Role

from .engine_world import Sql, Team, join_team, make_team

Acting = Callable[[Actor], AbstractContextManager[None]]
TIERS = ("free", "pro", "elite")

# The specification's table: type, icon, colours, priority, tier.
TABLE = [
    ("hot_lead", "🔥", ("red", "orange"), "high", "pro"),
    ("followup_due", "🕒", ("blue", "cyan"), "high", "free"),
    ("sequence_action", "📨", ("purple", "pink"), "high", "elite"),
    ("lead_cooling", "❄️", ("gray", "slate"), "normal", "elite"),
    ("streak_reminder", "⭐", ("yellow", "amber"), "normal", "free"),
    ("mission_alert", "🎯", ("green", "emerald"), "normal", "free"),
    ("weekly_report", "📊", ("indigo", "blue"), "low", "free"),
    ("ai_insight", "🧠", ("violet", "purple"), "normal", "pro"),
    ("scan_complete", "✅", ("green", "teal"), "normal", "free"),
    ("coin_earned", "🪙", ("yellow", "orange"), "low", "free"),
    ("achievement", "🏆", ("pink", "rose"), "normal", "free"),
]
WORDS = {
    "name": "John Doe", "names": "John Doe", "message": "Call John", "title": "A title", "step": 3, "steps": 5,
    "days": 7, "longest": 12, "coins": 10, "count": 3,
}  # fmt: skip
TITLES = {
    "hot_lead": "🔥 New Hot Lead", "followup_due": "🕒 Follow-Up Reminder", "sequence_action": "📨 Sequence Step 3/5",
    "lead_cooling": "❄️ Lead Cooling Down", "streak_reminder": "⭐ Don't Break Your 7-Day Streak!",
    "mission_alert": "🎯 A title", "weekly_report": "📊 Your Weekly Summary", "ai_insight": "🧠 A title",
    "scan_complete": "✅ A title", "coin_earned": "🪙 You earned 10 coins", "achievement": "🏆 A title",
}  # fmt: skip
MESSAGES = {
    "lead_cooling": "John Doe hasn't been contacted in 7+ days. Time to re-engage!",
    "streak_reminder": "Complete 1 action today to maintain your momentum. Your longest streak: 12 days.",
}
LOCKED = NoticeType("engine_test_locked", "Security", "🔒", ("gray", "slate"), "normal", "Signed in", "{name}",
                    locked=True, channels=("in_app", "email", "push"))  # fmt: skip
TEXTED_LOW = NoticeType("engine_test_texted", "Texted", "✉️", ("gray", "slate"), "normal", "Hello", "{name}",
                        channels=("in_app", "sms"))  # fmt: skip


@pytest.fixture(autouse=True)
def types(whole_app: Any) -> Any:
    register_types(LOCKED, TEXTED_LOW)
    yield
    for known in (LOCKED, TEXTED_LOW):
        del TYPES[known.name]


@pytest.fixture
def team(owner_sql: Sql) -> Team:
    return make_team(owner_sql)


@pytest.fixture
def tell(acting: Acting) -> Callable[..., Notified]:
    def ask(team: Team, type_name: str = "mission_alert", **more: Any) -> Notified:
        with acting(SYSTEM):
            return notify(team.people[:1], type_name, **{"values": WORDS, "org_id": team.org_id, **more})

    return ask


Tell = Callable[..., Notified]


def with_device(team: Team, user_id: UUID | None = None) -> None:
    team.sql(
        "INSERT INTO push_subscriptions (id, user_id, kind, endpoint) VALUES (%s, %s, 'fcm', %s)",
        uuid4(), user_id or team.people[0], f"token-{uuid4()}",
    )  # fmt: skip


def with_phone(team: Team, phone: str = "+13055550123") -> None:
    team.sql("UPDATE users SET phone = %s WHERE id = %s", phone, team.people[0])


def hours_around(team: Team) -> dict[str, Any]:
    """Quiet hours that this very moment lies in, by the person's clock."""
    [(here,)] = team.sql("SELECT (now() AT TIME ZONE 'UTC')::timestamp")
    assert isinstance(here, datetime)
    return {"quiet_enabled": True, "quiet_starts": (here - timedelta(hours=2)).time(),
            "quiet_ends": (here + timedelta(hours=2)).time()}  # fmt: skip


# The table of types


@pytest.mark.parametrize(("name", "icon", "colours", "priority", "tier"), TABLE)
def test_a_row_of_the_table(
    owner_sql: Sql, tell: Tell, name: str, icon: str, colours: tuple[str, str], priority: str, tier: str
) -> None:
    known = find_type(name)
    assert known is not None
    assert (known.icon, known.colours, known.priority, known.tier) == (icon, colours, priority, tier)
    for own_tier in TIERS:
        team = make_team(owner_sql, tier=own_tier)
        told = tell(team, name)
        if TIERS.index(own_tier) >= TIERS.index(tier) or known.allowance:
            assert told.count == 1
            assert team.items(columns="title, icon, priority") == [(TITLES[name], icon, priority)]
            assert team.items(columns="message")[0][0] == MESSAGES.get(name, team.items(columns="message")[0][0])
            assert team.skips() == []
        else:
            assert (told.count, told.reasons) == (0, {"tier": 1})
            assert team.titles() == []
            assert team.skips() == [(None, "tier")]


def test_every_row_of_the_table_is_registered_for_sales_teams() -> None:
    assert {name for name, *_ in TABLE} <= {known.name for known in TYPES.values() if known.kinds == ("sales",)}


# 1. The type exists


def test_an_unknown_type_is_recorded_and_nothing_stops(team: Team, tell: Tell, owner_sql: Sql) -> None:
    told = tell(team, "no_such_thing")
    assert (told.count, told.reasons) == (0, {"unknown_type": 1})
    assert team.skips() == [(None, "unknown_type")]
    [(kind, message)] = owner_sql("SELECT kind, message FROM system_errors")
    assert kind == "notice_error"
    assert "no_such_thing" in message


# 2. The tier


def test_a_free_team_has_one_insight_in_seven_days(owner_sql: Sql, tell: Tell) -> None:
    team = make_team(owner_sql, tier="free")
    assert tell(team, "ai_insight").count == 1
    assert tell(team, "ai_insight").reasons == {"tier": 1}
    owner_sql("UPDATE notifications SET created_at = created_at - interval '6 days'")
    assert tell(team, "ai_insight").count == 0
    owner_sql("UPDATE notifications SET created_at = created_at - interval '1 day'")
    assert tell(team, "ai_insight").count == 1


def test_of_several_insights_at_once_a_free_person_gets_one(owner_sql: Sql, acting: Acting) -> None:
    team = make_team(owner_sql, tier="free", people=2)
    both = [Recipient(user_id, {"title": str(n)}) for user_id in team.people for n in range(3)]
    with acting(SYSTEM):
        told = notify(both, "ai_insight", org_id=team.org_id)
    assert (told.count, told.reasons) == (2, {"tier": 4})
    assert [team.titles(user_id) for user_id in team.people] == [["🧠 0"], ["🧠 0"]]


def test_each_business_has_an_insight_of_its_own(owner_sql: Sql, acting: Acting) -> None:
    teams = [make_team(owner_sql, tier="free") for _ in range(2)]
    [me] = teams[0].people
    join_team(owner_sql, teams[1].org_id, me)
    with acting(SYSTEM):
        told = [notify([me], "ai_insight", values=WORDS, org_id=team.org_id) for team in (*teams, *teams)]
    assert [one.count for one in told] == [1, 1, 0, 0]


def test_a_locked_type_asks_for_no_tier_and_no_switch(owner_sql: Sql, tell: Tell) -> None:
    team = make_team(owner_sql, tier="free")
    with_device(team)
    team.set(email_enabled=False, paused_until=now() + timedelta(days=1), digest_enabled=True, daily_cap=1,
             **hours_around(team))  # fmt: skip
    for channel in ("any", "in_app", "email", "push"):
        team.switch(LOCKED.name, channel, False)
    for _ in range(3):
        assert tell(team, LOCKED.name).count == 1
    assert len(team.titles()) == 3
    assert team.messages(columns="channel, send_at <= now()") == [("email", True)] * 3 + [("push", True)] * 3
    assert team.skips() == []


# 3. The switch


def test_a_switch_turns_all_its_types_off(team: Team, tell: Tell) -> None:
    team.switch("hot_leads", "any", False)
    assert tell(team, "hot_lead").reasons == {"switched_off": 1}
    assert tell(team, "lead_cooling").reasons == {"switched_off": 1}
    assert tell(team, "mission_alert").count == 1
    assert team.titles() == ["🎯 A title"]
    assert team.messages() == [("email", "🎯 A title")]


def test_a_switch_is_a_persons_own(owner_sql: Sql, acting: Acting) -> None:
    team = make_team(owner_sql, people=2)
    team.switch("mission_alert", "any", False)
    with acting(SYSTEM):
        assert notify(team.people, "mission_alert", values=WORDS, org_id=team.org_id).count == 1
    assert team.titles(team.people[1]) == ["🎯 A title"]


# 4. The channels


def test_without_the_bell_it_is_put_away_at_once(team: Team, tell: Tell) -> None:
    team.switch("mission_alert", "in_app", False)
    assert tell(team).count == 1
    assert team.items(columns="archived_at = created_at") == [(True,)]
    assert team.messages() == [("email", "🎯 A title")]
    assert team.skips() == [("in_app", "channel_off")]
    assert team.sql("SELECT coalesce(sum(unread), 0) FROM unread_counts") == [(0,)]


def test_with_every_channel_off_nothing_is_made(team: Team, tell: Tell) -> None:
    for channel in ("in_app", "email", "push"):
        team.switch("mission_alert", channel, False)
    assert tell(team).reasons == {"channel_off": 1}
    assert team.titles() == []
    assert team.skips() == [(None, "channel_off")]


def test_e_mail_needs_its_masters_word_and_an_address(team: Team, tell: Tell) -> None:
    team.set(email_enabled=False)
    tell(team)
    team.set(email_enabled=True)
    team.switch("mission_alert", "email", True)
    team.sql("UPDATE users SET email = NULL, phone = '+13055550188'")
    tell(team)
    assert team.messages() == []
    assert team.skips() == [("email", "channel_off"), ("email", "no_address")]


def test_pushes_need_their_masters_word_and_a_device(team: Team, tell: Tell) -> None:
    with_device(team)
    tell(team)
    assert [row[0] for row in team.messages()] == ["email"]
    team.set(push_enabled=True)
    tell(team)
    assert [row[0] for row in team.messages()] == ["email", "email", "push"]
    team.sql("DELETE FROM push_subscriptions")
    tell(team)
    assert team.skips() == [("push", "no_device")]


def test_what_is_off_by_default_can_be_switched_on(team: Team, tell: Tell) -> None:
    tell(team, "coin_earned")
    assert team.messages() == []
    team.switch("coin_earned", "email", True)
    tell(team, "coin_earned", group_key="other")
    assert [row[0] for row in team.messages()] == ["email"]
    assert team.skips() == []


def test_a_letter_names_its_notice(team: Team, tell: Tell) -> None:
    expires_at = now() + timedelta(hours=5)
    [made] = tell(team, expires_at=expires_at).made
    [row] = team.messages(columns="notification_id, subject_kind, subject_id, purpose, org_id, body, html, expires_at")
    assert row == (made, "notification", made, "notice", team.org_id, "Call John", None, expires_at)


# Texts


def test_texts_are_for_what_is_urgent_in_an_elite_team(owner_sql: Sql, tell: Tell) -> None:
    for tier, texted in (("free", 0), ("pro", 0), ("elite", 1)):
        team = make_team(owner_sql, tier=tier)
        with_phone(team, f"+1305555010{TIERS.index(tier)}")
        tell(team, "followup_due")
        assert [row[0] for row in team.messages()].count("sms") == texted, tier
    team.switch("mission_alert", "sms", True)
    tell(team, "mission_alert")
    assert [row[0] for row in team.messages()].count("sms") == 1
    assert team.skips() == [("sms", "sms_high_only")]
    tell(team, TEXTED_LOW.name)
    assert [row[0] for row in team.messages()].count("sms") == 1


def test_who_asks_for_texts_is_told_why_there_is_none(owner_sql: Sql, tell: Tell) -> None:
    team = make_team(owner_sql, tier="free")
    team.switch("followup_due", "sms", True)
    tell(team, "followup_due")
    with_phone(team)
    tell(team, "followup_due", group_key="other")
    assert team.skips() == [("sms", "tier"), ("sms", "tier")]
    team.sql("UPDATE organizations SET tier = 'elite'")
    tell(team, "followup_due", group_key="third")
    assert team.messages(columns="channel, to_phone")[-1] == ("sms", "+13055550123")
    team.sql("UPDATE users SET phone = NULL")
    tell(team, "followup_due", group_key="fourth")
    assert ("sms", "no_number") in team.skips()


def test_a_business_own_texts_are_no_matter_of_tier(owner_sql: Sql, tell: Tell) -> None:
    team = make_team(owner_sql, tier="free", kind="business")
    with_phone(team)
    team.switch("mission_alert", "sms", True)
    tell(team, priority="high")
    [(channel, phone, body, purpose, mine)] = team.messages(
        columns="channel, to_phone, body, purpose, notification_id = subject_id"
    )[1:]
    assert (channel, phone, purpose, mine) == ("sms", "+13055550123", "notice", True)
    assert body.startswith("A title. Call John") or "A title. Call John" in body


def test_who_answered_stop_is_texted_nothing(team: Team, tell: Tell) -> None:
    with_phone(team)
    team.sql(
        "INSERT INTO consumers (id, phone, time_zone, region, opted_out_at) VALUES (%s, %s, '', 'US-FL', now())",
        uuid4(), "+13055550123",
    )  # fmt: skip
    tell(team, "followup_due")
    assert [row[0] for row in team.messages()] == ["email"]
    assert team.skips() == [("sms", "opted_out")]


# 5. Quiet hours, and the pause


def test_quiet_hours_hold_what_leaves_the_house(team: Team, tell: Tell) -> None:
    with_device(team)
    with_phone(team)
    hours = hours_around(team)
    team.set(push_enabled=True, **hours)
    [made] = tell(team, "followup_due").made
    [(ends,)] = team.sql("SELECT nexapp_quiet_until(now(), 'UTC', %s, %s)", hours["quiet_starts"], hours["quiet_ends"])
    assert now() < ends <= now() + timedelta(hours=2)
    held = dict(team.messages(columns="channel, send_at"))
    assert (held["email"], held["push"]) == (ends, ends)
    assert held["sms"] >= ends
    assert team.skips() == [("email", "quiet_hours"), ("push", "quiet_hours"), ("sms", "quiet_hours")]
    assert team.sql("SELECT DISTINCT held_until, notification_id FROM notification_skips") == [(ends, made)]
    assert team.items(columns="read_at, archived_at") == [(None, None)], "the bell has it at once"
    [(latest,)] = team.sql("SELECT max(expires_at) FROM messages WHERE channel <> 'sms'")
    assert latest == ends + timedelta(hours=24)


def test_what_is_urgent_passes_where_person_and_tier_allow(owner_sql: Sql, tell: Tell) -> None:
    for tier, passes in (("free", False), ("pro", False), ("elite", True)):
        team = make_team(owner_sql, tier=tier)
        team.set(urgent_passes=True, **hours_around(team))
        tell(team, "followup_due")
        assert team.messages(columns="channel, send_at <= now()") == [("email", passes)], tier
    team = make_team(owner_sql, tier="elite")
    team.set(urgent_passes=False, **hours_around(team))
    tell(team, "followup_due")
    assert team.messages(columns="send_at <= now()") == [(False,)]
    team.set(urgent_passes=True)
    tell(team, "mission_alert")
    assert team.messages(columns="send_at <= now()") == [(False,)] * 2


def test_outside_quiet_hours_nothing_is_held(team: Team, tell: Tell) -> None:
    hours = hours_around(team)
    team.set(quiet_enabled=True, quiet_starts=hours["quiet_ends"], quiet_ends=hours["quiet_starts"])
    tell(team)
    assert team.messages(columns="send_at <= now()") == [(True,)]
    assert team.skips() == []


def test_what_would_come_too_late_is_not_held(team: Team, tell: Tell) -> None:
    with_device(team)
    team.set(push_enabled=True, **hours_around(team))
    assert tell(team, expires_at=now() + timedelta(hours=1)).count == 1
    assert team.messages() == []
    assert team.skips() == [("email", "too_late"), ("push", "too_late")]
    tell(team, expires_at=now() + timedelta(hours=3))
    assert len(team.messages()) == 2


def test_a_pause_leaves_the_bell_alone(team: Team, tell: Tell) -> None:
    with_device(team)
    team.set(push_enabled=True, paused_until=now() + timedelta(days=1))
    assert tell(team).count == 1
    assert team.messages() == []
    assert team.skips() == [("email", "paused"), ("push", "paused")]
    team.set(paused_until=now() - timedelta(seconds=1))
    tell(team)
    assert len(team.messages()) == 2


# 6. The digest


def test_the_digest_takes_low_and_normal(team: Team, tell: Tell) -> None:
    with_device(team)
    team.set(digest_enabled=True, push_enabled=True)
    tell(team, "weekly_report")
    tell(team, "mission_alert")
    tell(team, "hot_lead")
    assert [row[0] for row in team.messages()] == ["email", "push", "push", "push"]
    assert team.items(columns="type, digest_on IS NOT NULL") == [
        ("weekly_report", True), ("mission_alert", True), ("hot_lead", False),
    ]  # fmt: skip


def test_without_e_mail_nothing_waits_for_the_digest(team: Team, tell: Tell) -> None:
    team.set(digest_enabled=True)
    team.switch("mission_alert", "email", False)
    tell(team)
    assert team.items(columns="digest_on") == [(None,)]


# 7. The cap


def test_the_cap_is_twenty_a_day_of_normal_and_low(team: Team, tell: Tell) -> None:
    for n in range(21):
        tell(team, "mission_alert" if n % 2 else "weekly_report")
    assert len(team.titles()) == 20
    assert team.skips() == [(None, "frequency_cap")]
    assert tell(team, "followup_due").count == 1, "what is urgent isn't counted"
    team.sql("UPDATE notifications SET created_at = created_at - interval '1 day' WHERE priority <> 'high'")
    assert tell(team).count == 1, "a new day"


def test_the_cap_counts_by_the_persons_own_day(team: Team, tell: Tell) -> None:
    """An item of their yesterday doesn't count, though it may be today's elsewhere."""
    team.set(daily_cap=1)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        team.sql("DELETE FROM notifications")
        team.sql("UPDATE users SET time_zone = %s", zone)
        tell(team)
        midnight = "date_trunc('day', now() AT TIME ZONE %s) AT TIME ZONE %s"
        team.sql(f"UPDATE notifications SET created_at = {midnight}", zone, zone)
        assert tell(team).reasons == {"frequency_cap": 1}
        team.sql(f"UPDATE notifications SET created_at = {midnight} - interval '1 second'", zone, zone)
        assert tell(team).count == 1


def test_many_at_once_stop_at_the_cap(team: Team, acting: Acting) -> None:
    team.set(daily_cap=3)
    with acting(SYSTEM):
        told = notify([Recipient(team.people[0], {"title": str(n)}) for n in range(5)], "mission_alert",
                      org_id=team.org_id)  # fmt: skip
    assert (told.count, told.reasons) == (3, {"frequency_cap": 2})


def test_what_folds_costs_one_of_the_cap(team: Team, tell: Tell) -> None:
    team.set(daily_cap=1)
    for _ in range(3):
        assert tell(team, "coin_earned").count == 1
    assert tell(team).reasons == {"frequency_cap": 1}


def test_what_joins_another_costs_the_next_group_nothing(team: Team, acting: Acting) -> None:
    team.set(daily_cap=2)
    with acting(SYSTEM):
        for groups in (["a"], ["a", "b"]):
            asked = [Recipient(team.people[0], WORDS, group_key=group) for group in groups]
            assert notify(asked, "coin_earned", org_id=team.org_id).count == len(groups)


# 8. The key against doubles


def test_a_key_is_told_once(team: Team, tell: Tell) -> None:
    assert tell(team, dedupe_key="report:2026-11-15").count == 1
    again = tell(team, dedupe_key="report:2026-11-15")
    assert (again.count, again.skipped, again.reasons) == (0, 1, {})
    assert len(team.titles()) == 1
    assert len(team.messages()) == 1
    assert team.skips() == []


def test_a_key_is_told_once_in_one_call_too(owner_sql: Sql, acting: Acting) -> None:
    team = make_team(owner_sql, people=2)
    twice = [Recipient(user_id, WORDS, dedupe_key="k") for user_id in (*team.people, *team.people)]
    with acting(SYSTEM):
        told = notify(twice, "mission_alert", org_id=team.org_id)
    assert (told.count, told.skipped) == (2, 2)


def test_what_was_not_sent_is_recorded_once_for_a_key(team: Team, tell: Tell) -> None:
    team.switch("mission_alert", "any", False)
    for _ in range(2):
        tell(team, dedupe_key="k")
    assert team.skips() == [(None, "switched_off")]


# In their order


def test_the_first_rule_that_refuses_is_the_one_recorded(owner_sql: Sql, tell: Tell) -> None:
    team = make_team(owner_sql, tier="free")
    team.set(daily_cap=1)
    tell(team)
    team.switch("hot_leads", "any", False)
    for channel in ("in_app", "email", "push"):
        team.switch("lead_cooling", channel, False)
    assert tell(team, "lead_cooling").reasons == {"tier": 1}
    team.sql("UPDATE organizations SET tier = 'elite'")
    assert tell(team, "lead_cooling").reasons == {"switched_off": 1}
    team.switch("hot_leads", "any", True)
    assert tell(team, "lead_cooling").reasons == {"channel_off": 1}
    for channel in ("in_app", "email", "push"):
        team.switch("lead_cooling", channel, True)
    assert tell(team, "lead_cooling").reasons == {"frequency_cap": 1}


# Whom it may reach


def test_a_tenant_reaches_members_of_its_own_only(owner_sql: Sql, acting: Acting) -> None:
    team, other = make_team(owner_sql, people=2), make_team(owner_sql)
    gone, closed = uuid4(), uuid4()
    for user_id in (gone, closed):
        owner_sql("INSERT INTO users (id, email) VALUES (%s, %s)", user_id, f"{user_id.hex}@example.com")
        join_team(owner_sql, team.org_id, user_id)
    owner_sql("UPDATE memberships SET deactivated_at = now() WHERE user_id = %s", gone)
    owner_sql("UPDATE users SET deactivated_at = now() WHERE id = %s", closed)
    everybody = [*team.people, *other.people, gone, closed, uuid4()]
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        told = notify(everybody, "mission_alert", values=WORDS)
        foreign = notify(other.people, "mission_alert", values=WORDS, org_id=other.org_id)
        account = notify([Recipient(team.people[0], WORDS)], LOCKED.name)
    assert (told.count, told.skipped, foreign.count, account.count) == (2, 4, 0, 1)
    assert owner_sql("SELECT DISTINCT user_id FROM notifications WHERE user_id <> ALL(%s)", team.people) == []
    assert owner_sql("SELECT DISTINCT user_id FROM notification_skips WHERE user_id <> ALL(%s)", team.people) == []
    assert owner_sql("SELECT DISTINCT org_id FROM notifications") == [(team.org_id,)]


def test_the_system_reaches_members_and_accounts(owner_sql: Sql, acting: Acting) -> None:
    team, other = make_team(owner_sql), make_team(owner_sql)
    with acting(SYSTEM):
        wrong = notify(other.people, "mission_alert", values=WORDS, org_id=team.org_id)
        account = notify(other.people, LOCKED.name, values=WORDS)
    assert (wrong.count, account.count) == (0, 1)
    assert other.items(columns="org_id") == [(None,)]


# What goes wrong


def test_a_notice_about_something_gone_is_left_out_and_the_rest_goes_on(owner_sql: Sql, acting: Acting) -> None:
    team, other = make_team(owner_sql, people=2), make_team(owner_sql)
    mine, deleted, foreign = (make_prospect(owner_sql, org) for org in (team.org_id, team.org_id, other.org_id))
    owner_sql("UPDATE prospects SET deleted_at = now() WHERE id = %s", deleted)
    asked = [Recipient(team.people[n % 2], WORDS, subject_id=subject)
             for n, subject in enumerate([mine, deleted, foreign, uuid4()])]  # fmt: skip
    with acting(Actor(Role.OWNER, team.org_id, team.people[0])):
        told = notify(asked, "achievement", subject_kind="prospect")
    assert (told.count, told.reasons) == (1, {"bad_reference": 3})
    assert told.by_subject == {mine: told.made[0]}
    assert owner_sql("SELECT kind, details ->> 'people' FROM system_errors") == [("notice_error", "3")]


def test_the_name_of_a_column_is_nothing_but_a_name(team: Team, acting: Acting) -> None:
    """The function runs as the system: what it is told must never be run."""
    asked = {"user_id": team.people[0], "org_id": team.org_id, "subject_id": uuid4()}
    with acting(SYSTEM):
        kind = kind_of(find_type("mission_alert"), "mission_alert", None, "prospect")
    with pytest.raises(ProgrammingError, match="does not exist"), acting(SYSTEM):
        call_for(kind | {"subject_ended": "id IS NULL OR true) --"}, [asked])


def make_prospect(sql: Sql, org_id: UUID) -> UUID:
    stage, prospect = uuid4(), uuid4()
    sql("INSERT INTO prospect_stages (id, org_id, name) VALUES (%s, %s, %s)", stage, org_id, stage.hex)
    sql("INSERT INTO prospects (id, org_id, name, stage_id) VALUES (%s, %s, 'John Doe', %s)", prospect, org_id, stage)
    return prospect


def test_a_database_error_is_asked_once_more_then_recorded(
    team: Team, acting: Acting, owner_sql: Sql, statements: list[str]
) -> None:
    with acting(SYSTEM):
        db.session.connection()
        told = notify_selected("mission_alert", "SELECT id AS user_id, 1 / 0 AS days FROM users")
        # The caller's own work goes on in the same transaction.
        assert notify(team.people, "mission_alert", values=WORDS, org_id=team.org_id).count == 1
    assert (told.count, told.made) == (0, [])
    assert len([one for one in statements if "1 / 0" in one]) == 2
    [(kind, severity)] = owner_sql("SELECT kind, severity FROM system_errors")
    assert (kind, severity) == ("notice_error", "high")
    assert len(team.titles()) == 1


def test_words_that_look_like_places_stay_words(team: Team, tell: Tell) -> None:
    tell(team, "followup_due", values={"message": '{name} %s </script> "quoted"'})
    tell(team, "achievement", values={"title": "x" * 500})
    assert team.items(columns="message")[0][0] == '{name} %s </script> "quoted"'
    assert len(team.titles()[1]) == 200


def test_a_value_that_was_forgotten_leaves_no_hole(owner_sql: Sql, acting: Acting) -> None:
    team = make_team(owner_sql, people=2)
    with acting(SYSTEM):
        told = notify(
            [Recipient(team.people[0], {"name": "Ada"}), Recipient(team.people[1], {"nam": "Ben"})], "hot_lead",
            org_id=team.org_id,
        )  # fmt: skip
    assert told.count == 2
    said = [team.items(person, "title, message")[0] for person in team.people]
    assert said == [("🔥 New Hot Lead", "Ada just became a hot lead."), ("Hot leads", "")]
    [(kind, message)] = owner_sql("SELECT kind, message FROM system_errors")
    assert kind == "notice_error"
    assert "hot_lead (name)" in message


def test_what_each_type_needs_is_known() -> None:
    needed = {name: set(TYPES[name].needs) for name, *_ in TABLE}
    assert needed == {
        "hot_lead": {"name"}, "followup_due": set(), "sequence_action": {"step", "steps", "name", "message"},
        "lead_cooling": {"name"}, "streak_reminder": {"days", "longest"}, "mission_alert": {"title"},
        "weekly_report": set(), "ai_insight": {"title"}, "scan_complete": {"title"}, "coin_earned": {"coins"},
        "achievement": {"title"},
    }  # fmt: skip


def test_a_title_without_words_is_the_types_label(team: Team, tell: Tell) -> None:
    register_types(bare := NoticeType("engine_test_bare", "Bare", "·", ("gray", "slate"), "normal", "{title}", ""))
    try:
        tell(team, bare.name, values={})
    finally:
        del TYPES[bare.name]
    assert team.titles() == ["Bare"]


def test_every_reason_has_words() -> None:
    assert len({reason_words(reason) for reason in REASONS}) == len(REASONS)
    assert reason_words("of a later release")
    assert {channel_words(channel) for channel in ("in_app", "email", "push", "sms", None)} == {
        "In NexApp", "E-mail", "Push", "Text", "Not made at all",
    }  # fmt: skip
