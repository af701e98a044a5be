"""Long columns of values for one statement: as a string each, for a driver's array costs ten times as much to write."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def joined(name: str, kind: str) -> str:
    """The SQL that reads the parameter `name`, written by `join`, as an array of `kind`; an empty value is NULL."""
    return f"CAST(string_to_array(CAST(:{name} AS text), ',', '') AS {kind}[])"


def join(values: Iterable[UUID | int | str | None]) -> str:
    """None of the values holds a comma or is an empty string."""
    return ",".join(["" if value is None else value.hex if isinstance(value, UUID) else str(value) for value in values])
