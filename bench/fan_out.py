"""One slot opened for a waiting list, timed to the last text that the provider accepted."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from bench.business import Business
from bench.phone_ledger import PhoneLedger
from bench.product import Product, wait_until
from nexapp.slots.opening import open_slot
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.unit import unit_of_work

UNFINISHED = """
    SELECT EXISTS (SELECT FROM messages WHERE status IN ('queued', 'sending', 'sent'))
        OR EXISTS (SELECT FROM background_jobs WHERE status IN ('queued', 'retrying', 'running') AND run_at <= now())
"""
LEFT = """
    SELECT 'message', status, error, count(*) FROM messages GROUP BY 1, 2, 3
    UNION ALL SELECT name, status, error, count(*) FROM background_jobs GROUP BY 1, 2, 3
"""


class FanOut:
    def __init__(self, product: Product, texts: int) -> None:
        self._product = product
        self.texts = texts
        self.ledger = PhoneLedger(product.stack)
        self.business = Business(product, texts)

    def run(self, seconds: float, meanwhile: Callable[[int], None] = lambda since: None) -> tuple[float, int]:
        """Open a new slot; the time from the tap to the last text, and the ledger's mark before the first."""
        slot_id = self.business.add_drafts(1)[0]
        since = self.ledger.mark()
        began = time.time()
        self._open(slot_id)
        meanwhile(since)
        self.ledger.await_count(since, self.texts, seconds)
        return self.ledger.accepted(since).moments[-1] - began, since

    def settle(self) -> None:
        """Wait for the receipts, which are the product's work too, but not this measure's."""
        try:
            wait_until(lambda: not self._product.sql(UNFINISHED)[0][0], "receipts of all texts", 120, every=0.2)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self._product.sql(LEFT)}") from None

    def _open(self, slot_id: UUID) -> None:
        with self._product.app.app_context(), unit_of_work(Actor(Role.OWNER, self.business.org_id)):
            opening = open_slot(slot_id)
        if opening.texted != self.texts:
            raise RuntimeError(f"{opening.texted} of {self.texts} people were offered the slot: {opening.skipped}")
