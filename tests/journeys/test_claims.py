"""A booking on a phone: taken by text, exchanged and given up; another time for who came late; and who came at all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, eventually, fresh_phone, sql
from tests.journeys.windows import Windows

pytestmark = pytest.mark.browser


def see(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def last_text(person: Consumer, words: str) -> str:
    def found() -> str:
        return next((body for body in person.phone_book.bodies(person.phone) if words in body), "")

    return eventually(found, 10, f"“{words}” on {person.phone}")


def book_by_text(stack: Stack, merchant: Merchant, anna: Consumer) -> str:
    slot_id = merchant.open_slot()
    anna.await_link()
    anna.phone_book.reply(anna.phone, "Yes please!")
    last_text(anna, "You're booked")
    assert merchant.slot(slot_id).booked_consumer_id is not None
    return anna.latest_link()


def test_a_booking_by_text_is_exchanged_and_given_up(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Second Thoughts Salon")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    link = book_by_text(stack, merchant, anna)
    other = merchant.open_slot()

    phone, counter = windows.open(), windows.open(visitor=merchant)
    counter.goto(f"/slots/{other}")
    phone.goto(link)
    see(phone, "You're booked")
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Add to calendar").click()
    assert download.value.suggested_filename == "booking.ics"

    phone.get_by_role("link", name="Change time").click()
    see(phone, "Change the time")
    phone.locator(".choice").first.click()
    see(phone, "You're booked")
    expect(counter.locator("#slot-state")).to_contain_text("Booked")
    phone.get_by_role("link", name="Cancel", exact=True).click()
    phone.get_by_role("button", name="Cancel the booking").click()
    expect(phone.get_by_text("Choose a reason.")).to_be_visible()
    phone.get_by_label("I'm ill").check()
    phone.get_by_role("button", name="Cancel the booking").click()
    see(phone, "You cancelled this booking")
    expect(counter.locator("#slot-state")).to_contain_text("Open")
    last_text(anna, "is cancelled, as you asked")


def test_who_comes_late_takes_another_time(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Two Chairs Barbers")
    anna, ben = (Consumer(stack, fresh_phone(), name).join(merchant.slug) for name in ("Anna Able", "Ben Baker"))
    merchant.open_slot()
    anna.await_link()
    late = windows.open()
    late.goto(ben.await_link())
    see(late, "A time is free")
    anna.hold().expect(200)
    see(late, "Just taken")
    merchant.empty_list()
    merchant.open_slot(price="40")
    late.reload()
    late.locator(".choice", has_text="$40.00").click()
    see(late, "Held for you")
    late.get_by_role("button", name="Confirm this time").click()
    see(late, "You're booked")


def test_a_merchant_notes_who_came_and_books_again(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Empty Chair Dental")
    anna = Consumer(stack, fresh_phone()).join(merchant.slug)
    slot_id = merchant.open_slot()
    anna.await_link()
    anna.hold().expect(200)
    anna.confirm().expect(200)
    begun = "starts_at = now() - interval '1 minute', ends_at = now() + interval '1 hour'"
    sql(stack, f"UPDATE slots SET {begun} WHERE id = %s", slot_id)
    counter = windows.open(visitor=merchant)
    counter.goto(f"/slots/{slot_id}")
    counter.get_by_role("button", name="The client did not come").click()
    expect(counter.locator("#slot-state")).to_contain_text("No-show")
    counter.get_by_role("link", name="Book again").click()
    day, at = merchant.next_time()
    counter.locator("#on").fill(day.isoformat())
    counter.locator("#at").fill(at)
    counter.get_by_role("button", name="Book it for Anna Able").click()
    expect(counter.locator("#slot-state")).to_contain_text("Booked")
    assert len([body for body in anna.phone_book.bodies(anna.phone) if "You're booked" in body]) >= 1
