"""People of the product, over HTTP against a running stack: a merchant, a consumer, and the phones they hold.

    merchant = Merchant(stack).sign_up("Downtown Dental", "America/New_York")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    slot_id = merchant.open_slot()
    anna.await_link()
    anna.hold().expect(200); anna.confirm().expect(200)

What a page can't arrange in a test's time (quiet hours, a list of 200) is arranged by SQL as the database's owner.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pyotp
from psycopg.rows import namedtuple_row

from nexapp.local.stack import Stack
from tests.pages import Fields, Page

Result = TypeVar("Result")
NEW_YORK = "America/New_York"
SETTINGS = {
    "NEXAPP_ENV": "test",
    "NEXAPP_DEMO": "0",
    "SMS_PER_SECOND": "0",
    "SMS_LEASE_SECONDS": "2",
    "SMS_SETTLE_SECONDS": "2",
}
"""For tests that wait for the product: no pace for texts, and short times until a lost one is settled."""

CLAIM_LINK = re.compile(r"https?://\S+?/c/[A-Za-z0-9_-]+")
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
BUSY = 4
LONGEST_WAIT = 150
"""Half of what a whole test may take: what a wait fails with is to be read before the test is cut off."""

FIRST_DAY = 2
A_DAY = 16
"""Slots of half an hour each from 09:00 on."""

_numbers = itertools.count(2_000_000)


@contextmanager
def running_stack(folder: Path, *, web_processes: int = 2, durable: bool = False, **settings: str) -> Iterator[Stack]:
    """Everything: PostgreSQL, Redis, the phone, web processes, workers, scheduler; empty of data.

    `durable` for who kills PostgreSQL: else it forgets what it committed in the last half second.
    """
    os.chmod(folder.parent, 0o755)  # the server's own user must reach its folder
    stack = Stack(folder, durable=durable)
    try:
        yield stack.start_all({**SETTINGS, **settings}, web_processes=web_processes, demo=False)
    finally:
        stack.stop()


def sql(stack: Stack, statement: str, *values: Any) -> list[Any]:
    """One statement as the database's owner, who sees every tenant's rows; on a connection of its own."""
    with psycopg.connect(stack.owner_url, autocommit=True, row_factory=namedtuple_row) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def eventually(check: Callable[[], Result], seconds: float, what: str) -> Result:
    """The first true result of the check; fails with `what` when there is none in time.

    `seconds` are ample for an idle machine; a busy one gets several times as many.
    """
    deadline = time.monotonic() + max(seconds, min(seconds * BUSY, LONGEST_WAIT))
    while True:
        if result := check():
            return result
        assert time.monotonic() < deadline, f"not within {seconds:g} s, nor long after: {what}"
        time.sleep(0.02)


def fresh_phone() -> str:
    """A number reserved for fiction that no other test of this run has, in no state with an evening law."""
    return f"+1555{next(_numbers)}"


class Phone:
    """The local phone: every text that the provider accepted, and the faults it can be given."""

    def __init__(self, stack: Stack) -> None:
        self._http = httpx.Client(base_url=str(stack.phone_url), timeout=60, trust_env=False)

    def texts(self, to: str = "") -> list[dict[str, Any]]:
        """Newest first."""
        return self._http.get("/dev/phone/messages.json", params={"to": to, "limit": 10_000}).json()

    def pushes(self, device: str) -> list[dict[str, Any]]:
        """What came to one device of the local push service, newest first."""
        return self._http.get("/dev/push/messages.json", params={"device": device}).json()

    def bodies(self, to: str) -> list[str]:
        return [text["body"] for text in self.texts(to)]

    def create_answers(self) -> dict[str, int]:
        """How creates were answered since the phone's start, by status."""
        return self._http.get("/dev/phone/ledger.json", params={"to": "+10"}).json()["create_answers"]

    def fail(self, **faults: Any) -> None:
        answer = self._http.post("/dev/phone/faults", json=faults)
        assert answer.status_code == 200, answer.text

    def mend(self) -> None:
        self._http.delete("/dev/phone/faults").raise_for_status()

    def reply(self, person: str, body: str) -> int | None:
        """Type a reply on somebody's phone; the status that the product answered its webhook with."""
        answer = self._http.post("/dev/phone/replies", json={"from": person, "body": body})
        return answer.raise_for_status().json()["webhook_status"]


