"""Files that people upload, and a business that takes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.importing.importer import Importer
from tests.slots.conftest import other_shop, shop  # noqa: F401 - fixtures
from tests.slots.merchant_world import Shop

SOURCE = "They signed the list at our counter"
MAPPED = {"columns-0": "name", "columns-1": "phone", "source": SOURCE, "on_known": "update"}


class ListImporter(Importer):
    address = "/waiting-list/imports"

    def fields(self, address: str, chosen: dict[str, str]) -> dict[str, str]:
        return chosen or MAPPED


@pytest.fixture
def importer(shop: Shop, run_jobs: Callable[[], None]) -> ListImporter:  # noqa: F811
    return ListImporter(shop.browser(), run_jobs)
