"""What a file's columns probably mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence


def by_name(also_called: Mapping[str, str]) -> dict[str, str]:
    """From `{"phone": "phone mobile cell"}`, the field of each name."""
    return {name: field for field, names in also_called.items() for name in names.split()}


def guess(
    headers: Sequence[str], remembered: Mapping[str, str], named: Mapping[str, str], fields: Collection[str]
) -> dict[str, int]:
    """Field → place of its column. What was chosen for a column of that name before comes first."""
    found: dict[str, int] = {}
    for known in (remembered, named):
        for place, header in enumerate(headers):
            field = known.get(plain(header))
            if field in fields and field not in found and place not in found.values():
                found[str(field)] = place
    return found


def plain(header: str) -> str:
    """A header as it is compared: `Mobile Phone #` is `mobilephone`."""
    return re.sub(r"[\W_]", "", header).casefold()
