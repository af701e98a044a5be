"""How notices are received: one's own figures, a business's sums, and what is suggested from them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask

from nexapp.notifications import states
from nexapp.notifications.engagement import org_engagement, own_engagement
from nexapp.notifications.suggestions import find_habit, list_suggestions
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Actor, Role
from tests.notifications.channels_world import PAGE, Somebody, Team, ago

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]
FIGURES = f"{PAGE}/figures"


@pytest.fixture
def team(app: Flask, owner_sql: Sql) -> Team:
    return Team(app, owner_sql, zone="UTC")


@pytest.fixture
def ana(team: Team) -> Somebody:
    return team.member()


def names(acting: Acting, person: Somebody) -> list[str]:
    with acting(person.actor):
        return [suggestion.name for suggestion in list_suggestions()]


def at_nine(days: float) -> datetime:
    return datetime.combine(now().date(), time(9, 20), now().tzinfo) - timedelta(days=days)


def test_figures_count_each_step(acting: Acting, team: Team, ana: Somebody) -> None:
    made = ago(days=2)
    team.notices(ana, 3, "streak_reminder", created_at=made)
    team.notice(ana, "streak_reminder", created_at=made, seen_at=ago(days=1))
    opened = {"created_at": made, "seen_at": ago(days=1), "read_at": ago(days=1), "opened_at": ago(days=1)}
    team.notice(ana, "streak_reminder", **opened)
    for minutes in (10, 20, 600):
        team.notice(ana, "followup_due", **opened, acted_at=made + timedelta(minutes=minutes))
    with acting(ana.actor):
        found = own_engagement()
    [(first, streaks), (second, follow_ups)] = found.by_type
    assert (first.name, streaks.made, streaks.seen, streaks.opened, streaks.acted) == ("streak_reminder", 5, 2, 1, 0)
    assert (second.name, follow_ups.made, follow_ups.acted) == ("followup_due", 3, 3)
    assert follow_ups.act_seconds == pytest.approx(20 * 60)
    assert (found.total.made, found.total.opened) == (8, 4)
    assert found.by_day[made.date()].made == 8


def test_what_was_only_marked_as_read_was_not_opened(acting: Acting, team: Team, ana: Somebody) -> None:
    opened, *others = team.notices(ana, 12, "coin_earned", created_at=at_nine(1))
    with acting(ana.actor):
        states.read(ana.user_id, others[:1])
        states.read_all(ana.user_id)
        states.mark_seen(ana.user_id, others)
        assert (own_engagement().total.opened, find_habit()) == (0, None)
        assert [suggestion.name for suggestion in list_suggestions()] == ["off:coin_earned"]
        states.mark_opened(ana.user_id, [opened])
        assert (own_engagement().total.opened, org_engagement("UTC").total.opened) == (1, 1)
        assert list_suggestions() == []


@pytest.mark.parametrize("way", ["shown by itself", "where a letter leads", "done"])
def test_each_way_of_opening_counts_once_and_stays(
    acting: Acting, team: Team, ana: Somebody, owner_sql: Sql, way: str
) -> None:
    notice, other = team.notices(ana, 2, "coin_earned")
    for _ in range(2):
        if way == "where a letter leads":
            assert ana.get(f"/notifications/{notice}/open").status_code == 200
            assert ana.post(f"/notifications/{notice}/open").status_code == 303
        else:
            verb = "open" if way == "shown by itself" else "acted"
            answer = ana.post("/notifications/changes", {"verb": verb, "ids": str(notice)}, fragment=True)
            assert answer.status_code == 204
    [(first,)] = owner_sql("SELECT opened_at FROM notifications WHERE id = %s AND read_at = opened_at", notice)
    ana.post("/notifications/changes", {"verb": "unread", "ids": str(notice)}, fragment=True)
    assert owner_sql("SELECT opened_at FROM notifications WHERE id = %s AND read_at IS NULL", notice) == [(first,)]
    assert owner_sql("SELECT opened_at FROM notifications WHERE id = %s AND read_at IS NULL", other) == [(None,)]


def test_a_page_tells_that_it_shows_what_was_not_opened_yet(team: Team, ana: Somebody) -> None:
    notice = team.notice(ana, read_at=now())
    assert "data-fresh" in ana.get(f"/notifications/{notice}", fragment=True).text
    ana.post("/notifications/changes", {"verb": "open", "ids": str(notice)}, fragment=True)
    assert "data-fresh" not in ana.get(f"/notifications/{notice}", fragment=True).text


def test_looking_ahead_opens_nothing(team: Team, ana: Somebody, owner_sql: Sql) -> None:
    notice = team.notice(ana)
    for address in (f"/notifications/{notice}", f"/notifications/{notice}/open", "/notifications/bell"):
        ana.get(address, fragment=True)
    assert owner_sql("SELECT opened_at, read_at FROM notifications") == [(None, None)]


def test_what_is_old_or_a_part_of_another_does_not_count(acting: Acting, team: Team, ana: Somebody) -> None:
    team.notice(ana, created_at=ago(days=40))
    head = team.notice(ana, parts=2)
    team.notices(ana, 2, "coin_earned", folded_into=head)
    with acting(ana.actor):
        assert own_engagement().total.made == 1
        assert org_engagement("UTC").total.made == 1


def test_a_business_gets_sums_of_its_own_people_only(acting: Acting, team: Team, ana: Somebody, owner_sql: Sql) -> None:
    ben = team.member(Role.STAFF)
    other = Team(team.app, owner_sql)
    stranger = other.member()
    team.notices(ana, 2, "coin_earned", opened_at=now())
    team.notices(ben, 3, "coin_earned")
    other.notices(stranger, 5, "coin_earned")
    with acting(ana.actor):
        [(_, sums)] = org_engagement("UTC").by_type
        assert (sums.made, sums.opened) == (5, 2)
        [(_, own)] = own_engagement().by_type
        assert own.made == 2


@pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 200), (Role.OWNER, 200), (Role.STAFF, 403)])
def test_the_businesss_figures_are_for_managers(team: Team, role: Role, status: int) -> None:
    person = team.member(role)
    team.notice(person, opened_at=now())
    assert person.get(f"{FIGURES}/business").status_code == status
    own = person.get(FIGURES)
    assert own.status_code == 200
    assert (f"{FIGURES}/business" in own.text) == (status == 200)


def test_without_notices_the_page_says_what_will_be_there(ana: Somebody) -> None:
    assert "Nothing came yet" in ana.get(FIGURES).text


def test_the_figures_need_few_statements_however_many_types(team: Team, ana: Somebody, statements: list[str]) -> None:
    for type_name in ("coin_earned", "streak_reminder", "scan_complete", "achievement"):
        team.notices(ana, 5, type_name, created_at=ago(days=3))
    ana.get(FIGURES)
    statements.clear()
    ana.get(FIGURES)
    assert len([s for s in statements if s.lstrip().upper().startswith(("SELECT", "WITH"))]) <= 12


def test_the_hour_of_openings_is_suggested_and_taken(acting: Acting, team: Team, ana: Somebody, owner_sql: Sql) -> None:
    for day in range(1, 21):
        team.notice(ana, opened_at=at_nine(day))
    assert names(acting, ana) == ["digest-hour"]
    shown = ana.get().text
    assert "You open most between 9:00" in shown
    assert "20 of the 20 notices" in shown
    assert ana.post(f"{PAGE}/suggestions/digest-hour", fragment=True).status_code == 200
    assert owner_sql("SELECT digest_enabled, digest_at FROM notification_settings") == [(True, time(9))]
    assert names(acting, ana) == []


def test_few_or_scattered_openings_suggest_nothing(acting: Acting, team: Team, ana: Somebody) -> None:
    for day in range(1, 20):
        team.notice(ana, opened_at=at_nine(day))
    assert names(acting, ana) == []
    for hour in range(24):
        for day in range(1, 4):
            team.notice(ana, opened_at=at_nine(day) + timedelta(hours=hour))
    assert names(acting, ana) == []


def test_the_hour_is_of_the_persons_own_clock(team: Team) -> None:
    far = team.member(zone="Asia/Kolkata")
    for day in range(1, 21):
        team.notice(far, opened_at=at_nine(day))
    assert "You open most between 2:00" in far.get().text  # 9:20 UTC is 14:50 there


def test_what_is_never_opened_can_be_switched_off(acting: Acting, team: Team, ana: Somebody, owner_sql: Sql) -> None:
    team.notices(ana, 10, "coin_earned", created_at=ago(days=5))
    team.notices(ana, 9, "achievement", created_at=ago(days=5))
    team.notices(ana, 10, "scan_complete", created_at=ago(days=5))
    team.notice(ana, "scan_complete", opened_at=now())
    assert names(acting, ana) == ["off:coin_earned"]
    assert ana.post(f"{PAGE}/suggestions/off:coin_earned").status_code == 303
    assert owner_sql("SELECT name, channel, is_on FROM notification_preferences") == [("coin_earned", "any", False)]
    assert names(acting, ana) == []


def test_a_type_that_shares_its_switch_goes_alone(acting: Acting, team: Team, ana: Somebody, owner_sql: Sql) -> None:
    team.notices(ana, 10, "lead_cooling", created_at=ago(days=5))
    assert names(acting, ana) == ["off:lead_cooling"]
    ana.post(f"{PAGE}/suggestions/off:lead_cooling", fragment=True)
    assert {row[:2] for row in owner_sql("SELECT name, channel FROM notification_preferences")} == {
        ("lead_cooling", "in_app"), ("lead_cooling", "email"), ("lead_cooling", "push"),
    }  # fmt: skip
    assert names(acting, ana) == []


def test_a_declined_suggestion_rests(acting: Acting, team: Team, ana: Somebody, owner_sql: Sql) -> None:
    team.notices(ana, 10, "coin_earned", created_at=ago(days=5))
    ana.post(f"{PAGE}/suggestions/off:coin_earned/decline", fragment=True)
    assert names(acting, ana) == []
    assert owner_sql("SELECT * FROM notification_preferences") == []
    owner_sql("UPDATE notification_suggestions SET answered_at = now() - interval '91 days'")
    assert names(acting, ana) == ["off:coin_earned"]


def test_what_is_not_suggested_is_not_there(team: Team, ana: Somebody) -> None:
    team.notices(team.member(), 10, "coin_earned", created_at=ago(days=5))
    for name in ("off:coin_earned", "digest-hour", "off:nothing"):
        assert ana.post(f"{PAGE}/suggestions/{name}").status_code == 404
