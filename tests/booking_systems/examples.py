"""The examples of docs/booking-systems.md, as a person would copy them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "booking-systems.md"
BLOCK = re.compile(r"<!-- example: (\w+) (\w+) -->\n```json\n(.*?)```", re.DOTALL)


def documented() -> dict[tuple[str, str], dict[str, Any]]:
    """(kind, name) → body."""
    return {(kind, name): json.loads(body) for kind, name, body in BLOCK.findall(DOCUMENT.read_text())}
