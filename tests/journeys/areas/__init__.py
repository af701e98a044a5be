"""Pages of each area of the product for the accessibility walk; every module here is one area.

A module has `NAMES` (of its pages) and `arrange(places, merchant)`, which adds a path for each of them.
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
