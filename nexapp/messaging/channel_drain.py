"""Sending what is no text: the main thread claims and records in batches, threads do nothing but the network.

A channel says how its messages become requests (`prepare`), how one is sent (`send`) and what follows from the
answers (`settle`); see `email_sending` and `push_sending`. Any number of workers may drain one channel at once.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from secrets import token_hex
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from nexapp.messaging.channel_queue import ChannelQueue, Outcome, Parcel, not_begun, unknown
from nexapp.messaging.crew import Crew, collect
from nexapp.messaging.recording import record_singly
from nexapp.messaging.signals import publish_change
from nexapp.spine import faults
from nexapp.spine.jobs.runner import system_unit
from nexapp.spine.jobs.stopping import stop_requested

log = structlog.get_logger()

IDLE_SECONDS = 0.2
GATHER_SECONDS = 0.01
PATIENCE_SECONDS = 1.5
"""How long a worker that is told to stop waits for the answers under way."""

ANSWER_SECONDS = 10.0
"""How long a thread waits to be told that it may begin."""


Load = TypeVar("Load")


class ChannelDrain(ABC, Generic[Load]):
    """One channel's sender. Register it with `register_drain`."""

    queue: ChannelQueue
    in_flight = 8
    ahead = 0
    """How many to claim beyond what the threads are at. 0 where a worker's death makes what it held `unknown`."""
    lease_seconds = 60.0

    @abstractmethod
    def prepare(self, parcels: Sequence[Parcel]) -> Sequence[Load]:
        """What `send` needs, in the claim's unit and in the order of `parcels`. Must not raise for one bad message."""

    @abstractmethod
    def send(self, parcel: Parcel, load: Load) -> Outcome:
        """One attempt, in a thread: no database, no app context."""

    def settle(self, rows: Sequence[Row[Any]], outcomes: Sequence[Outcome]) -> None:
        """What follows from recorded outcomes, in their unit."""

    def expand(self) -> None:
        """Before a claim, in its unit: where one message becomes several."""

    def __init__(self) -> None:
        self._rests_until = 0.0

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def rest(self, seconds: float) -> None:
        self._rests_until = max(self._rests_until, time.monotonic() + seconds)

    def drain(self, stop: Callable[[], bool]) -> bool:
        return False if self.is_resting else _Shift(self).work(stop)

    def due(self) -> bool:
        return self.queue.is_due()

    def reclaim(self) -> None:
        for row in self.queue.reclaim():
            if row.status == "unknown":
                _alert(row.org_id, row.purpose, self.queue.channel, "The worker ended while it was sending.", "medium")


@dataclass(slots=True)
class _Question:
    """Of a thread that is about to do what can't be taken back. Only a yes that is committed is given."""

    id: UUID
    answered: threading.Event = field(default_factory=threading.Event)
    is_granted: bool = False

    def answer(self, granted: bool) -> None:
        self.is_granted = granted
        self.answered.set()


