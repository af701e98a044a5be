"""Signed webhooks from the local phone to the app, from threads of its own, so that a slow app slows nothing
here."""

import asyncio
import logging
import queue
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from nexapp.gateways.sms.http1 import Answer
from nexapp.gateways.sms.transport import AnswerLost, Origin, RequestNotSent, Transport

_log = logging.getLogger(__name__)

_THREADS = 8
_RETRY_AFTER_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


@dataclass(slots=True)
class Errand:
    url: str
    params: Mapping[str, str]
    done: "asyncio.Future[Answer | None]"
    attempt: int = 0
    token: str = field(default_factory=lambda: str(uuid.uuid4()))


class Courier:
    """Twilio gives up at once; this one tries for a minute, because an app in development is often
    restarting."""

    def __init__(self, auth_token: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._errands: queue.SimpleQueue[Errand] = queue.SimpleQueue()
        self._transports: dict[str, Transport] = {}
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Daemon threads: they never hold up the end of the process."""
        for number in range(_THREADS):
            threading.Thread(target=self._work, name=f"courier-{number}", daemon=True).start()

    async def post(self, url: str, params: Mapping[str, str]) -> Answer | None:
        """The app's answer, or None when it could not be had."""
        done: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._errands.put(Errand(url, params, done))
        return await done

    def _work(self) -> None:
        while not self._loop.is_closed():
            errand = self._errands.get()
            try:
                answer = self._carry(errand)
            except (RequestNotSent, AnswerLost, ValueError) as error:
                _log.warning("Webhook to %s failed: %s", _where(errand.url), error)
                answer = None
            self._loop.call_soon_threadsafe(self._arrived, errand, answer)

    def _carry(self, errand: Errand) -> Answer:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": self._validator.compute_signature(errand.url, dict(errand.params)),
            "I-Twilio-Idempotency-Token": errand.token,
        }
        parts = urlsplit(errand.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._transport(errand.url).request("POST", target, headers, urlencode(errand.params).encode())

    def _transport(self, url: str) -> Transport:
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if place not in self._transports:
            self._transports[place] = Transport(Origin.of(place), size=_THREADS, read_seconds=15.0)
        return self._transports[place]

    def _arrived(self, errand: Errand, answer: Answer | None) -> None:
        if (answer is None or answer.status >= 500) and errand.attempt < len(_RETRY_AFTER_SECONDS):
            delay = _RETRY_AFTER_SECONDS[errand.attempt]
            errand.attempt += 1
            asyncio.get_running_loop().call_later(delay, self._errands.put, errand)
        elif not errand.done.done():
            errand.done.set_result(answer)


def _where(url: str) -> str:
    return url.partition("?")[0]
