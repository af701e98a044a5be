"""Rounds, imports, reminders, hooks, feeds and replies: each does its work once, whatever is killed meanwhile."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import redis

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, Phone, eventually, fresh_phone, sql
from tests.booking_systems.calendar_host import CalendarHost, event
from tests.crowd import OpenSlot, Person, join_list, offer_slots
from tests.faults.test_exactly_once import answers
from tests.faults.test_webhooks import await_handled, send
from tests.pages import Page

pytestmark = pytest.mark.slow

DEFAULT, SLOW, MESSAGES = "worker-default", "worker-slow", "worker-messages"
LEASE_SECONDS = 70
DONE_SECONDS = 40
MANY = 3000
POSTS = 20


@pytest.fixture
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up(f"Complete {uuid4().hex[:6]}")


# How work is stopped in its middle


@contextmanager
def held_back(stack: Stack, table: str) -> Iterator[Callable[[], bool]]:
    """Nobody writes to the table; the callable says whether somebody waits for it, their unit half done."""
    with psycopg.connect(stack.owner_url) as connection:
        connection.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        yield lambda: bool(sql(stack, waiting, table))
        connection.rollback()


def kill(stack: Stack, *names: str) -> None:
    """And wait for the restart; what the dead held is free at once, of which else a minute's lease would pass."""
    dead = {name: stack.kill(name) for name in names}
    eventually(lambda: all(stack.supervisor.pids()[name] != dead[name] for name in names), 10, "a restart")
    for pid in dead.values():
        sql(stack, "UPDATE background_jobs SET lease_until = now() WHERE leased_by ~ %s", f":{pid}(:|$)")


def kill_while_writing(stack: Stack, name: str, table: str, act: Callable[[], Any] | None = None) -> None:
    with held_back(stack, table) as somebody_waits:
        if act is not None:
            act()
        eventually(somebody_waits, 20, f"somebody writes to {table}")
        kill(stack, name)


def flush(stack: Stack) -> None:
    redis.Redis.from_url(stack.redis_url).flushall()


def start_job(stack: Stack, name: str) -> None:
    sql(
        stack, "INSERT INTO background_jobs (id, actor_role, queue, name) VALUES (%s, 'system', 'default', %s)",
        uuid4(), name,
    )  # fmt: skip


def await_idle(stack: Stack, *names: str) -> None:
    def idle() -> bool:
        open_jobs = "SELECT 1 FROM background_jobs WHERE name = ANY(%s) AND status NOT IN ('succeeded', 'failed')"
        return not sql(stack, f"{open_jobs} AND run_at <= now()", list(names))

    eventually(idle, DONE_SECONDS, f"{names} are done")
    assert not sql(stack, "SELECT error FROM background_jobs WHERE name = ANY(%s) AND status = 'failed'", list(names))


def offered(phone: Phone, people: list[Person]) -> Counter[str]:
    """The offers and reminders that each of these people got, in the phone's own ledger."""
    numbers = {person.phone for person in people}
    return Counter(text["to"] for text in phone.texts() if text["to"] in numbers and is_asking(text["body"]))


def is_asking(body: str) -> bool:
    return "/c/" in body and "You're booked" not in body


def once_each(people: list[Person]) -> Counter[str]:
    return Counter(person.phone for person in people)


def count(stack: Stack, question: str, *values: Any) -> int:
    return sql(stack, f"SELECT count(*)::int AS n FROM {question}", *values)[0].n


# In turn

TURN_IS_OVER = """
    UPDATE messages m SET sent_at = m.sent_at - interval '1 hour', delivered_at = m.delivered_at - interval '1 hour'
    FROM slot_offers f WHERE f.message_id = m.id AND f.slot_id = %s AND f.consumer_id = %s
"""
LOOK_NOW = "UPDATE background_jobs SET run_at = now() WHERE name = 'advance_round' AND arguments->>'slot_id' = %s"