class _Shift(Generic[Load]):
    """One drain: what this worker holds, and its threads."""

    def __init__(self, drain: ChannelDrain[Load]) -> None:
        self.drain = drain
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        self.stopping = threading.Event()
        self.done: SimpleQueue[Outcome | _Question] = SimpleQueue()
        self.crew: Crew[tuple[Parcel, Load], Outcome | _Question] = Crew(drain.in_flight, self._serve, self.done)
        self.held: dict[UUID, Parcel] = {}
        self.begun: set[UUID] = set()
        self._renews_at = time.monotonic() + drain.lease_seconds / 3

    def work(self, stop: Callable[[], bool]) -> bool:
        """Until nothing is due or `stop()`. True where more is due."""
        with system_unit():
            self.drain.reclaim()
        try:
            while not stop() and self._turn():
                pass
            self._finish()
        finally:
            self.stopping.set()
            self.crew.dismiss()
        with system_unit():
            return not self.drain.is_resting and self.drain.queue.is_due()

    def _serve(self, task: tuple[Parcel, Load]) -> Outcome:
        parcel, load = task
        if self.stopping.is_set() or time.monotonic() >= parcel.lease_end or parcel.is_over:
            return not_begun(parcel)
        try:
            return self.drain.send(parcel, load)
        except Exception as error:
            # Whatever it was, it may have come after the request left.
            log.exception("send_failed", channel=self.drain.queue.channel, message_id=str(parcel.id))
            return unknown(parcel, f"{type(error).__name__}: {error}")

    def _ask(self, message_id: UUID) -> bool:
        question = _Question(message_id)
        self.done.put(question)
        return question.answered.wait(ANSWER_SECONDS) and question.is_granted

    def _turn(self) -> bool:
        """Record what came back and take more; False once there is nothing to wait for."""
        self.crew.give(self._record(self._gather(), claiming=True))
        return bool(self.held)

    def _gather(self) -> list[Outcome]:
        if not self.held:
            return []
        came = collect(self.done, IDLE_SECONDS)
        if came and len(came) < len(self.held) // 2:
            # Others come back within moments: one statement records them all.
            time.sleep(GATHER_SECONDS)
            came += collect(self.done, 0)
        return self._sort(came)

    def _sort(self, came: Sequence[Outcome | _Question]) -> list[Outcome]:
        """Answer the questions, and give the outcomes."""
        if questions := [item for item in came if isinstance(item, _Question)]:
            self._answer(questions)
        return [item for item in came if isinstance(item, Outcome)]

    def _answer(self, questions: Sequence[_Question]) -> None:
        granted: set[UUID] = set()
        try:
            with system_unit():
                granted = self.drain.queue.begin(self.worker, [question.id for question in questions])
        except DBAPIError as error:
            log.warning("begin_not_marked", channel=self.drain.queue.channel, error=str(error))
            granted = set()
        self.begun |= granted
        for question in questions:
            question.answer(question.id in granted)

    def _record(self, outcomes: list[Outcome], *, claiming: bool) -> list[tuple[Parcel, Load]]:
        for outcome in outcomes:
            self.held.pop(outcome.id, None)
            self.begun.discard(outcome.id)
            if outcome.rests:
                self.drain.rest(outcome.rests)
        try:
            return self._unit(outcomes, claiming=claiming)
        except DBAPIError as error:
            log.warning("batch_not_recorded", channel=self.drain.queue.channel, error=str(error), count=len(outcomes))
            record_singly(outcomes, lambda one: self._unit([one], claiming=False), "job_error")
            return []

    def _unit(self, outcomes: Sequence[Outcome], *, claiming: bool) -> list[tuple[Parcel, Load]]:
        with system_unit():
            rows = self.drain.queue.record(self.worker, outcomes)
            self.drain.settle(rows, outcomes)
            _tell(rows, outcomes, self.drain.queue.channel)
            self._renew()
            parcels = self._claim() if claiming else []
            tasks = list(zip(parcels, self.drain.prepare(parcels), strict=True)) if parcels else []
        self.held.update((parcel.id, parcel) for parcel in parcels)
        if self.drain.queue.marks:
            for parcel in parcels:
                parcel.begin = partial(self._ask, parcel.id)
        return tasks

    def _claim(self) -> list[Parcel]:
        room = self.drain.in_flight + self.drain.ahead - len(self.held)
        if self.drain.is_resting or room <= self.drain.ahead // 2:
            return []
        self.drain.expand()
        return self.drain.queue.claim(self.worker, room, self.drain.lease_seconds)

    def _renew(self) -> None:
        if self.held and time.monotonic() >= self._renews_at:
            self.drain.queue.renew(self.worker, self.held.values(), self.drain.lease_seconds)
            self._renews_at = time.monotonic() + self.drain.lease_seconds / 3

    def _finish(self) -> None:
        """Wait for what is under way; give up waiting where the process is to end, and say so in the rows."""
        stopped_at = 0.0
        while self.held:
            if stop_requested() and not stopped_at:
                stopped_at = time.monotonic()
                self.stopping.set()
                self._record([not_begun(parcel) for parcel, _ in self.crew.take_back()], claiming=False)
            elif stopped_at and time.monotonic() - stopped_at > PATIENCE_SECONDS:
                self._record([self._abandoned(parcel) for parcel in self.held.values()], claiming=False)
                break
            self._record(self._sort(collect(self.done, 0.05)), claiming=False)

    def _abandoned(self, parcel: Parcel) -> Outcome:
        if self.drain.queue.marks and parcel.id not in self.begun:
            # Nobody answers its question any more.
            return not_begun(parcel)
        outcome = unknown(parcel, "The worker was told to stop before the answer came.")
        if self.drain.queue.lost == "queued":
            outcome.status, outcome.event, outcome.alert = "queued", "retrying", ""
        return outcome


def _tell(rows: Sequence[Row[Any]], outcomes: Sequence[Outcome], channel: str) -> None:
    """Open pages hear of what concerns their business; failures that are alike are one error."""
    alerts = {outcome.id: outcome.alert for outcome in outcomes if outcome.alert}
    alike = {(row.org_id, row.purpose, row.error, alerts[row.id]) for row in rows if row.id in alerts}
    for org_id, purpose, error, severity in sorted(alike, key=str):
        _alert(org_id, purpose, channel, error or "", severity)
    for org_id, kind in {(row.org_id, row.subject_kind) for row in rows if row.notification_id is None}:
        publish_change(org_id, kind)


def _alert(org_id: UUID | None, purpose: str, channel: str, error: str, severity: str) -> None:
    what = f"A message by {channel} ({purpose}) did not arrive for certain: {error}"
    faults.capture("job_error", what, severity=severity, org_id=org_id)
