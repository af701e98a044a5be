"""Sending: exactly once as well as can be with a provider that takes no idempotency key, and quickly.

The main thread claims and records in batches; threads do nothing but the network. A claim commits a message as
`sending` before its request leaves, so that a worker that dies leaves a row behind that says so. What became of
such a message, or of one whose answer was lost, is looked up at the provider until it is settled
(`verdicts.not_listed`); it is never sent again on a guess.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from queue import SimpleQueue
from secrets import token_hex
from uuid import UUID

import structlog
from flask import current_app
from redis import RedisError
from sqlalchemy.exc import DBAPIError

from nexapp.messaging import leases, pause, records, spending
from nexapp.messaging.courier import Courier
from nexapp.messaging.crew import Crew, collect
from nexapp.messaging.gateway import sender_of
from nexapp.messaging.lanes import ANSWERS, CODES, OFFERS
from nexapp.messaging.leases import Errand
from nexapp.messaging.limiter import Gate, Turns
from nexapp.messaging.recording import record_singly
from nexapp.messaging.signals import Signals
from nexapp.messaging.verdicts import Verdict, ambiguous, look_again, not_begun
from nexapp.spine.config import redis_connection, settings
from nexapp.spine.jobs.runner import system_unit
from nexapp.spine.jobs.stopping import stop_requested

log = structlog.get_logger()

SEEKERS = 4
"""Threads that look messages up, beside those that send: settling stalls nobody."""

LARGEST_BATCH = 100
BUFFER_SECONDS = 0.1
GATHER_SECONDS = 0.012
IDLE_SECONDS = 0.2
CAPS_SECONDS = 0.25
LOOKS_SECONDS = 0.1
PATIENCE_SECONDS = 1.5
"""How long a worker that is told to stop waits for the answers under way."""


class MessageDrain:
    """The queue `messages` as the workers know it. Any number of workers may drain it at once."""

    def drain(self, stop: Callable[[], bool]) -> bool:
        try:
            if pause.is_paused():
                return False
            return Shift().work(stop)
        except RedisError as error:
            # Without it there is no pace to keep to; the sweep rings once it is back.
            log.warning("sending_waits_for_redis", error=str(error))
            return False

    def due(self) -> bool:
        return leases.is_due() and not pause.is_paused()

    def reclaim(self) -> None:
        leases.reclaim()


class Shift:
    """One drain: what this worker holds, and its threads."""

    def __init__(self) -> None:
        chosen = settings()
        self.worker = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        self.in_flight = chosen.sms_in_flight
        self.courier = Courier.of_app()
        self.done: SimpleQueue[Verdict] = SimpleQueue()
        self.senders = Crew(self.in_flight, self.courier.send, self.done)
        self.seekers = Crew(SEEKERS, self.courier.look, self.done)
        self.sending: dict[UUID, Errand] = {}
        self.seeking: dict[UUID, Errand] = {}
        self.lines = _lines()
        self.signals = Signals(current_app._get_current_object())  # type: ignore[attr-defined]
        self.probing = pause.is_probing()
        self.paused = False
        self._began, self._sent = time.monotonic(), 0
        self._renews_at = time.monotonic() + chosen.sms_lease_seconds / 3
        self._next_caps = self._next_looks = 0.0

    @property
    def holds(self) -> bool:
        return bool(self.sending or self.seeking)

    def work(self, stop: Callable[[], bool]) -> bool:
        """Until nothing is due or `stop()`. True where more is due."""
        with system_unit():
            leases.reclaim()
        try:
            while not stop() and self._turn():
                pass
            self._finish()
        finally:
            self.courier.stopping.set()
            self.senders.dismiss()
            self.seekers.dismiss()
            self.signals.close()
        with system_unit():
            return leases.is_due() and not self.paused

    def _turn(self) -> bool:
        """Record what came back and take more; False once there is nothing to wait for."""
        verdicts = self._gather()
        sends, looks = self._record(verdicts, claiming=True)
        self.senders.give(sends)
        self.seekers.give(looks)
        self.signals.send()
        return self.holds or (any(line.is_waiting for line in self.lines) and not self.paused)

    def _gather(self) -> list[Verdict]:
        timeout = min([IDLE_SECONDS, *(line.wait for line in self.lines if line.is_waiting)])
        if not self.holds:
            if any(line.is_waiting for line in self.lines):
                time.sleep(timeout)
            return []
        verdicts = collect(self.done, timeout)
        if verdicts and len(verdicts) < min(len(self.sending), self.in_flight // 2):
            # Others come back within moments: one statement records them all.
            time.sleep(GATHER_SECONDS)
            verdicts += collect(self.done, 0)
        return verdicts

    def _record(self, verdicts: list[Verdict], *, claiming: bool) -> tuple[list[Errand], list[Errand]]:
        self._heed(verdicts)
        verdicts = self._let_go(verdicts)
        try:
            return self._unit(verdicts, claiming=claiming)
        except DBAPIError as error:
            log.warning("batch_not_recorded", error=str(error), count=len(verdicts))
            record_singly(verdicts, lambda one: self._unit([one], claiming=False), "sms_failed")
            return [], []

    def _let_go(self, verdicts: list[Verdict]) -> list[Verdict]:
        """These are held no more; the claim that follows may bring one of them back."""
        for verdict in verdicts:
            self._sent += self.sending.pop(verdict.id, None) is not None
            verdict.looked = self.seeking.pop(verdict.id, None) is not None
        return verdicts

    def _unit(self, verdicts: list[Verdict], *, claiming: bool) -> tuple[list[Errand], list[Errand]]:
        with system_unit():
            rows = records.record(self.worker, records.without_strangers(verdicts))
            self._renew()
            sends = self._claim_sends() if claiming else []
            looks = self._claim_looks() if claiming else []
        self.signals.add(rows)
        self.sending.update((errand.id, errand) for errand in sends)
        self.seeking.update((errand.id, errand) for errand in looks)
        return sends, looks

    def _heed(self, verdicts: list[Verdict]) -> None:
        """Refused credentials end the shift; the first text that is taken ends a pause."""
        refused = next((verdict for verdict in verdicts if verdict.pauses), None)
        if refused is not None:
            self.paused = True
            # What is claimed and not begun goes back into the line untried.
            self.courier.stopping.set()
            pause.pause(refused.error or "")
        elif self.probing and any(verdict.event == "sent" for verdict in verdicts):
            self.probing = False
            pause.resume()

    def _renew(self) -> None:
        if self.holds and time.monotonic() >= self._renews_at:
            leases.renew(self.worker, [*self.sending.values(), *self.seeking.values()])
            self._renews_at = time.monotonic() + settings().sms_lease_seconds / 3

    def _claim_sends(self) -> list[Errand]:
        room = self._room()
        if self.paused or room <= 0:
            return []
        if time.monotonic() >= self._next_caps:
            spending.hold_to_caps()
            self._next_caps = time.monotonic() + CAPS_SECONDS
        taken: list[Errand] = []
        for line in self.lines:
            taken += line.claim(self.worker, room - len(taken))
        return taken

    def _room(self) -> int:
        """How many to claim now: so many wait before the threads as they send in a tenth of a second.

        Fewer, and the threads stand idle while the next are claimed; more, and a code waits behind offers.
        """
        held = len(self.sending)
        if self.probing:
            return 1 - held
        pace = self._sent / max(time.monotonic() - self._began, BUFFER_SECONDS)
        ahead = min(max(round(pace * BUFFER_SECONDS), self.in_flight), LARGEST_BATCH)
        room = self.in_flight + ahead - held
        return min(room, LARGEST_BATCH) if room > ahead // 2 else 0

    def _claim_looks(self) -> list[Errand]:
        if self.paused or len(self.seeking) >= SEEKERS or time.monotonic() < self._next_looks:
            return []
        self._next_looks = time.monotonic() + LOOKS_SECONDS
        return leases.claim_uncertain(self.worker, 2 * SEEKERS)

    def _finish(self) -> None:
        """Wait for what is under way; give up waiting where the process is to end, and say so in the rows."""
        stopped_at = 0.0
        while self.holds:
            if stop_requested() and not stopped_at:
                stopped_at = time.monotonic()
                self._hand_back()
            elif stopped_at and time.monotonic() - stopped_at > PATIENCE_SECONDS:
                self._abandon()
                break
            self._record(collect(self.done, 0.05), claiming=False)

    def _hand_back(self) -> None:
        self.courier.stopping.set()
        sends = [not_begun(errand) for errand in self.senders.take_back()]
        looks = [look_again(errand, 0.0) for errand in self.seekers.take_back()]
        self._record(sends + looks, claiming=False)

    def _abandon(self) -> None:
        why = "The worker was told to stop before the answer came."
        held = [*self.sending.values(), *self.seeking.values()]
        self._record([ambiguous(errand, why) for errand in held], claiming=False)


class Line:
    """The lanes of one sender, and its pace."""

    def __init__(self, first: int, last: int, gate: Gate | None) -> None:
        self._lanes = (first, last)
        self._gate = gate
        self._ready_at = 0.0

    @property
    def wait(self) -> float:
        return max(0.0, self._ready_at - time.monotonic())

    @property
    def is_waiting(self) -> bool:
        """Whether something is due that only the pace holds up."""
        return self._ready_at > 0

    def claim(self, worker: str, room: int) -> list[Errand]:
        if room <= 0:
            return []
        if self._gate is None:
            return leases.claim(worker, self._lanes, room)
        if self.wait > 0:
            return []
        return self._claim_in_pace(self._gate, worker, room)

    def _claim_in_pace(self, gate: Gate, worker: str, room: int) -> list[Errand]:
        """Turns are reserved for what is due only: one that nobody uses is lost to the others."""
        self._ready_at = 0.0
        due = leases.count_due(self._lanes, room)
        if not due:
            return []
        turns = self._reserve(gate, due)
        self._ready_at = time.monotonic() + turns.wait
        taken = leases.claim(worker, self._lanes, len(turns.at)) if turns.at else []
        for errand, turn in zip(taken, turns.at, strict=False):
            errand.start_at = turn
        return taken

    def _reserve(self, gate: Gate, due: int) -> Turns:
        try:
            return gate.reserve(due)
        except RedisError as error:
            log.warning("sending_waits_for_redis", error=str(error))
            return Turns([], IDLE_SECONDS)


def _lines() -> list[Line]:
    if not settings().twilio_codes_from:
        return [Line(CODES, OFFERS, _gate(ANSWERS))]
    return [Line(CODES, CODES, _gate(CODES)), Line(ANSWERS, OFFERS, _gate(ANSWERS))]


def _gate(lane: int) -> Gate | None:
    """One for each sender, kept for the life of the process."""
    chosen, sender = settings(), sender_of(lane)
    if not chosen.sms_per_second:
        return None
    gates: dict[str, Gate] = current_app.extensions.setdefault("sms_gates", {})
    if sender not in gates:
        gates[sender] = Gate(redis_connection(), sender, chosen.sms_per_second)
    return gates[sender]
