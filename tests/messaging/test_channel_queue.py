"""Messages that are no texts: claimed once, recorded in batches, taken back from the dead."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from nexapp.messaging.channel_drain import ChannelDrain
from nexapp.messaging.channel_queue import RETRY_SECONDS, ChannelQueue, Outcome, Parcel, later, refused, sent
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor

Sql = Callable[..., list[Any]]
Acting = Callable[[Actor], AbstractContextManager[None]]


class Probe(ChannelDrain[str]):
    """A channel whose network is a table in memory."""

    queue = ChannelQueue("push", lost="queued", keeps_words=True)
    in_flight, ahead = 4, 4

    def __init__(self, answer: Callable[[Parcel], Outcome] = sent) -> None:
        super().__init__()
        self.answer = answer
        self.went: Counter[UUID] = Counter()
        self.settled: list[UUID] = []
        self.lock = threading.Lock()

    def prepare(self, parcels: Sequence[Parcel]) -> Sequence[str]:
        return [parcel.body for parcel in parcels]

    def send(self, parcel: Parcel, load: str) -> Outcome:
        assert load == parcel.body
        with self.lock:
            self.went[parcel.id] += 1
        return self.answer(parcel)

    def settle(self, rows: Sequence[Any], outcomes: Sequence[Outcome]) -> None:
        self.settled += [row.id for row in rows]


class Brittle(Probe):
    queue = ChannelQueue("push")


@pytest.fixture
def write(owner_sql: Sql) -> Callable[..., list[UUID]]:
    def insert(count: int = 1, *, lane: int = 1, wait: str = "0 s", ends: str | None = None) -> list[UUID]:
        ids = [new_id() for _ in range(count)]
        owner_sql(
            "INSERT INTO messages (id, channel, lane, purpose, to_phone, body, segments, send_at, expires_at)"
            " SELECT id, 'push', %s, 'notice', '', 'words', 0, now() + %s::interval, now() + %s::interval"
            " FROM unnest(%s::uuid[]) AS id",
            lane, wait, ends, ids,
        )  # fmt: skip
        return ids

    return insert


@pytest.fixture
def drain(app: Flask) -> Callable[[Probe], None]:
    def run(probe: Probe) -> None:
        with app.app_context():
            probe.drain(lambda: False)

    return run


def test_each_message_goes_once_and_is_recorded(
    write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    ids, probe = write(50), Probe()
    drain(probe)
    drain(probe)
    assert probe.went == Counter(ids)
    assert sorted(probe.settled) == sorted(ids)
    assert owner_sql("SELECT DISTINCT status, attempts, body, leased_by FROM messages") == [("sent", 1, "words", None)]
    assert owner_sql("SELECT kind, count(*) FROM message_events GROUP BY 1") == [("sent", 50)]


def test_two_workers_share_and_take_nothing_twice(
    app: Flask, write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    ids, probes = write(200), [Probe(), Probe()]
    threads = [threading.Thread(target=drain, args=(probe,)) for probe in probes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    drain(Probe())
    assert probes[0].went + probes[1].went <= Counter(ids)
    assert owner_sql("SELECT status, attempts, count(*) FROM messages GROUP BY 1, 2") == [("sent", 1, 200)]


def test_what_is_not_due_stays_and_what_is_over_expires(
    write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    (held,), (over,), probe = write(wait="1 hour"), write(ends="-1 s"), Probe()
    drain(probe)
    assert not probe.went
    assert dict(owner_sql("SELECT id, status FROM messages")) == {held: "queued", over: "expired"}


def test_lower_lanes_go_first(app: Flask, write: Callable[..., list[UUID]], acting: Acting) -> None:
    (late,), (early,) = write(lane=3, wait="-1 hour"), write(lane=0)
    with acting(SYSTEM):
        assert [parcel.id for parcel in Probe.queue.claim("w", 2, 60)] == [early, late]


def test_a_hiccup_is_tried_again_with_growing_waits_until_it_is_worth_nothing(
    write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    write(ends="12 s")
    probe = Probe(lambda parcel: later(parcel, "busy", code=503))
    for _ in range(4):
        drain(probe)
        owner_sql("UPDATE messages SET send_at = now() WHERE status = 'queued'")
    waits = owner_sql(
        "SELECT (details->>'wait_seconds')::float FROM message_events WHERE kind = 'retrying' ORDER BY at"
    )
    assert [wait for (wait,) in waits] == list(RETRY_SECONDS[:3])
    assert owner_sql("SELECT status, attempts, error, error_code FROM messages") == [("failed", 4, "busy", 503)]
    assert owner_sql("SELECT severity FROM system_errors") == [("medium",)]


def test_the_servers_own_wait_counts_where_it_is_longer(
    write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    write()
    drain(Probe(lambda parcel: later(parcel, "slow down", retry_after=120.0)))
    assert owner_sql("SELECT status, send_at > now() + interval '100 s' FROM messages") == [("queued", True)]


def test_a_server_that_is_away_is_left_alone_for_a_while(
    app: Flask, write: Callable[..., list[UUID]], drain: Callable[[Probe], None]
) -> None:
    write(50)
    probe = Probe(lambda parcel: later(parcel, "away", rests=3600.0))
    drain(probe)
    assert 0 < probe.went.total() <= Probe.in_flight + Probe.ahead
    with app.app_context():
        assert probe.drain(lambda: False) is False


def test_a_bug_in_one_message_stops_no_other(
    write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    ids = write(5)

    def answer(parcel: Parcel) -> Outcome:
        if parcel.id == ids[0]:
            raise ZeroDivisionError
        return refused(parcel, "no such device") if parcel.id == ids[1] else sent(parcel)

    drain(Probe(answer))
    found = dict(owner_sql("SELECT id, status FROM messages"))
    assert [found[message_id] for message_id in ids] == ["unknown", "failed", "sent", "sent", "sent"]


@pytest.mark.parametrize(("kind", "status"), [(Probe, "sent"), (Brittle, "unknown")])
def test_what_a_dead_worker_held_moves_on(
    app: Flask, write: Callable[..., list[UUID]], drain: Callable[[Probe], None], acting: Acting, owner_sql: Sql,
    kind: type[Probe], status: str,
) -> None:  # fmt: skip
    write()
    with acting(SYSTEM):
        assert kind.queue.claim("dead", 1, 60)
    drain(kind())
    assert owner_sql("SELECT status FROM messages") == [("sending",)]
    owner_sql("UPDATE messages SET lease_until = now() - interval '1 second'")
    drain(kind())
    assert owner_sql("SELECT status FROM messages") == [(status,)]
    assert owner_sql("SELECT count(*) FROM system_errors") == [(int(status == "unknown"),)]


def test_a_worker_whose_lease_was_taken_over_records_nothing(
    write: Callable[..., list[UUID]], acting: Acting, owner_sql: Sql
) -> None:
    (message_id,) = write()
    with acting(SYSTEM):
        (parcel,) = Probe.queue.claim("first", 1, 60)
    owner_sql("UPDATE messages SET leased_by = 'second'")
    with acting(SYSTEM):
        assert not Probe.queue.record("first", [sent(parcel)])
        Probe.queue.renew("first", [parcel], 60)
        assert parcel.lease_end == 0.0
        assert [row.id for row in Probe.queue.record("second", [sent(parcel)])] == [message_id]


def test_words_are_forgotten_where_the_channel_says_so(
    write: Callable[..., list[UUID]], drain: Callable[[Probe], None], owner_sql: Sql
) -> None:
    write()
    drain(Brittle())
    assert owner_sql("SELECT status, body FROM messages") == [("sent", "")]


def test_a_claim_reads_what_is_due_alone(app: Flask, write: Callable[..., list[UUID]], owner_sql: Sql) -> None:
    write(3000, wait="8 hours")
    write(2)
    owner_sql("ANALYZE messages")
    plan = owner_sql(
        "EXPLAIN (FORMAT TEXT) SELECT id FROM messages WHERE status = 'queued' AND channel = 'push' AND lane = 1"
        " AND send_at <= now() AND (expires_at IS NULL OR expires_at > now()) ORDER BY send_at LIMIT 16"
    )
    assert any("messages_channel_due" in line for (line,) in plan)


def test_what_is_over_is_found_without_reading_what_is_held(
    app: Flask, write: Callable[..., list[UUID]], owner_sql: Sql
) -> None:
    write(3000, wait="8 hours")
    write(2, ends="-1 s")
    owner_sql("ANALYZE messages")
    plan = owner_sql(
        "EXPLAIN (FORMAT TEXT) SELECT id FROM messages WHERE status = 'queued' AND channel = 'push'"
        " AND expires_at <= now()"
    )
    assert any("messages_channel_over" in line for (line,) in plan)
