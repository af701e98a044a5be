"""Whatever is restarted or killed: people get a page or a sentence, and afterwards all of it works."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import redis

from nexapp.local.stack import Stack
from tests.blackbox import Consumer, Merchant, Phone, eventually, sql
from tests.crowd import OpenSlot, join_list, offer_slots
from tests.pages import Page

pytestmark = pytest.mark.slow

LOADERS = 3
BEFORE_SECONDS, AFTER_SECONDS = 0.5, 2.0
RECOVERED_SECONDS = 20
PAUSE_SECONDS = 5
BUSY = "We're busy right now. Nothing was changed; try again in a few seconds."


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Restart Salon")


@contextmanager
def load(merchant: Merchant, slots: list[OpenSlot]) -> Iterator[list[Page]]:
    """People who read and tap without a pause; yields the list of all their answers."""
    answers: list[Page] = []
    over = threading.Event()

    def tap(slot: OpenSlot) -> None:
        token = slot.tokens[0]
        with httpx.Client(
            base_url=merchant.stack.url, cookies=merchant.http.cookies, timeout=20, trust_env=False
        ) as http:
            while not over.is_set():
                answers.append(Page(http.get(f"/slots/{slot.id}")))
                answers.append(Page(http.post(f"/c/{token}/hold")))
                answers.append(Page(http.get(f"/c/{token}")))
                answers.append(Page(http.post(f"/c/{token}/release")))

    threads = [threading.Thread(target=tap, args=[slot]) for slot in slots]
    for thread in threads:
        thread.start()
    time.sleep(BEFORE_SECONDS)
    try:
        yield answers
        time.sleep(AFTER_SECONDS)
    finally:
        over.set()
        for thread in threads:
            thread.join()


def expect_answered_in_words(answers: list[Page]) -> Counter[int]:
    for page in answers:
        page.expect(200, 303, 409, 503)
        if page.status == 503:
            assert BUSY in page.words, page.words
            assert int(page.answer.headers["retry-after"]) > 0
    return Counter(page.status for page in answers)


def expect_all_works(stack: Stack, merchant: Merchant) -> None:
    """From an opened slot to a booked one: web, database, ledger, worker, phone."""
    merchant.empty_list()
    (person,) = join_list(merchant, 1)
    anna = Consumer(stack, person.phone)
    slot_id = merchant.open_slot()
    anna.await_link(RECOVERED_SECONDS)
    anna.hold().expect(200)
    anna.confirm("Anna Able").expect(200)
    assert merchant.slot(slot_id).status == "booked"
    eventually(lambda: len(anna.phone_book.texts(anna.phone)) == 2, RECOVERED_SECONDS, "the confirmation is texted")


def stop_and_start(stack: Stack, name: str) -> None:
    stack.stop_process(name)
    time.sleep(1)
    getattr(stack, name).start(stack.supervisor)


def kill(stack: Stack, name: str) -> None:
    stack.kill(name)
    time.sleep(1)


@pytest.mark.parametrize("fault", [stop_and_start, kill])
def test_postgresql_ends_under_load(stack: Stack, merchant: Merchant, fault: Callable[[Stack, str], None]) -> None:
    slots = offer_to_loaders(merchant)
    with load(merchant, slots) as answers:
        fault(stack, "postgres")
        eventually(lambda: answers[-1].status != 503, RECOVERED_SECONDS, "pages are answered again")
    statuses = expect_answered_in_words(answers)
    assert statuses[503] > 0, f"nobody noticed: {statuses}"
    assert statuses[200] > 0
    cancel(merchant, slots)
    expect_all_works(stack, merchant)


@pytest.mark.parametrize("fault", [stop_and_start, kill])
def test_redis_ends_under_load(stack: Stack, merchant: Merchant, fault: Callable[[Stack, str], None]) -> None:
    slots = offer_to_loaders(merchant)
    with load(merchant, slots) as answers:
        fault(stack, "redis")
    statuses = expect_answered_in_words(answers)
    # The database decides; without Redis only the live signals and the bells are late.
    assert statuses[503] == 0, statuses
    cancel(merchant, slots)
    expect_all_works(stack, merchant)


def offer_to_loaders(merchant: Merchant) -> list[OpenSlot]:
    return offer_slots(merchant, [[person] for person in join_list(merchant, LOADERS)])


def cancel(merchant: Merchant, slots: list[OpenSlot]) -> None:
    """Out of the way of what comes next."""
    sql(merchant.stack, "DELETE FROM slots WHERE id = ANY(%s)", [slot.id for slot in slots])


JOBS, JOB_KILLS = 300, 3
ENDED_HOLDS = """
    UPDATE slots s SET status = 'held', held_by_offer_id = f.id, held_consumer_id = f.consumer_id,
        held_until = now() - interval '1 second'
    FROM slot_offers f WHERE f.slot_id = s.id AND s.id = ANY(%s)