def test_a_round_in_turn_asks_each_once_and_in_order_and_stops_when_taken(
    stack: Stack, merchant: Merchant, phone: Phone
) -> None:
    people = join_list(merchant, 5)
    for place, person in enumerate(people):
        came = "UPDATE notify_requests SET created_at = now() - %s * interval '1 minute' WHERE consumer_id = %s"
        sql(stack, came, 10 - place, person.consumer_id)
    merchant.change_business(offer_mode="in_turn")
    slot_id = merchant.open_slot()

    def asked(turns: int) -> None:
        def all_texted() -> bool:
            return offered(phone, people) == once_each(people[:turns])

        eventually(all_texted, 20, f"the first {turns} are asked, nobody twice: {offered(phone, people)}")

    asked(1)
    kill_while_writing(stack, DEFAULT, "slot_rounds", lambda: phone.reply(people[0].phone, "No"))
    kill(stack, "scheduler")
    flush(stack)
    asked(2)

    def let_the_turn_end() -> None:
        await_delivered(stack, slot_id, people[1])
        sql(stack, TURN_IS_OVER, slot_id, people[1].consumer_id)
        sql(stack, LOOK_NOW, str(slot_id))

    kill_while_writing(stack, DEFAULT, "slot_rounds", let_the_turn_end)
    flush(stack)
    asked(3)

    anna = Consumer(stack, people[2].phone)
    anna.hold().expect(200)
    kill(stack, DEFAULT, "scheduler")
    anna.confirm().expect(200)
    sql(stack, LOOK_NOW, str(slot_id))
    await_idle(stack, "advance_round")
    asked(3)
    rows = sql(stack, "SELECT consumer_id, turn FROM slot_offers WHERE slot_id = %s ORDER BY turn", slot_id)
    assert [(row.consumer_id, row.turn) for row in rows] == [(people[n].consumer_id, n + 1) for n in range(3)]
    assert sql(stack, "SELECT state FROM slot_rounds WHERE slot_id = %s", slot_id)[0].state == "done"


def await_delivered(stack: Stack, slot_id: UUID, person: Person) -> None:
    told = "slot_offers f JOIN messages m ON m.id = f.message_id WHERE f.slot_id = %s AND f.consumer_id = %s"
    delivered = f"{told} AND m.status = 'delivered'"
    eventually(lambda: count(stack, delivered, slot_id, person.consumer_id), 15, "the text is delivered")


# Long lists


def test_an_import_killed_three_times_writes_each_row_once(stack: Stack, merchant: Merchant, phone: Phone) -> None:
    numbers = [fresh_phone() for _ in range(MANY - 10)]
    rows = [f"Person {place},{number}" for place, number in enumerate([*numbers, *numbers[:5], *["nonsense"] * 5])]
    content = "\n".join(["Name,Phone", *rows]).encode()
    upload = merchant.get("/waiting-list/imports").form("/waiting-list/imports")
    answer = merchant.http.post(
        upload.action, data=upload.fields, files={"file": ("people.csv", content)}, follow_redirects=True
    )
    page = Page(answer).expect(200)
    import_id = UUID(page.path.rpartition("/")[2])
    typed = {"columns-0": "name", "columns-1": "phone", "source": "They signed at our counter", "on_known": "update"}
    merchant.submit(page, f"{page.path}/mapping", **typed).expect(200)
    await_import(stack, import_id, "checked")
    checked = counts_of(merchant.get(page.path))
    assert checked == {"Added": MANY - 10, "Updated": 0, "There already": 0, "Skipped": 10}

    kill_while_writing(
        stack, DEFAULT, "list_invitations", lambda: merchant.submit(merchant.get(page.path), f"{page.path}/run")
    )
    flush(stack)
    for _ in range(2):
        kill_while_writing(stack, DEFAULT, "list_invitations")
    await_import(stack, import_id, "done")

    assert counts_of(merchant.get(page.path)) == checked
    mine = "WHERE org_id = %s"
    assert count(stack, f"notify_requests {mine} AND status = 'invited'", merchant.org_id) == MANY - 10
    asked = sql(stack, f"SELECT count(*) AS n, count(DISTINCT consumer_id) AS people FROM list_invitations {mine}",
                merchant.org_id)[0]  # fmt: skip
    assert (asked.n, asked.people) == (MANY - 10, MANY - 10)
    eventually(lambda: invited(phone, numbers), 20, "the first are invited")
    assert set(invited(phone, numbers).values()) == {1}
    texts = "messages WHERE org_id = %s AND purpose = 'invitation'"
    assert count(stack, texts, merchant.org_id) == count(
        stack, f"(SELECT DISTINCT to_phone FROM {texts}) people", merchant.org_id
    )


def await_import(stack: Stack, import_id: UUID, status: str) -> None:
    where = "list_imports WHERE id = %s AND status = %s"
    eventually(lambda: count(stack, where, import_id, status), DONE_SECONDS, f"the file is {status}")


def counts_of(page: Page) -> dict[str, int]:
    found = re.findall(r'figure-value">([\d,]+)</div>\s*<div class="figure-label">([^<]+)', page.html)
    return {name: int(value.replace(",", "")) for value, name in found}


def invited(phone: Phone, numbers: list[str]) -> Counter[str]:
    wanted = set(numbers)
    return Counter(text["to"] for text in phone.texts() if text["to"] in wanted)


