"""The mail server down, hanging or refusing, the worker killed in the middle: nothing lost, nothing twice, nothing else
delayed. Letters are counted by the server that got them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from nexapp.local.stack import Stack
from nexapp.spine.ids import new_id
from tests.blackbox import Merchant, eventually, running_stack, sql
from tests.messaging.mail_servers import StrangeServer

pytestmark = pytest.mark.slow

WORKER = "worker-emails"
LETTERS = 40
KILLS = 3
PATIENCE = 120


@pytest.fixture(scope="module")
def first_server() -> Iterator[StrangeServer]:
    server = StrangeServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, first_server: StrangeServer) -> Iterator[Stack]:
    address = f"smtp://127.0.0.1:{first_server.port}"
    folder = tmp_path_factory.mktemp("mail")
    with running_stack(folder, web_processes=1, MAIL_URL=address, MAIL_FROM="NexApp <a@nexapp.example>") as running:
        yield running


@pytest.fixture
def server(stack: Stack, first_server: StrangeServer) -> Iterator[StrangeServer]:
    first_server.hangs_at, first_server.seconds_each = None, 0.0
    first_server.subjects.clear()
    yield first_server
    first_server.hangs_at = None


def write(stack: Stack, count: int, mark: str) -> list[str]:
    subjects = [f"{mark} {number}" for number in range(count)]
    for subject in subjects:
        sql(
            stack,
            "INSERT INTO messages (id, channel, lane, purpose, to_phone, to_email, subject, body, segments)"
            " VALUES (%s, 'email', 2, 'notice', '', 'ana@example.com', %s, 'Hello', 0)",
            new_id(), subject,
        )  # fmt: skip
    return subjects


def states(stack: Stack, mark: str) -> Counter[str]:
    rows = sql(stack, "SELECT status, count(*) AS n FROM messages WHERE subject LIKE %s GROUP BY 1", f"{mark} %")
    return Counter({row.status: row.n for row in rows})


def sending(stack: Stack, mark: str) -> list[Any]:
    return sql(stack, "SELECT id FROM messages WHERE status = 'sending' AND subject LIKE %s", f"{mark} %")


def tries(stack: Stack, mark: str) -> int:
    return sql(stack, "SELECT sum(attempts) AS n FROM messages WHERE subject LIKE %s", f"{mark} %")[0].n


def kill_in_the_middle(stack: Stack, mark: str) -> None:
    eventually(lambda: sending(stack, mark), PATIENCE, "a letter is under way")
    before = stack.kill(WORKER)
    # Its lease is over: the test needs not wait for it.
    sql(stack, "UPDATE messages SET lease_until = now() WHERE status = 'sending' AND channel = 'email'")
    eventually(lambda: stack.supervisor.pids()[WORKER] != before, PATIENCE, "a restart")


def test_kills_lose_nothing_and_send_nothing_twice(stack: Stack, server: StrangeServer) -> None:
    server.seconds_each = 0.4
    subjects = write(stack, LETTERS, "kill")
    for _ in range(KILLS):
        kill_in_the_middle(stack, "kill")
    server.seconds_each = 0.0
    eventually(lambda: not set(states(stack, "kill")) - {"sent", "unknown"}, PATIENCE, "every letter is settled")
    got, settled = Counter(server.subjects), states(stack, "kill")
    assert max(got.values()) == 1
    assert settled.total() == LETTERS
    # What is unknown was at its last line when its worker died; all the others have arrived.
    assert set(got) <= set(subjects)
    assert len(got) >= settled["sent"] >= LETTERS - 8 * KILLS
    unknown = sql(stack, "SELECT subject FROM messages WHERE status = 'unknown'")
    assert {*got, *(row.subject for row in unknown)} == set(subjects)


def test_a_kill_while_the_server_hangs_leaves_nothing_unknown(stack: Stack, server: StrangeServer) -> None:
    server.hangs_at = "data"
    subjects = write(stack, 12, "hang")
    for _ in range(2):
        kill_in_the_middle(stack, "hang")
    server.hangs_at = None
    eventually(lambda: states(stack, "hang") == {"sent": 12}, PATIENCE, "every letter")
    assert Counter(server.subjects) == Counter(subjects)


def test_a_hanging_server_delays_nothing_else(stack: Stack, server: StrangeServer) -> None:
    server.hangs_at = "connect"
    subjects = write(stack, 30, "slow")
    eventually(lambda: server.connections and sending(stack, "slow"), PATIENCE, "the worker hangs")
    # A text with a code, the jobs behind a new business and its pages: all of them while e-mails wait.
    Merchant(stack).sign_up("Not Delayed Nails")
    assert states(stack, "slow")["sent"] == 0
    server.hangs_at = None
    eventually(lambda: states(stack, "slow") == {"sent": 30}, PATIENCE, "every letter")
    assert Counter(server.subjects) == Counter(subjects)


def test_letters_outlast_a_server_that_is_down(stack: Stack, server: StrangeServer) -> None:
    server.close()
    subjects = write(stack, 30, "down")
    eventually(lambda: tries(stack, "down") >= 10, PATIENCE, "several tries in vain")
    assert set(states(stack, "down")) <= {"queued", "sending"}
    assert tries(stack, "down") < 30, "one letter finds out for all"
    again = StrangeServer(server.port)
    try:
        eventually(lambda: states(stack, "down") == {"sent": 30}, PATIENCE, "every letter")
        assert Counter(again.subjects) == Counter(subjects)
    finally:
        again.close()