"""
OFFERS_HELD = "UPDATE slot_offers SET held_at = now() - interval '1 minute' WHERE slot_id = ANY(%s)"
EXPIRIES = """
    INSERT INTO background_jobs (id, org_id, actor_role, queue, name, arguments)
    SELECT gen_random_uuid(), s.org_id, 'link', 'default', 'expire_hold', jsonb_build_object(
        'slot_id', s.id, 'offer_id', s.held_by_offer_id,
        'held_until', to_char(s.held_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00'))
    FROM slots s WHERE s.id = ANY(%s)
"""


def test_a_worker_killed_in_the_middle_of_jobs_runs_each_once(stack: Stack, merchant: Merchant) -> None:
    """Holds that have run out: each lapses once, and its slot opens once."""
    slots = [slot.id for slot in offer_slots(merchant, [[person] for person in join_list(merchant, JOBS)])]
    with psycopg.connect(stack.owner_url) as connection:
        for statement in (ENDED_HOLDS, OFFERS_HELD, EXPIRIES):
            connection.execute(statement, [slots])

    done = 0
    for _ in range(JOB_KILLS):
        done = eventually(lambda known=done: finished(stack, slots, beyond=known), 20, "jobs run")
        kill_worker_and_end_its_leases(stack)
    assert done < JOBS, "the jobs were done before the last kill"
    eventually(lambda: finished(stack, slots, beyond=JOBS - 1), 60, "every job succeeds")

    assert sql(stack, "SELECT max(attempts) AS n FROM background_jobs WHERE name = 'expire_hold'")[0].n > 1
    lapses = sql(
        stack, "SELECT slot_id, count(*) AS n FROM slot_events WHERE kind = 'lapsed' AND slot_id = ANY(%s) GROUP BY 1",
        slots,
    )  # fmt: skip
    assert Counter(row.n for row in lapses) == {1: JOBS}
    assert {merchant.slot(slot_id).status for slot_id in slots[:5]} == {"open"}
    sql(stack, "DELETE FROM slots WHERE id = ANY(%s)", slots)


PERIOD = r"^[a-z_-]+:\d{4}-\d\d-\d\dT\d\d:\d\d$"


def test_a_killed_scheduler_and_a_flushed_redis_heal(stack: Stack) -> None:
    client = redis.Redis.from_url(stack.redis_url)
    entries = scheduled(client)
    assert entries, "no schedule is set"
    runs = runs_of_periods(stack)
    assert {f"schedule-{name}" for name in runs} == entries

    stack.kill("scheduler")
    client.flushall()
    sql(stack, "DELETE FROM background_jobs WHERE unique_key ~ %s", PERIOD)

    eventually(lambda: scheduled(client) == entries, RECOVERED_SECONDS, "every schedule is set again")
    eventually(lambda: runs_of_periods(stack) == runs, RECOVERED_SECONDS, "each missed run is caught up")


def test_a_killed_scheduler_delays_nobodys_job(stack: Stack, merchant: Merchant) -> None:
    """Its lock outlives it in Redis; the sweep that rings for due rows must not wait for that."""
    stack.kill("scheduler")
    job_id = uuid4()
    sql(
        stack, "INSERT INTO background_jobs (id, actor_role, queue, name, run_at)"
        " VALUES (%s, 'system', 'default', 'lapse_requests', now() + interval '1 second')", job_id,
    )  # fmt: skip

    def done() -> bool:
        return sql(stack, "SELECT status FROM background_jobs WHERE id = %s", job_id)[0].status == "succeeded"

    eventually(done, RECOVERED_SECONDS, "a row that nobody rang for is run")


def test_refused_credentials_pause_sending_until_mended(stack: Stack, merchant: Merchant, phone: Phone) -> None:
    merchant.empty_list()
    people = join_list(merchant, 10)
    before = errors(stack)
    phone.fail(unauthorised=True)
    slot_id = merchant.open_slot()
    eventually(lambda: errors(stack) > before, 15, "the refusal is shown to an admin")
    # Long enough for a text that finds out whether sending may go on, and is refused too.
    time.sleep(PAUSE_SECONDS + 2)

    states = Counter(row.status for row in texts(stack, slot_id))
    assert set(states) <= {"queued", "sending"}, states
    assert errors(stack) - before == 1
    assert not any("/c/" in body for person in people for body in phone.bodies(person.phone))

    phone.mend()
    eventually(lambda: {row.status for row in texts(stack, slot_id)} <= {"sent", "delivered"}, 30, "the rest is sent")
    assert Counter(t["to"] for p in people for t in phone.texts(p.phone)) == Counter(p.phone for p in people)
    assert errors(stack) - before == 1


def texts(stack: Stack, slot_id: UUID) -> list[Any]:
    return sql(
        stack, "SELECT m.* FROM messages m JOIN slot_offers f ON f.message_id = m.id WHERE f.slot_id = %s", slot_id
    )


def errors(stack: Stack) -> int:
    """Rows and repeats: an alert that is raised for each text would count up."""
    return sql(stack, "SELECT coalesce(sum(count), 0)::int AS n FROM system_errors WHERE kind = 'sms_failed'")[0].n


def kill_worker_and_end_its_leases(stack: Stack) -> None:
    """What the dead worker held waits a minute for its lease to run out, of which the test sees the end only."""
    dead = stack.kill_worker("default")
    eventually(lambda: stack.supervisor.pids()["worker-default"] != dead, 10, "a restart")
    sql(stack, "UPDATE background_jobs SET lease_until = now() WHERE leased_by ~ %s", f":{dead}(:|$)")


def finished(stack: Stack, slots: list[UUID], *, beyond: int) -> int:
    """How many of the jobs have succeeded, once they are more than `beyond`."""
    (row,) = sql(
        stack, "SELECT count(*) AS n FROM background_jobs WHERE name = 'expire_hold' AND status = 'succeeded'"
        " AND arguments->>'slot_id' = ANY(%s)", [str(slot_id) for slot_id in slots],
    )  # fmt: skip
    return row.n if row.n > beyond else 0


def scheduled(client: redis.Redis) -> set[str]:
    return {name.decode() for name in client.zrange("rq:scheduler:scheduled_jobs", 0, -1)}


def runs_of_periods(stack: Stack) -> set[str]:
    """The schedules that have a run in the ledger."""
    rows = sql(stack, "SELECT unique_key FROM background_jobs WHERE unique_key ~ %s", PERIOD)
    return {row.unique_key.partition(":")[0] for row in rows}