def test_a_long_list_is_told_once_though_its_worker_dies(stack: Stack, merchant: Merchant, phone: Phone) -> None:
    merchant.change_business(daily_spend_cap=10 * MANY)
    people = join_list(merchant, MANY)
    opened: list[UUID] = []
    kill_while_writing(stack, DEFAULT, "slot_offers", lambda: opened.append(merchant.open_slot()))
    merchant.get(f"/slots/{opened[0]}").expect(200)
    flush(stack)
    left = "messages WHERE org_id = %s AND attempts > 0"
    eventually(lambda: count(stack, left, merchant.org_id), 30, "texts leave")
    kill(stack, MESSAGES)
    rest = "messages WHERE org_id = %s AND status IN ('queued', 'sending')"
    eventually(lambda: not count(stack, rest, merchant.org_id), 2 * DONE_SECONDS, "every text is settled")

    assert offered(phone, people) == once_each(people)
    assert count(stack, "slot_offers WHERE slot_id = %s", opened[0]) == MANY
    assert f"{MANY} people" in merchant.get(f"/slots/{opened[0]}").words


# Reminders

BOOKED = """
    UPDATE slots s SET status = 'booked', booked_offer_id = f.id, booked_consumer_id = f.consumer_id,
        booked_name = 'Anna Able', booked_at = now() - interval '2 days',
        starts_at = now() + interval '13 hours' + n.place * interval '20 minutes',
        ends_at = now() + interval '13 hours' + (n.place + 1) * interval '20 minutes'
    FROM slot_offers f, unnest(%s::uuid[]) WITH ORDINALITY AS n (id, place) WHERE f.slot_id = s.id AND s.id = n.id
"""


def test_reminders_are_planned_once_though_the_planner_dies(stack: Stack, merchant: Merchant, phone: Phone) -> None:
    people = join_list(merchant, 20)
    book(stack, offer_slots(merchant, [[person] for person in people]))
    merchant.change_business(reminder_minutes=[1440])
    kill_while_writing(stack, DEFAULT, "booking_reminders", lambda: start_job(stack, "plan_reminders"))
    flush(stack)
    for _ in range(2):
        start_job(stack, "plan_reminders")
    eventually(lambda: len(offered(phone, people)) == len(people), DONE_SECONDS, "everybody is reminded")
    start_job(stack, "plan_reminders")
    await_idle(stack, "plan_reminders")

    assert count(stack, "booking_reminders WHERE org_id = %s", merchant.org_id) == len(people)
    assert count(stack, "messages WHERE org_id = %s AND purpose = 'reminder'", merchant.org_id) == len(people)
    assert offered(phone, people) == once_each(people)


def book(stack: Stack, slots: list[OpenSlot]) -> None:
    sql(stack, BOOKED, [slot.id for slot in slots])


# Other booking systems


def soon(days: int, hour: int = 15) -> datetime:
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def test_one_cancellation_posted_twenty_times_while_postgresql_restarts(
    stack: Stack, merchant: Merchant, phone: Phone
) -> None:
    people = join_list(merchant, 3)
    page = merchant.get("/settings/booking-systems/new")
    page = merchant.submit(page, "/settings/booking-systems", kind="generic", name="Front desk", signing="none")
    found = re.search(r"/hooks/in/[A-Za-z0-9_-]+", page.expect(200).html)
    assert found, "no address on the page"
    at = soon(3)
    booking = {
        "id": "b-1",
        "starts_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "minutes": 30,
        "staff": "Olivia Owner",
    }
    body = json.dumps({"id": str(uuid4()), "type": "cancelled", "booking": booking}).encode()
    met: list[int] = []

    def post_until_accepted() -> None:
        # As a sender does: until it is taken.
        def accepted() -> bool:
            try:
                answer = httpx.post(
                    stack.url + found.group(), content=body, headers={"Content-Type": "application/json"}, timeout=20,
                    trust_env=False,
                )  # fmt: skip
            except httpx.TransportError:
                return False
            met.append(answer.status_code)
            return answer.status_code == 202

        eventually(accepted, DONE_SECONDS, "the post is accepted")

    threads = [threading.Thread(target=post_until_accepted) for _ in range(POSTS)]
    for number, thread in enumerate(threads):
        thread.start()
        if number == POSTS // 2:
            stack.kill("postgres")
    for thread in threads:
        thread.join()
    eventually(lambda: answers(stack), 20, "PostgreSQL answers")

    assert Counter(met)[202] == POSTS
    assert set(met) <= {202, 503}
    # What a worker held as the server died comes back with its lease at the latest.
    await_handled(stack, LEASE_SECONDS)
    outcomes = sql(stack, "SELECT outcome FROM booking_deliveries WHERE org_id = %s", merchant.org_id)
    assert [row.outcome for row in outcomes] == ["opened"]
    assert count(stack, "slots WHERE org_id = %s AND starts_at = %s", merchant.org_id, at) == 1
    eventually(lambda: len(offered(phone, people)) == 3, 20, "the list is told")
    assert offered(phone, people) == once_each(people)