class Visitor:
    """Somebody with a browser without scripts: keeps cookies, reads pages, fills in forms."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.phone_book = Phone(stack)
        self.http = httpx.Client(base_url=stack.url, timeout=60, trust_env=False)

    def get(self, path: str) -> Page:
        """The page, after any redirects."""
        return Page(self.http.get(path, follow_redirects=True))

    def post(self, path: str, fields: Fields | None = None) -> Page:
        """The page that answers, after a 303; `page.answer.history` holds the redirects."""
        return Page(self.http.post(path, data=fields or {}, follow_redirects=True))

    def submit(self, page: Page, action: str, /, **typed: str | list[str]) -> Page:
        """Send a form of the page with what it holds, changed by what is typed."""
        form = page.form(action)
        return self.post(form.action, {**form.fields, **typed})

    def await_code(self, to: str, known: int = 0) -> str:
        """The code of the newest text to a number that had `known` texts before."""
        texts = eventually(lambda: self.phone_book.bodies(to)[: -known or None], 10, f"a code on {to}")
        found = CODE.search(texts[0])
        assert found, f"no code in {texts[0]!r}"
        return found.group()


class Merchant(Visitor):
    """The owner of a business. `org_id`, `slug` and `zone` are known after `sign_up`."""

    org_id: UUID
    slug: str
    zone: str

    def __init__(self, stack: Stack, phone: str | None = None) -> None:
        super().__init__(stack)
        self.phone = phone or fresh_phone()
        self._times = itertools.count()

    def sign_in(self) -> Page:
        known = len(self.phone_book.texts(self.phone))
        page = self.submit(self.get("/sign-in").expect(200), "/sign-in", phone=self.phone).expect(200)
        return self.submit(page, "/sign-in/code", code=self.await_code(self.phone, known)).expect(200)

    def pass_second_factor(self) -> Page:
        """Set up the authenticator app, as a platform admin does at their first sign-in."""
        page = self.get("/sign-in/second-factor").expect(200)
        found = re.search(r"<code>([A-Z2-7]{32})</code>", page.html)
        assert found, "no key on the page"
        code = pyotp.TOTP(found.group(1)).now()
        return self.submit(page, "/sign-in/second-factor", code=code).expect(200)

    def sign_up(self, name: str, zone: str = NEW_YORK, *, never_quiet: bool = True, kind: str = "business") -> Self:
        """Sign in and set up a business, or a sales team. Its quiet hours are none, unless a test is about them."""
        page = self.sign_in()
        page = page if page.path == "/onboarding" else self.get("/onboarding")
        typed = {"business_name": name, "owner_name": "Olivia Owner", "time_zone": zone, "kind": kind}
        self.submit(page, "/onboarding", **typed).expect(200)
        (found,) = sql(
            self.stack,
            "SELECT o.id, o.slug, o.time_zone FROM organizations o JOIN memberships m ON m.org_id = o.id"
            " JOIN users u ON u.id = m.user_id WHERE u.phone = %s ORDER BY o.created_at DESC LIMIT 1",
            self.phone,
        )
        self.org_id, self.slug, self.zone = found
        if never_quiet:
            self.change_business(quiet_starts="00:00", quiet_ends="00:00")
        return self

    def change_business(self, **columns: Any) -> None:
        """Settings as rows, for values that no form takes (a hold of one second, quiet hours of none)."""
        changes = ", ".join(f"{column} = %s" for column in columns)
        sql(self.stack, f"UPDATE organizations SET {changes} WHERE id = %s", *columns.values(), self.org_id)

    def add_staff(self, name: str) -> UUID:
        self.submit(self.get("/settings/staff"), "/settings/staff", display_name=name).expect(200)
        return sql(
            self.stack, "SELECT id FROM staff_members WHERE org_id = %s AND display_name = %s", self.org_id, name
        )[0].id

    def staff(self) -> list[UUID]:
        rows = sql(self.stack, "SELECT id FROM staff_members WHERE org_id = %s ORDER BY created_at", self.org_id)
        return [row.id for row in rows]

    def next_time(self) -> tuple[date, str]:
        """A day and a wall time that no slot of this merchant has yet."""
        number = next(self._times)
        day = datetime.now(ZoneInfo(self.zone)).date() + timedelta(days=FIRST_DAY + number // A_DAY)
        minutes = 9 * 60 + number % A_DAY * 30
        return day, f"{minutes // 60:02d}:{minutes % 60:02d}"

    def add_slot(self, *, then: str = "save", staff: UUID | None = None, **typed: str) -> UUID:
        """Fill in the form of a new slot; its id. `then="open"` texts the list."""
        day, at = self.next_time()
        chosen = {"on": day.isoformat(), "at": at, "minutes": "30", "staff_member_id": str(staff or self.staff()[0])}
        page = self.submit(self.get("/slots/new").expect(200), "/slots", **{**chosen, **typed, "then": then})
        return UUID(page.expect(200).path.rpartition("/")[2])

    def open_slot(self, *, staff: UUID | None = None, **typed: str) -> UUID:
        return self.add_slot(then="open", staff=staff, **typed)

    def empty_list(self) -> None:
        """Everybody leaves, so that the next slot's texts go to the next test's people."""
        sql(self.stack, "UPDATE notify_requests SET status = 'left' WHERE org_id = %s", self.org_id)

    def slot(self, slot_id: UUID) -> Any:
        """The slot's row."""
        return sql(self.stack, "SELECT * FROM slots WHERE id = %s", slot_id)[0]


