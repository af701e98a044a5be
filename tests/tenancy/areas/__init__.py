"""Rows and ids of the tables that each area of the product owns; every module here is one area.

A module has `NAMES` (ids to make), `rows(tenant, mark, area)` (table and row, in an order that keys allow) and
`SAMPLES` (kind of id in an address → name in `NAMES`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

AREAS: list[Any] = [
    import_module(f"{__name__}.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if path.stem != "__init__"
]
