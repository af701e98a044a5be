"""Every kind of page that exists, each ready to be looked at: who sees it, and where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, Visitor, fresh_phone, sql
from tests.crowd import OpenSlot, join_list, offer_slots
from tests.journeys import areas
from tests.pages import Page

LONG_NAME = "Dr. Wilhelmina Featherstonehaugh-Cholmondeley"

FAILURE = """
    INSERT INTO system_errors (id, kind, severity, fingerprint, message, stack_trace, request_id)
    VALUES (%s, 'request_error', 'high', %s, 'The slots could not be shown.', 'Traceback: one line', 'r-1')
"""


class Remembering(Consumer):
    """Knows the page that the last form led to."""

    last: Page

    def submit(self, page: Page, action: str, /, **typed: str | list[str]) -> Page:
        self.last = super().submit(page, action, **typed)
        return self.last


@dataclass
class Places:
    """`paths`: name → (who looks, path). Nobody: a visitor without cookies."""

    stack: Stack
    paths: dict[str, tuple[Visitor | None, str]] = field(default_factory=dict)

    def add(self, who: Visitor | None, **paths: str) -> None:
        self.paths |= {name: (who, path) for name, path in paths.items()}


NAMES = [
    "landing", "sign_in", "sign_in_code", "onboarding", "terms", "privacy", "not_found", "unknown_link", "unknown_list",
    "home", "home_none", "slots", "slots_none", "slot_new", "slot_draft", "slot_open", "slot_held", "slot_booked",
    "slot_cancelled", "waiting_list", "waiting_list_none", "staff", "business", "businesses",
    "join", "join_code", "own_place", "claim_open", "claim_held", "claim_held_by_other", "claim_taken",
    "claim_booked", "claim_pending", "claim_past", "slot_pending", "offline", "admin", "errors", "error",
    "components", "local_phone",
]  # fmt: skip
NAMES += [name for part in areas.AREAS for name in part.NAMES]
CLAIMS = [name for name in NAMES if name.startswith("claim_")]


def arrange(stack: Stack) -> Places:
    """Holds last for an hour here: the pages are looked at one after the other."""
    places = Places(stack)
    merchant = Merchant(stack).sign_up("Downtown Dental & Family Orthodontics of Lower Manhattan")
    merchant.change_business(hold_seconds=3600)
    merchant.add_staff(LONG_NAME)
    _visitors(places, merchant)
    _merchants(places, merchant)
    _booking(places, merchant)
    _claims(places, merchant)
    _platform(places)
    for part in areas.AREAS:
        part.arrange(places, merchant)
    return places


def _visitors(places: Places, merchant: Merchant) -> None:
    half_in, newcomer, joining = Visitor(places.stack), Merchant(places.stack), Visitor(places.stack)
    half_in.submit(half_in.get("/sign-in"), "/sign-in", phone=fresh_phone())
    newcomer.sign_in()
    join = f"/b/{merchant.slug}"
    asked = {"name": "Zoe Zander", "phone": fresh_phone(), "consent": "y"}
    code = joining.submit(joining.get(join), f"{join}/notify-requests", **asked).expect(200)
    places.add(half_in, sign_in_code="/sign-in/code")
    places.add(newcomer, onboarding="/onboarding")
    places.add(None, landing="/", sign_in="/sign-in", terms="/terms", privacy="/privacy", not_found="/nothing-here")
    places.add(None, offline="/offline")
    places.add(None, unknown_link="/c/AbCdEfGhIjKlMnOpQrStUv", unknown_list="/b/nobody-here", join=join)
    places.add(None, join_code=code.path)


def _merchants(places: Places, merchant: Merchant) -> None:
    empty = Merchant(places.stack).sign_up("Nothing Yet Nails")
    cancelled = f"/slots/{merchant.add_slot()}"
    merchant.submit(merchant.get(cancelled), f"{cancelled}/cancellation").expect(200)
    places.add(empty, home_none="/home", slots_none="/slots", waiting_list_none="/waiting-list")
    places.add(merchant, slot_cancelled=cancelled, slot_draft=f"/slots/{merchant.add_slot(note='Bring the X-rays')}")
    places.add(merchant, home="/home", slots="/slots", slot_new="/slots/new", waiting_list="/waiting-list")
    places.add(merchant, staff="/settings/staff", business="/settings/business", businesses="/businesses")


def _booking(places: Places, merchant: Merchant) -> None:
    """A slot that two people were texted about and one of them booked; another one that is still open."""
    anna = Remembering(places.stack, fresh_phone(), LONG_NAME).join(merchant.slug)
    places.add(None, own_place=anna.last.path)
    ben = Consumer(places.stack, fresh_phone(), "Ben Baker").join(merchant.slug)
    booked = merchant.open_slot()
    for person in (anna, ben):
        person.await_link()
    anna.hold().expect(200)
    anna.confirm(note="I come by bus").expect(200)
    places.add(None, claim_booked=anna.latest_link(), claim_taken=ben.latest_link())
    places.add(merchant, slot_booked=f"/slots/{booked}", slot_open=f"/slots/{merchant.open_slot()}")


def _claims(places: Places, merchant: Merchant) -> None:
    people, asking = join_list(merchant, 2), join_list(merchant, 1)
    still_open, held, past, pending = offer_slots(merchant, [people, people, people, asking])
    _pending(places, merchant, pending)
    Visitor(places.stack).post(f"/c/{held.tokens[0]}/hold").expect(200)
    sql(places.stack, "UPDATE slots SET starts_at = now() - interval '1 hour', ends_at = now() WHERE id = %s", past.id)
    places.add(None, claim_open=f"/c/{still_open.tokens[0]}", claim_past=f"/c/{past.tokens[0]}")
    places.add(None, claim_held=f"/c/{held.tokens[0]}", claim_held_by_other=f"/c/{held.tokens[1]}")
    places.add(merchant, slot_held=f"/slots/{held.id}")


def _pending(places: Places, merchant: Merchant, slot: OpenSlot) -> None:
    merchant.change_business(requires_confirmation=True)
    for step, typed in (("hold", {}), ("confirm", {"name": "Paul Pending"})):
        Visitor(places.stack).post(f"/c/{slot.tokens[0]}/{step}", typed).expect(200)
    merchant.change_business(requires_confirmation=False)
    places.add(None, claim_pending=f"/c/{slot.tokens[0]}")
    places.add(merchant, slot_pending=f"/slots/{slot.id}")


def _platform(places: Places) -> None:
    admin, error_id = Merchant(places.stack), uuid4()
    admin.sign_in()
    sql(places.stack, "UPDATE users SET is_platform_admin = true, name = 'Pat Admin' WHERE phone = %s", admin.phone)
    admin.pass_second_factor()
    sql(places.stack, FAILURE, error_id, str(error_id))
    places.add(admin, admin="/admin", errors="/admin/errors", error=f"/admin/errors/{error_id}")
    places.add(admin, components="/dev/components", local_phone="/dev/phone")
