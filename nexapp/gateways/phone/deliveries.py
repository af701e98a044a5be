"""Taking each accepted text to its phone: sent, then delivered or failed, each with a status callback."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from nexapp.gateways.phone.courier import Courier
from nexapp.gateways.phone.faults import Faults
from nexapp.gateways.phone.ledger import Ledger, Message
from nexapp.gateways.phone.resources import as_status_callback
from nexapp.gateways.phone.rules import FAILING_AFTER
from nexapp.gateways.phone.settings import PhoneSettings


class Deliveries:
    def __init__(self, settings: PhoneSettings, ledger: Ledger, courier: Courier, faults: Faults) -> None:
        self._settings = settings
        self._ledger = ledger
        self._courier = courier
        self._faults = faults
        # The loop keeps only weak references to its tasks.
        self._under_way: set[asyncio.Task[Any]] = set()

    def resume(self) -> None:
        """Goes on with what was on its way when the process ended."""
        for message in self._ledger.list_unfinished():
            self.start(message)

    def start(self, message: Message) -> None:
        self.spawn(self._deliver(message))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _deliver(self, message: Message) -> None:
        if message.status != "sent":
            await asyncio.sleep(self._settings.sent_after_seconds)
            await self._reach(message, "sent", None)
        await asyncio.sleep(self._settings.delivered_after_seconds)
        status, error_code = FAILING_AFTER.get(message.recipient, ("delivered", None))
        await self._reach(message, status, error_code)

    async def _reach(self, message: Message, status: str, error_code: int | None) -> None:
        await self._ledger.set_status(message.sid, status, error_code)
        if message.callback and self._faults.callbacks:
            params = as_status_callback(message, status, self._settings.account_sid, error_code)
            self.spawn(self._courier.post(message.callback, params))
