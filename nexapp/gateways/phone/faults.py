"""Faults that a test switches on: a slow provider, a dropped line, nonsense instead of an answer."""

import secrets
from dataclasses import dataclass, fields

_DICE = secrets.SystemRandom()


class BadFaults(ValueError):
    pass


@dataclass(slots=True)
class Refusing:
    """`status` refuses what comes, with `retry_after` where it is set; `times` limits that to the next ones."""

    status: int | None = None
    retry_after: float | None = None
    times: int | None = None

    def change(self, wanted: dict[str, object]) -> None:
        """Sets the named faults and leaves the others. Raises BadFaults before it changes any."""
        known = {field.name for field in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise BadFaults(f"There is no fault named {name!r}; there are {', '.join(sorted(known))}.")
            if not _fits(name, value):
                raise BadFaults(f"{name} cannot be {value!r}.")
        for name, value in wanted.items():
            setattr(self, name, value)

    def takes_status(self) -> bool:
        """Whether the next one is to be answered with the fault's status; counts it."""
        if self.status is None or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(slots=True)
class Faults(Refusing):
    """A refusal says `code`, else an answer that is not JSON.

    `drop_after_accept`, `drop_before_accept` and `garbage` are probabilities from 0 to 1.
    """

    latency_ms: float = 0.0
    drop_after_accept: float = 0.0
    drop_before_accept: float = 0.0
    garbage: float = 0.0
    code: int | None = None
    list_lag_seconds: float = 0.0
    unauthorised: bool = False
    callbacks: bool = True


def strikes(probability: float) -> bool:
    return probability > 0 and _DICE.random() < probability


def _fits(name: str, value: object) -> bool:
    if name in ("unauthorised", "callbacks", "drop"):
        return isinstance(value, bool)
    if value is None:
        return name in ("status", "code", "retry_after", "times")
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return False
    if name in ("status", "code", "times"):
        return isinstance(value, int)
    return value <= 1 if name in ("drop_after_accept", "drop_before_accept", "garbage") else True
