"""Invitations: once, for the invited one alone, for seven days; forwarded, stolen, replayed and scanned in vain."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from flask import Flask

from nexapp.identity.errors import InvitationEnded
from nexapp.identity.team_invitations import accept, invite, resend
from nexapp.spine.errors import Forbidden
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work
from tests.identity.people import ANA, BEN, TEXTED, Person
from tests.identity.team_world import TEAM, Shop, Sql

EVE = "+15551230003"
MAIL = "ben@example.com"


@pytest.fixture
def shop(
    owner_sql: Sql, new_person: Callable[[], Person], phone: httpx.Client, send_texts: Callable[[], None],
    send_emails: Callable[[], None],
) -> Shop:  # fmt: skip
    def send() -> None:
        send_emails()
        send_texts()

    phone.delete("/dev/mail/messages")
    return Shop(owner_sql, new_person, phone, send)


def cookie_of(person: Person) -> dict[str, Any]:
    with person.client.session_transaction() as session:
        return dict(session)


def accept_at(person: Person, link: str) -> int:
    return person.post(f"{link}/acceptance", page=link).status_code


def test_a_newcomer_joins_by_the_texted_link(shop: Shop, new_person: Callable[[], Person]) -> None:
    assert shop.invite("(555) 123-0002", "manager").status_code == 303
    link = shop.texted_link(BEN)
    ben = new_person()
    shown = ben.get(link)
    assert shown.status_code == 200
    assert "Downtown Dental" in shown.text
    assert "Manager" in shown.text
    assert "123-0002" not in shown.text, "a forwarded link doesn't tell the number"
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert ben.post(f"{link}/proof", page=link).location == "/sign-in/code"
    assert "123-0002" not in ben.get("/sign-in/code").text
    back = ben.post("/sign-in/code", {"code": TEXTED[-1].code}, page="/sign-in/code")
    assert back.location == link
    assert accept_at(ben, link) == 303
    assert ben.get(TEAM).status_code == 200
    assert shop.sql("SELECT role FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.phone = %s", BEN) == [
        ("manager",)
    ]
    assert accept_at(ben, link) == 410, "single use"
    assert ben.get(link).status_code == 410


def test_a_newcomer_joins_by_the_mailed_link(
    shop: Shop, new_person: Callable[[], Person], send_emails: Callable[[], None]
) -> None:
    assert shop.invite(f" {MAIL} ", "staff").status_code == 303
    send_emails()
    link = shop.mailed_link(MAIL)
    ben = new_person()
    assert MAIL not in ben.get(link).text
    assert ben.post(f"{link}/proof", page=link).location == "/sign-in/email/sent"
    send_emails()
    key = shop.mailed_link(MAIL)
    assert key.startswith("/l/")
    assert ben.post(key, page=key).location == link
    assert accept_at(ben, link) == 303
    assert shop.sql("SELECT phone, email FROM users WHERE email IS NOT NULL") == [(None, MAIL)]
    assert ben.get("/account").status_code == 200


def test_the_wrong_person_gets_nowhere(shop: Shop) -> None:
    shop.invite(BEN)
    link = shop.texted_link(BEN)
    eve = shop.enter(EVE)
    assert "somebody else" in eve.get(link).text
    assert accept_at(eve, link) == 403
    assert accept_at(shop.owner, link) == 403
    assert shop.sql("SELECT count(*) FROM memberships") == [(1,)]
    assert shop.sql("SELECT accepted_at FROM team_invitations") == [(None,)]


def test_a_stolen_link_proves_nothing(shop: Shop, new_person: Callable[[], Person]) -> None:
    shop.invite(BEN)
    link, thief = shop.texted_link(BEN), new_person()
    thief.post(f"{link}/proof", page=link)
    assert TEXTED[-1].phone == BEN, "the code goes to the invited number, whatever the thief types"
    assert BEN not in str(cookie_of(thief)), "a cookie is signed, and read by whoever has it"
    shop.sql("UPDATE verification_codes SET created_at = created_at - interval '1 minute'")
    assert thief.post("/sign-in/codes", page="/sign-in/code").status_code == 303
    assert (TEXTED[-1].phone, BEN in str(cookie_of(thief))) == (BEN, False)
    wrong = "111111" if TEXTED[-1].code != "111111" else "222222"
    assert thief.post("/sign-in/code", {"code": wrong}, page="/sign-in/code").status_code == 422
    assert thief.post(f"{link}/acceptance", page="/sign-in").location.startswith("/sign-in")


def test_a_scanner_that_opens_the_link_changes_nothing(shop: Shop, new_person: Callable[[], Person]) -> None:
    shop.invite(BEN)
    link, scanner = shop.texted_link(BEN), new_person()
    before = shop.sql("SELECT to_jsonb(i) FROM team_invitations i")
    for method in ("GET", "HEAD"):
        assert scanner.client.open(link, method=method).status_code == 200
    assert shop.sql("SELECT to_jsonb(i) FROM team_invitations i") == before
    forged = scanner.client.post(f"{link}/proof", headers={"Origin": "https://elsewhere.example"})
    assert forged.status_code == 403


@pytest.mark.parametrize("how", ["lapsed", "withdrawn", "sent again", "business suspended"])
def test_an_ended_link_says_so(shop: Shop, how: str) -> None:
    shop.invite(BEN)
    link = shop.texted_link(BEN)
    ben = shop.enter(BEN)
    [(invitation,)] = shop.sql("SELECT id FROM team_invitations")
    if how == "lapsed":
        shop.sql("UPDATE team_invitations SET expires_at = now()")
    elif how == "withdrawn":
        assert shop.owner.post(f"{TEAM}/invitations/{invitation}/withdrawal", page=TEAM).status_code == 303
    elif how == "business suspended":
        shop.sql("UPDATE organizations SET suspended_at = now()")
    else:
        shop.sql("UPDATE team_invitations SET sent_at = now() - interval '2 minutes'")
        assert shop.owner.post(f"{TEAM}/invitations/{invitation}/resending", page=TEAM).status_code == 303
        assert ben.get(shop.texted_link(BEN)).status_code == 200
    assert ben.get(link).status_code == (404 if how == "sent again" else 410)
    assert accept_at(ben, link) in {404, 410}
    assert shop.sql("SELECT count(*) FROM memberships") == [(1,)]


def test_of_two_taps_at_once_one_joins(app: Flask, shop: Shop) -> None:
    shop.invite(BEN)
    link = shop.texted_link(BEN)
    shop.enter(BEN)
    [(user,)] = shop.sql("SELECT id FROM users WHERE phone = %s", BEN)

    def tap(_: int) -> str:
        with app.app_context():
            try:
                with unit_of_work(Actor(Role.SYSTEM, None, user)):
                    accept(link.rpartition("/")[2])
            except InvitationEnded:
                return "ended"
            return "joined"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(tap, range(4))) == ["ended"] * 3 + ["joined"]
    assert shop.sql("SELECT count(*) FROM memberships") == [(2,)]


def test_who_was_taken_out_comes_back_in_the_new_role(shop: Shop) -> None:
    ben, membership = shop.hire("admin")
    [(number,)] = shop.sql(
        "SELECT phone FROM users u JOIN memberships m ON m.user_id = u.id WHERE m.id = %s", membership
    )
    assert shop.invite(number).status_code == 422, "in the team already"
    shop.sql("UPDATE memberships SET deactivated_at = now() WHERE id = %s", membership)
    assert shop.invite(number, "viewer").status_code == 303
    assert accept_at(ben, shop.texted_link(number)) == 303
    assert shop.role_of(membership) == "viewer"


def test_the_staff_member_chosen_comes_with_the_place(shop: Shop) -> None:
    shop.owner.post("/settings/staff", {"display_name": "Dr. Lee"}, page="/settings/staff")
    [(lee,)] = shop.sql("SELECT id FROM staff_members WHERE display_name = 'Dr. Lee'")
    assert shop.invite(BEN, staff_member_id=str(lee)).status_code == 303
    ben = shop.enter(BEN)
    accept_at(ben, shop.texted_link(BEN))
    assert shop.sql("SELECT u.phone FROM staff_members s JOIN users u ON u.id = s.user_id WHERE s.id = %s", lee) == [
        (BEN,)
    ]


@pytest.mark.parametrize("contact", ["", "abc", "a@b", "a b@c.de", "@x.de", "x@-a.de", "12", "a@b.c\r\nBcc: d@e.fg"])
def test_a_contact_that_reaches_nobody_is_refused(shop: Shop, contact: str) -> None:
    refused = shop.invite(contact)
    assert refused.status_code == 422
    assert 'id="contact-error"' in refused.text
    assert shop.sql("SELECT count(*) FROM team_invitations") == [(0,)]


def test_nobody_is_invited_twice_or_flooded(shop: Shop) -> None:
    assert shop.invite(BEN).status_code == 303
    assert shop.invite(BEN, "viewer").status_code == 422
    [(invitation,)] = shop.sql("SELECT id FROM team_invitations")
    again = f"{TEAM}/invitations/{invitation}/resending"
    assert shop.owner.post(again, page=TEAM).status_code == 429, "within the minute"
    statuses = []
    for _ in range(5):
        shop.sql("UPDATE team_invitations SET sent_at = sent_at - interval '2 minutes'")
        statuses.append(shop.owner.post(again, page=TEAM).status_code)
    assert statuses == [303] * 4 + [429]


def test_withdrawing_makes_no_room_for_more_strangers_in_a_day(shop: Shop) -> None:
    shop.sql(
        "INSERT INTO team_invitations (id, org_id, token_hash, role, phone, sends, expires_at, withdrawn_at)"
        " SELECT gen_random_uuid(), %s, sha256(n::text::bytea), 'staff', '+1555124' || (1000 + n), 2,"
        " now() + interval '7 days', now() FROM generate_series(1, 30) n",
        shop.org,
    )  # fmt: skip
    assert shop.invite(BEN).status_code == 429
    shop.sql("UPDATE team_invitations SET sent_at = now() - interval '25 hours'")
    assert shop.invite(BEN).status_code == 303


@pytest.mark.parametrize("how", ["invite", "resend"])
def test_who_was_demoted_a_moment_ago_invites_nobody(app: Flask, shop: Shop, how: str) -> None:
    shop.invite(BEN, "manager")
    shop.sql("UPDATE team_invitations SET sent_at = sent_at - interval '2 minutes'")
    [(invitation,)] = shop.sql("SELECT id FROM team_invitations")
    _admin, membership = shop.hire("admin")
    [(user,)] = shop.sql("UPDATE memberships SET role = 'staff' WHERE id = %s RETURNING user_id", membership)
    # As the request began, they still were.
    actor = Actor(Role.ADMIN, shop.org, user)
    with app.test_request_context(), unit_of_work(actor), pytest.raises(Forbidden):
        resend(invitation) if how == "resend" else invite(Role.STAFF, phone=EVE, email=None)
    assert shop.sql("SELECT phone, sends FROM team_invitations") == [(BEN, 1)]


def test_a_number_that_opted_out_gets_no_invitation(shop: Shop) -> None:
    shop.sql(
        "INSERT INTO consumers (id, phone, time_zone, region, opted_out_at)"
        " VALUES (gen_random_uuid(), %s, 'America/New_York', 'US', now())", BEN,
    )  # fmt: skip
    assert shop.invite(BEN).status_code == 303
    assert shop.sql("SELECT status FROM messages WHERE purpose = 'team_invitation'") == [("suppressed",)]


def test_another_businesss_invitation_is_not_there(shop: Shop) -> None:
    shop.invite(BEN)
    [(invitation,)] = shop.sql("SELECT id FROM team_invitations")
    other = shop.enter(EVE)
    other.found("Other Dental")
    for what in ("resending", "withdrawal"):
        assert other.post(f"{TEAM}/invitations/{invitation}/{what}", page=TEAM).status_code == 404
    assert "123-0002" not in other.get(TEAM).text


def test_the_token_is_kept_as_a_hash_and_out_of_the_logs(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    shop.invite(BEN)
    link = shop.texted_link(BEN)
    token = link.rpartition("/")[2]
    assert len(token) >= 22
    rows = shop.sql("SELECT to_jsonb(i)::text FROM team_invitations i")
    rows += shop.sql("SELECT to_jsonb(a)::text FROM audit_entries a") + shop.sql(
        "SELECT to_jsonb(j)::text FROM background_jobs j"
    )
    shop.owner.get(link)
    assert not any(token in row for (row,) in rows)
    assert not re.search(token, capfd.readouterr().err)
    assert ANA not in shop.owner.get(link).text
