"""Invitations and imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMES = ("list_invitation", "import")
SAMPLES = {"import_id": "import"}


def rows(t: Any, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, imported = t["org"], t["import"]
    yield "list_imports", {
        "id": imported, "org_id": org, "filename": f"{mark}.csv", "encoding": "utf-8", "delimiter": ",",
        "headers": '["Phone"]', "has_headers": True, "row_count": 1, "part_count": 1, "source": mark,
    }  # fmt: skip
    yield "list_import_parts", {
        "org_id": org, "import_id": imported, "number": 0, "cells": f'[["{mark}"]]',
    }  # fmt: skip
    yield "list_import_numbers", {
        "org_id": org, "import_id": imported, "phone": f"+1{area}5550103", "row_number": 1,
    }  # fmt: skip
    yield "list_invitations", {
        "id": t["list_invitation"], "org_id": org, "consumer_id": t["consumer"], "notify_request_id": t["request"],
        "import_id": imported, "source": mark,
    }  # fmt: skip