class Consumer(Visitor):
    """Somebody who waits. Their links come by text; nothing is known to their browser."""

    def __init__(self, stack: Stack, phone: str | None = None, name: str = "Anna Able") -> None:
        super().__init__(stack)
        self.phone = phone or fresh_phone()
        self.name = name

    def join(self, slug: str, **typed: str | list[str]) -> Self:
        """Fill in the public page of the waiting list and prove the number by the code that comes."""
        page = self.get(f"/b/{slug}").expect(200)
        form = page.form(f"/b/{slug}/notify-requests")
        boxes = {name: values[0] or "y" for name, values in form.offered.items() if "consent" in name}
        known = len(self.phone_book.bodies(self.phone))
        page = self.submit(page, form.action, **{"name": self.name, "phone": self.phone, **boxes, **typed}).expect(200)
        entry = next(form for form in page.forms if "code" in form.fields)
        self.submit(page, entry.action, code=self.await_code(self.phone, known)).expect(200)
        return self

    def links(self) -> list[str]:
        """The paths of the claim links that came, newest first."""
        found = (CLAIM_LINK.search(body) for body in self.phone_book.bodies(self.phone))
        return [urlsplit(match.group()).path for match in found if match]

    def latest_link(self) -> str:
        links = self.links()
        assert links, f"{self.phone} got no link: {self.phone_book.bodies(self.phone)}"
        return links[0]

    def await_link(self, seconds: float = 10) -> str:
        return eventually(self.links, seconds, f"a link on {self.phone}")[0]

    def look(self) -> Page:
        return self.get(self.latest_link())

    def hold(self) -> Page:
        return self.post(urljoin(f"{self.latest_link()}/", "hold"))

    def confirm(self, name: str | None = None, note: str = "") -> Page:
        return self.post(urljoin(f"{self.latest_link()}/", "confirm"), {"name": name or self.name, "note": note})

    def release(self) -> Page:
        return self.post(urljoin(f"{self.latest_link()}/", "release"))