def test_a_feed_whose_reader_dies_opens_a_time_once(stack: Stack, merchant: Merchant, phone: Phone) -> None:
    people = join_list(merchant, 3)
    feed_id = uuid4()
    times = [soon(3, hour) for hour in (14, 16, 18)]
    events = [event(f"e-{number}", at) for number, at in enumerate(times)]
    with CalendarHost() as host:
        host.show(*events)
        sql(
            stack, "INSERT INTO booking_systems (id, org_id, kind, name, url, staff_member_id)"
            " VALUES (%s, %s, 'feed', 'Olivia', %s, %s)", feed_id, merchant.org_id, host.url, merchant.staff()[0],
        )  # fmt: skip

        def read() -> None:
            page = merchant.get(f"/settings/booking-systems/{feed_id}")
            merchant.submit(page, f"{feed_id}/reading").expect(200)

        read()
        known = "external_bookings WHERE booking_system_id = %s AND status = 'booked'"
        eventually(lambda: count(stack, known, feed_id) == 3, 20, "the feed is known")
        host.show(*events[1:])
        killed_while_it_answers(stack, host, read)
        kill_while_writing(stack, SLOW, "slots", read)
        flush(stack)
        read()
        eventually(lambda: count(stack, known, feed_id) == 2, DONE_SECONDS, "the change is taken")
        read()
        await_idle(stack, "poll_feed")

    opened = sql(stack, "SELECT starts_at FROM slots WHERE org_id = %s", merchant.org_id)
    assert [row.starts_at for row in opened] == times[:1]
    eventually(lambda: len(offered(phone, people)) == 3, 20, "the list is told")
    assert offered(phone, people) == once_each(people)


def killed_while_it_answers(stack: Stack, host: CalendarHost, read: Callable[[], None]) -> None:
    asked, over = threading.Event(), threading.Event()

    def wait(handler: Any) -> None:
        asked.set()
        over.wait(10)
        with suppress(OSError):
            handler.reply(200, host.body)

    host.answer = wait
    read()
    assert asked.wait(20), "nobody reads the feed"
    kill(stack, SLOW)
    host.answer = None
    over.set()


# Replies


def test_replies_that_come_twice_late_and_out_of_order_book_once(
    stack: Stack, merchant: Merchant, phone: Phone
) -> None:
    anna, bert = ([person] for person in join_list(merchant, 2))
    for person in (anna, bert):
        others = "UPDATE notify_requests SET status = 'left' WHERE org_id = %s AND consumer_id <> %s"
        sql(stack, others, merchant.org_id, person[0].consumer_id)
        sql(stack, "UPDATE notify_requests SET status = 'active' WHERE consumer_id = %s", person[0].consumer_id)
        slot_id = merchant.open_slot()
        eventually(lambda person=person: offered(phone, person) == once_each(person), 15, "the offer is texted")
        await_delivered(stack, slot_id, person[0])
        first, second = ("YES", "NO") if person is anna else ("NO", "YES")
        kill(stack, DEFAULT)
        for body in (first, second, "YES", first):
            assert reply(stack, person[0], body) in (200, 204)
        await_handled(stack)
        eventually(lambda slot_id=slot_id: merchant.slot(slot_id).status == "booked", 20, "the slot is booked")
        await_idle(stack, "claim_by_reply", "handle_event")
        assert count(stack, "slot_events WHERE slot_id = %s AND kind = 'booked'", slot_id) == 1
        assert count(stack, "inbound_messages WHERE from_phone = %s", person[0].phone) == 2
        confirmed = "messages WHERE to_phone = %s AND purpose = 'booking_confirmed'"
        assert count(stack, confirmed, person[0].phone) == 1


def reply(stack: Stack, person: Person, body: str) -> int:
    """The provider's webhook; the same words are the same text, told again."""
    sid = "SM" + (person.consumer_id.hex[:24] + body.encode().hex())[:32].ljust(32, "0")
    fields = {"MessageSid": sid, "From": person.phone, "To": "+15005550006", "Body": body}
    return send(stack, "/webhooks/twilio/inbound", fields).status_code
