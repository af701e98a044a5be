"""Listening to live signals in tests."""

from __future__ import annotations

import json
from typing import Any


class Heard(list[tuple[str, str]]):
    """Signals as (topic, name), read from Redis as the web processes read them."""

    def __init__(self, redis: Any, channel: str) -> None:
        super().__init__()
        self._listener = redis.pubsub()
        self._listener.subscribe(channel)
        self._listener.get_message(timeout=1)

    def listen(self, seconds: float = 0.5) -> list[tuple[str, str]]:
        """All that was heard, once nothing came for so long."""
        while message := self._listener.get_message(timeout=seconds):
            if message["type"] == "message":
                sent = json.loads(message["data"])
                [payload] = sent["data"]
                self.append((payload["topic"], sent["event"]))
        return self

    def __contains__(self, wanted: object) -> bool:
        self.listen()
        return super().__contains__(wanted)

    def close(self) -> None:
        self._listener.close()
