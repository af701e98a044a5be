"""Threads for the network only: they take tasks, never touch the database, and hand results back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Crew(Generic[Task, Result]):
    """Up to `size` threads, started as they are needed. `work` must not raise; `done` gets the results."""

    def __init__(self, size: int, work: Callable[[Task], Result], done: SimpleQueue[Result]) -> None:
        self._size = size
        self._work = work
        self._done = done
        self._inbox: SimpleQueue[Task | None] = SimpleQueue()
        self._threads = 0
        self._given = 0

    def give(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            self._given += 1
            if self._threads < min(self._size, self._given):
                self._start()
            self._inbox.put(task)

    def take_back(self) -> list[Task]:
        """The tasks that nobody has begun."""
        back: list[Task] = []
        try:
            while True:
                if (task := self._inbox.get_nowait()) is not None:
                    back.append(task)
        except Empty:
            return back

    def dismiss(self) -> None:
        """The threads end after what they are at; nobody waits for them."""
        for _ in range(self._threads):
            self._inbox.put(None)

    def _start(self) -> None:
        self._threads += 1
        threading.Thread(target=self._serve, name=f"crew-{self._threads}", daemon=True).start()

    def _serve(self) -> None:
        while (task := self._inbox.get()) is not None:
            self._done.put(self._work(task))


def collect(done: SimpleQueue[Result], timeout: float) -> list[Result]:
    """What is done by now; waits up to `timeout` seconds for the first where nothing is."""
    results: list[Result] = []
    try:
        results.append(done.get(timeout=timeout) if timeout > 0 else done.get_nowait())
        while True:
            results.append(done.get_nowait())
    except Empty:
        return results
