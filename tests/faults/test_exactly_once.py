"""One text per person, whatever dies on the way: counted in the phone's own ledger."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis

from nexapp.local import processes
from nexapp.local.stack import Stack
from tests.blackbox import Merchant, Phone, eventually, sql
from tests.crowd import Person, join_list

pytestmark = pytest.mark.slow

PEOPLE = 50
KILLS = 3
LATENCY_MS = 500
SILENT = {"callbacks": False, "list_lag_seconds": 1.0}
"""No report tells of the text, and the provider's list shows it late, though within SMS_SETTLE_SECONDS."""

WORKER = "worker-messages"
SETTLED_SECONDS = 40


@pytest.fixture(scope="module")
def merchant(stack: Stack) -> Merchant:
    return Merchant(stack).sign_up("Once Only Salon")


def offers_texted(phone: Phone, people: list[Person]) -> Counter[str]:
    """How many texts with a claim link each of them got."""
    numbers = {person.phone for person in people}
    return Counter(text["to"] for text in phone.texts() if text["to"] in numbers and "/c/" in text["body"])


def messages(stack: Stack, slot_id: UUID) -> list[Any]:
    return sql(
        stack,
        "SELECT m.id, m.to_phone, m.status FROM messages m JOIN slot_offers f ON f.message_id = m.id"
        " WHERE f.slot_id = %s",
        slot_id,
    )


def accepted_but_uncommitted(stack: Stack, phone: Phone, slot_id: UUID) -> list[str]:
    """Numbers whose text the provider has while our row still says `sending`. Ours is read first."""
    sending = {row.to_phone for row in messages(stack, slot_id) if row.status == "sending"}
    return [text["to"] for text in phone.texts() if text["to"] in sending]


def await_settled(stack: Stack, slot_id: UUID) -> None:
    def all_final() -> bool:
        return all(row.status not in ("queued", "sending") for row in messages(stack, slot_id))

    eventually(all_final, SETTLED_SECONDS, "every text is settled")


@pytest.fixture
def workers(stack: Stack, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The names of so many workers that send at once."""
    logs = stack.data_dir / "logs"
    program = processes.process(WORKER, stack.environment, logs)
    extra = [f"{WORKER}-{number}" for number in range(2, request.param + 1)]
    for name in extra:
        stack.supervisor.start(replace(program, name=name, log=logs / f"{name}.log"))
    yield [WORKER, *extra]
    stack.supervisor.stop(*extra)


def kill_all(stack: Stack, workers: list[str]) -> None:
    """And wait until the supervisor has started each of them again."""
    before = {name: stack.kill(name) for name in workers}
    eventually(lambda: all(stack.supervisor.pids()[name] != before[name] for name in workers), 10, "a restart")


@pytest.mark.parametrize(
    ("workers", "faults"),
    [
        pytest.param(1, {"drop_after_accept": 0.15}, id="with callbacks"),
        pytest.param(1, {"drop_after_accept": 0.15, **SILENT}, id="by a look-up that lags"),
        pytest.param(1, {"drop_before_accept": 0.15, **SILENT}, id="dropped before acceptance"),
        pytest.param(2, {"drop_after_accept": 0.15, "garbage": 0.1, **SILENT}, id="two workers"),
    ],
    indirect=["workers"],
)
def test_fan_out_survives_kills_dropped_lines_and_a_flush(
    stack: Stack, merchant: Merchant, phone: Phone, workers: list[str], faults: dict[str, Any]
) -> None:
    # Two workers would be done with fifty before the third kill.
    people = join_list(merchant, PEOPLE if len(workers) == 1 else 4 * PEOPLE)
    phone.fail(latency_ms=LATENCY_MS, **faults)
    slot_id = merchant.open_slot()

    for turn in range(KILLS):
        eventually(
            lambda: accepted_but_uncommitted(stack, phone, slot_id), 15, "a text is accepted and not yet committed"
        )
        kill_all(stack, workers)
        if turn == 1:
            redis.Redis.from_url(stack.redis_url).flushall()
    phone.fail(drop_after_accept=0.0, drop_before_accept=0.0, garbage=0.0, latency_ms=0)
    await_settled(stack, slot_id)

    assert offers_texted(phone, people) == Counter(person.phone for person in people)
    assert {row.status for row in messages(stack, slot_id)} <= {"sent", "delivered"}
    merchant.empty_list()


@pytest.mark.parametrize("name", ["postgres", "redis", "phone"])
def test_fan_out_survives_the_death_of_what_it_needs(stack: Stack, merchant: Merchant, phone: Phone, name: str) -> None:
    people = join_list(merchant, PEOPLE)
    phone.fail(latency_ms=LATENCY_MS, **SILENT)
    slot_id = merchant.open_slot()

    eventually(lambda: accepted_but_uncommitted(stack, phone, slot_id), 15, "a text is accepted and not yet committed")
    before = stack.kill(name)
    eventually(lambda: stack.supervisor.pids()[name] != before, 10, "a restart")
    eventually(lambda: answers(stack), 20, "PostgreSQL answers")
    await_settled(stack, slot_id)

    assert offers_texted(phone, people) == Counter(person.phone for person in people)
    assert {row.status for row in messages(stack, slot_id)} <= {"sent", "delivered"}
    merchant.empty_list()


def answers(stack: Stack) -> bool:
    try:
        return bool(sql(stack, "SELECT 1"))
    except psycopg.OperationalError:
        return False


def test_a_slot_opened_twice_at_once_texts_each_person_once(stack: Stack, merchant: Merchant, phone: Phone) -> None:
    people = join_list(merchant, 10)
    slot_id = merchant.add_slot()
    page = merchant.get(f"/slots/{slot_id}").expect(200)
    form = page.form(f"/slots/{slot_id}/rounds")
    statuses: list[int] = []

    def open_it() -> None:
        statuses.append(merchant.http.post(form.action, data=form.fields).status_code)

    together([open_it] * 2)
    await_settled(stack, slot_id)

    assert sorted(statuses) == [303, 409]
    assert merchant.slot(slot_id).round == 1
    assert offers_texted(phone, people) == Counter(person.phone for person in people)
    merchant.empty_list()


def test_a_form_sent_twice_at_once_is_one_slot_and_one_text_each(
    stack: Stack, merchant: Merchant, phone: Phone
) -> None:
    people = join_list(merchant, 10)
    form = merchant.get("/slots/new").form("/slots")
    day, at = merchant.next_time()
    chosen = {"on": day.isoformat(), "at": at, "staff_member_id": str(merchant.staff()[0]), "then": "open"}
    places: list[str] = []

    def send_it() -> None:
        answer = merchant.http.post("/slots", data={**form.fields, **chosen})
        assert answer.status_code == 303, answer.text
        places.append(answer.headers["location"])

    together([send_it] * 4)
    assert len(set(places)) == 1
    slot_id = UUID(places[0].rpartition("/")[2])
    await_settled(stack, slot_id)

    assert len(places) == 4
    assert offers_texted(phone, people) == Counter(person.phone for person in people)
    merchant.empty_list()


def together(acts: list[Any]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
