"""Roles and their limits: what a hostile admin, a removed member and two hurried owners can't do."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import httpx
import pytest
from flask import Flask

from nexapp.identity.team import change_role, leave
from nexapp.spine.errors import NexError
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.identity.people import ANA, BEN, Person
from tests.identity.team_world import TEAM, Shop, Sql, change


@pytest.fixture
def shop(owner_sql: Sql, new_person: Callable[[], Person], phone: httpx.Client, send_texts: Callable[[], None]) -> Shop:
    return Shop(owner_sql, new_person, phone, send_texts)


@pytest.mark.parametrize("role", ["viewer", "staff", "manager"])
def test_only_admins_change_the_team(shop: Shop, role: str) -> None:
    person, own = shop.hire(role)
    _, other = shop.hire("viewer")
    shown = person.get(TEAM)
    assert shown.status_code == 200
    assert "Invite somebody" not in shown.text
    assert not re.search(r"555[-\u2011 ]\d|\+1\d{10}", shown.text), "numbers of colleagues are the admins' to see"
    assert change(person, other, "role", role="owner") == 403
    assert change(person, own, "role", role="owner") == 403
    assert change(person, other, "deactivation") == 403
    assert shop.invite(BEN, by=person).status_code == 403
    assert person.post(f"{TEAM}/ownership", {}, page="/account").status_code == 403
    assert (shop.role_of(own), shop.role_of(other)) == (role, "viewer")


def test_an_admin_reaches_no_higher_than_admin(shop: Shop) -> None:
    admin, own = shop.hire("admin")
    _, staff = shop.hire("staff")
    owner = shop.membership_of(ANA)
    assert change(admin, staff, "role", role="owner") == 403
    assert change(admin, own, "role", role="owner") == 403
    assert change(admin, owner, "role", role="viewer") == 403
    assert change(admin, owner, "deactivation") == 403
    assert change(admin, owner, "staff-member", staff_member_id="") == 403
    assert shop.invite(BEN, "owner", by=admin).status_code == 422
    assert admin.get("/settings/business").status_code == 403
    assert change(admin, staff, "role", role="admin") == 303
    assert change(admin, staff, "role", role="emperor") == 422
    assert (shop.role_of(owner), shop.role_of(own), shop.role_of(staff)) == ("owner", "admin", "admin")


def test_a_changed_role_counts_with_the_next_request(shop: Shop) -> None:
    person, membership = shop.hire("manager")
    assert person.get("/settings/staff").status_code == 200
    assert change(shop.owner, membership, "role", role="viewer") == 303
    assert person.get("/settings/staff").status_code == 403
    [(changes,)] = shop.sql("SELECT changes FROM audit_entries WHERE action = 'membership.role_changed'")
    assert changes == {"from": "manager", "to": "viewer"}


def test_who_is_taken_out_is_out_at_once(shop: Shop) -> None:
    person, membership = shop.hire("admin")
    assert change(shop.owner, membership, "deactivation") == 303
    assert person.get(TEAM).location == "/businesses"
    assert person.post(f"{TEAM}/invitations", {"contact": BEN}, page="/businesses").status_code == 303
    assert "Downtown Dental" not in person.get("/businesses").text
    assert person.post("/businesses/select", {"org_id": str(shop.org)}, page="/account").status_code == 404
    assert change(shop.owner, membership, "reactivation") == 303
    assert shop.role_of(membership) == "admin"
    assert person.get(TEAM).status_code == 200


def test_what_a_removed_admin_invited_ends_with_them(shop: Shop) -> None:
    admin, membership = shop.hire("admin")
    assert shop.invite(BEN, "admin", by=admin).status_code == 303
    link = shop.texted_link(BEN)
    assert change(shop.owner, membership, "deactivation") == 303
    accomplice = shop.enter(BEN)
    assert accomplice.get(link).status_code == 410
    assert accomplice.post(f"{link}/acceptance", page="/account").status_code == 410
    assert shop.sql("SELECT count(*) FROM memberships WHERE deactivated_at IS NULL") == [(1,)]


def test_a_demoted_admins_invitations_end_too(shop: Shop) -> None:
    admin, membership = shop.hire("admin")
    shop.invite(BEN, "admin", by=admin)
    change(shop.owner, membership, "role", role="staff")
    assert shop.sql("SELECT withdrawn_at IS NOT NULL FROM team_invitations") == [(True,)]


def test_the_last_owner_stays(shop: Shop) -> None:
    owner = shop.membership_of(ANA)
    assert change(shop.owner, owner, "role", role="admin") == 409
    assert change(shop.owner, owner, "deactivation") == 403
    assert shop.owner.post(f"{TEAM}/leaving", page=TEAM).status_code == 409
    assert shop.role_of(owner) == "owner"
    _, second = shop.hire("admin")
    assert change(shop.owner, second, "role", role="owner") == 303
    assert shop.owner.post(f"{TEAM}/leaving", page=TEAM).location == "/businesses"
    assert (shop.role_of(owner), shop.role_of(second)) == ("none", "owner")


@pytest.mark.parametrize("how", ["both leave", "each takes the other's role"])
def test_of_two_owners_who_go_at_once_one_stays(app: Flask, shop: Shop, how: str) -> None:
    _, second = shop.hire("owner")
    members = {shop.membership_of(ANA), second}
    actors = {
        membership: Actor(
            Role.OWNER, shop.org, shop.sql("SELECT user_id FROM memberships WHERE id = %s", membership)[0][0]
        )
        for membership in members
    }
    gate = Barrier(2)

    def go(membership: UUID) -> bool:
        [other] = members - {membership}
        with app.app_context():
            gate.wait()
            try:
                with unit_of_work(actors[membership]):
                    leave() if how == "both leave" else change_role(other, "viewer")
            except NexError:
                return False
            return True

    for _round in range(5):
        shop.sql("UPDATE memberships SET role = 'owner', deactivated_at = NULL")
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(go, members)) == [False, True]
        assert sorted(map(shop.role_of, members)) in (["none", "owner"], ["owner", "viewer"])


def test_ownership_is_handed_over_in_one_step(shop: Shop) -> None:
    heir_person, heir = shop.hire("staff")
    owner = shop.membership_of(ANA)
    form = {"t-membership_id": str(heir), "t-business_name": "Downtown"}
    refused = shop.owner.post(f"{TEAM}/ownership", form, page=TEAM)
    assert (refused.status_code, shop.role_of(owner)) == (422, "owner")
    form |= {"t-business_name": "downtown dental"}
    assert shop.owner.post(f"{TEAM}/ownership", form, page=TEAM).status_code == 303
    assert (shop.role_of(owner), shop.role_of(heir)) == ("admin", "owner")
    assert shop.owner.get("/settings/business").status_code == 403
    assert heir_person.get("/settings/business").status_code == 200
    again = shop.owner.post(f"{TEAM}/ownership", form, page=TEAM)
    assert again.status_code == 403, "a second tap, or a second tab"


@pytest.mark.parametrize("whose", ["nobody", "self", "gone", "another business"])
def test_ownership_goes_to_a_colleague_only(shop: Shop, whose: str) -> None:
    _, gone = shop.hire("staff")
    change(shop.owner, gone, "deactivation")
    stranger = shop.enter(BEN)
    stranger.found("Other Dental")
    [(foreign,)] = shop.sql("SELECT id FROM memberships WHERE org_id <> %s", shop.org)
    chosen = {"nobody": uuid4(), "self": shop.membership_of(ANA), "gone": gone, "another business": foreign}[whose]
    form = {"t-membership_id": str(chosen), "t-business_name": "Downtown Dental"}
    assert shop.owner.post(f"{TEAM}/ownership", form, page=TEAM).status_code in {404, 422}
    assert shop.role_of(shop.membership_of(ANA)) == "owner"


def test_a_member_gets_a_staff_members_time(shop: Shop) -> None:
    _, staff = shop.hire("staff")
    _, other = shop.hire("staff")
    shop.owner.post("/settings/staff", {"display_name": "Dr. Lee"}, page="/settings/staff")
    [(lee,)] = shop.sql("SELECT id FROM staff_members WHERE display_name = 'Dr. Lee'")
    assert change(shop.owner, staff, "staff-member", staff_member_id=str(lee)) == 303
    assert "takes slots as Dr. Lee" in shop.owner.get(TEAM).text
    assert change(shop.owner, other, "staff-member", staff_member_id=str(lee)) == 409
    assert change(shop.owner, other, "staff-member", staff_member_id=str(uuid4())) == 404
    assert change(shop.owner, staff, "staff-member", staff_member_id="") == 303
    assert shop.sql("SELECT user_id FROM staff_members WHERE id = %s", lee) == [(None,)]


def test_the_team_page_asks_the_database_as_often_for_many(shop: Shop, statements: list[str]) -> None:
    shop.hire("staff")
    counts = []
    for more in (0, 4):
        for _ in range(more):
            shop.hire("viewer")
        statements.clear()
        assert shop.owner.get(TEAM).status_code == 200
        counts.append(len(statements))
    assert counts[1] <= counts[0] <= 20


def test_a_fragment_is_the_list_alone(shop: Shop) -> None:
    fragment = shop.owner.get(TEAM, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert 'id="members"' in fragment
