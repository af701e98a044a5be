"""Which jobs and queues exist. Filled at import by the parts; read by the ledger, workers and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])
DEFAULT_RETRIES = (1.0, 3.0, 9.0)


class PermanentFailure(Exception):
    """Trying again can't help: the job fails at once."""


@dataclass(frozen=True, slots=True)
class JobKind:
    name: str
    queue: str
    retries: tuple[float, ...]
    handler: Callable[..., Any]
    error_kind: str


class Drain(Protocol):
    """A queue whose rows lie elsewhere than in the ledger, such as texts to send."""

    def drain(self, stop: Callable[[], bool]) -> bool:
        """Work until `stop()` or nothing is due. True where more is due now."""

    def due(self) -> bool:
        """Whether anything is due; one cheap statement."""

    def reclaim(self) -> None:
        """Take back what a dead worker left behind."""


KINDS: dict[str, JobKind] = {}
DRAINS: dict[str, Drain] = {}
LEDGER_QUEUES = {"default"}


def job(
    name: str,
    *,
    queue: str = "default",
    retries: tuple[float, ...] = DEFAULT_RETRIES,
    error_kind: str = "job_error",
) -> Callable[[Handler], Handler]:
    """Register a handler. It gets the ids given to `enqueue` and runs once per row, inside one unit."""

    def register(handler: Handler) -> Handler:
        if name in KINDS and KINDS[name].handler.__module__ != handler.__module__:
            raise RuntimeError(f"two jobs are called {name}")
        KINDS[name] = JobKind(name, queue, retries, handler, error_kind)
        LEDGER_QUEUES.add(queue)
        return handler

    return register


def register_drain(queue: str, drain: Drain) -> None:
    DRAINS[queue] = drain


def queue_names() -> list[str]:
    return [*DRAINS, *sorted(LEDGER_QUEUES)]
