"""Telling open pages that messages moved on: gathered over many batches, for one signal reaches all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any
from uuid import UUID

from flask import Flask

from nexapp.messaging.crew import Crew
from nexapp.spine.realtime import COALESCE_MS, publish, send_signal

OFFERED = ("slot_offer", "offer_bundle")


def topics_of(org_id: UUID | None, subject_kind: str | None) -> list[tuple[str, str]]:
    if org_id is None:
        return []
    if subject_kind == "reply":
        return [_inbox(org_id)]
    found = [(f"org:{org_id}:messages", "messages-changed")]
    if subject_kind is None:
        found.append(_inbox(org_id))
    return [*found, (f"org:{org_id}:slots", "slots-changed")] if subject_kind in OFFERED else found


def _inbox(org_id: UUID) -> tuple[str, str]:
    # A topic of its own: the texts of a full list would have every open inbox fetched again and again.
    return f"org:{org_id}:inbox", "inbox-changed"


def publish_inbox(org_id: UUID | None) -> None:
    """A conversation changed: somebody wrote, or settled what somebody wrote."""
    if org_id is not None:
        publish(*_inbox(org_id))


def publish_change(org_id: UUID | None, subject_kind: str | None) -> None:
    """After the commit of the running unit."""
    for name, signal in topics_of(org_id, subject_kind):
        publish(name, signal)


class Signals:
    """For the sender, whose units follow each other in milliseconds. A thread of its own tells Redis."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._waiting: set[tuple[str, str]] = set()
        self._sent_at = 0.0
        self._crew: Crew[set[tuple[str, str]], None] = Crew(1, self._tell, SimpleQueue())

    def add(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._waiting.update(topics_of(row.org_id, row.subject_kind))

    def send(self, *, at_once: bool = False) -> None:
        """Outside any unit, after the commit."""
        if not self._waiting or (not at_once and time.monotonic() - self._sent_at < COALESCE_MS / 1000):
            return
        waiting, self._waiting = self._waiting, set()
        self._crew.give([waiting])
        self._sent_at = time.monotonic()

    def close(self) -> None:
        self.send(at_once=True)
        self._crew.dismiss()

    def _tell(self, waiting: set[tuple[str, str]]) -> None:
        with self._app.app_context():
            for name, signal in sorted(waiting):
                send_signal(name, signal)
