"""The pace of a sender, shared by all workers: one key in Redis, many turns reserved in one call.

The key holds when the next turn is. Turns are given out for at most `HORIZON` ahead, so a key that is missing
(a flushed Redis) can begin anew just beyond that without sending anything early.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from redis import Redis

HORIZON_SECONDS = 0.5
LOW_SECONDS = 0.2
"""With less than this reserved ahead it is time to reserve more."""

SLACK = 1.002
"""A hair below the limit: the provider measures with another clock."""

CREDIT_SECONDS = 0.1
"""So much of the time that was lost while texts waited is made up for; idle time never is.

Little, for the provider counts by the second: what a starved machine lost stays lost.
"""

_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, wanted, horizon, low, own, credit = unpack(ARGV)
local turn = tonumber(redis.call('GET', KEYS[1]) or now + horizon + interval)
turn = math.max(turn, now + own)
local granted = 0
if turn <= now + low then
  turn = math.max(turn, now - credit)
  granted = math.min(tonumber(wanted), math.floor((now + horizon - turn) / interval) + 1)
end
redis.call('SET', KEYS[1], string.format('%.0f', turn + granted * interval))
return {granted, string.format('%.0f', turn - now)}
"""


@dataclass(frozen=True, slots=True)
class Turns:
    """When to send, in `time.monotonic()`; where there are none, how many seconds to wait before asking again."""

    at: list[float]
    wait: float


class Gate:
    """One sender's. Each process remembers its own last turn, for a Redis that comes back a second older."""

    def __init__(self, redis: Redis, sender: str, per_second: float) -> None:
        self._reserve = redis.register_script(_RESERVE)
        self._key = f"sms:turn:{sender}"
        self._interval = SLACK / per_second
        self._next = 0.0
        self._left_waiting_at = 0.0

    def reserve(self, due: int) -> Turns:
        """Turns for some of the texts that are due; raises `redis.RedisError`."""
        own = max(self._next - time.monotonic(), -1.0)
        given = self._reserve(
            keys=[self._key],
            args=[
                _micro(self._interval), due, _micro(HORIZON_SECONDS), _micro(LOW_SECONDS), _micro(own),
                _micro(self._credit()),
            ],
        )  # fmt: skip
        # Taken after the answer: the turns come later than agreed by the way back, never earlier.
        self._left_waiting_at = time.monotonic() if int(given[0]) < due else 0.0
        granted, first = int(given[0]), time.monotonic() + int(given[1]) / 1e6
        if not granted:
            return Turns([], max(0.001, int(given[1]) / 1e6 - LOW_SECONDS))
        turns = [first + self._interval * number for number in range(granted)]
        self._next = turns[-1] + self._interval
        return Turns(turns, 0.0)

    def _credit(self) -> float:
        """Only where texts were left over a moment ago: the sender has been at work all the while."""
        return CREDIT_SECONDS if time.monotonic() - self._left_waiting_at < 2 * HORIZON_SECONDS else 0.0


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)
