"""A business with people in several roles, each at a browser of their own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
from werkzeug.test import TestResponse

from tests.identity.people import ANA, Person

Sql = Callable[..., list[Any]]
TEAM = "/settings/team"
LINK = re.compile(r"https?://\S+?(/[il]/[A-Za-z0-9_-]+)")
_numbers = itertools.count(3_000_000)


class Shop:
    """Ana owns it. Others are put in by rows; what they do, they do at their browsers."""

    def __init__(
        self, sql: Sql, new_person: Callable[[], Person], phone: httpx.Client, send: Callable[[], None]
    ) -> None:
        self.sql, self._new_person, self._phone, self._send = sql, new_person, phone, send
        self.owner = self.enter(ANA)
        self.owner.found()
        [(self.org,)] = sql("SELECT id FROM organizations")

    def enter(self, number: str) -> Person:
        self.sql("UPDATE verification_codes SET created_at = created_at - interval '1 minute'")
        person = self._new_person()
        assert person.sign_in(number).status_code == 303
        return person

    def hire(self, role: str) -> tuple[Person, UUID]:
        """A member in that role, signed in, and the id of the membership."""
        number = f"+1555{next(_numbers)}"
        person = self.enter(number)
        self.sql(
            "INSERT INTO memberships (id, org_id, user_id, role)"
            " SELECT gen_random_uuid(), %s, id, %s FROM users WHERE phone = %s",
            self.org, role, number,
        )  # fmt: skip
        self.sql(
            "UPDATE user_sessions SET org_id = %s WHERE user_id = (SELECT id FROM users WHERE phone = %s)",
            self.org, number,
        )  # fmt: skip
        return person, self.membership_of(number)

    def membership_of(self, number: str) -> UUID:
        [(found,)] = self.sql(
            "SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.phone = %s AND m.org_id = %s",
            number, self.org,
        )  # fmt: skip
        return found

    def role_of(self, membership: UUID) -> str:
        [(role, gone)] = self.sql("SELECT role, deactivated_at FROM memberships WHERE id = %s", membership)
        return "none" if gone else role

    def invite(self, contact: str, role: str = "staff", by: Person | None = None, **more: str) -> TestResponse:
        form = {"contact": contact, "role": role, "staff_member_id": ""} | more
        return (by or self.owner).post(f"{TEAM}/invitations", form, page=TEAM)

    def texted_link(self, number: str) -> str:
        self._send()
        texts = self._phone.get("/dev/phone/messages.json", params={"to": number}).json()
        return next(found.group(1) for text in texts if (found := LINK.search(text["body"])))

    def letters(self, address: str) -> list[dict[str, str]]:
        return self._phone.get("/dev/mail/messages.json", params={"to": address}).json()

    def mailed_link(self, address: str) -> str:
        found = LINK.search(self.letters(address)[0]["text"])
        assert found
        return found.group(1)


def change(person: Person, membership: UUID, what: str, **form: str) -> int:
    prefix = f"m{membership.hex[-8:]}-"
    named = {prefix + name: value for name, value in form.items()}
    return person.post(f"{TEAM}/{membership}/{what}", named, page="/account").status_code
