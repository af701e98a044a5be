"""A rush on one slot: whoever comes too late is answered from memory, for at most a quarter second.

A text goes to hundreds of people, and they tap within a second or two. One wins; all others are told the same, on
pages that differ by the link's token alone. So once Flask has answered one of them, `Rush`, which stands in front of
it, keeps that answer with the hashes of the round's other links, without the holder's, and gives it to their taps.
It never decides who wins: it knows losers only, by a look-up that saw the slot held or booked, and whatever it isn't
sure of goes on to Flask. A tap in the second half of the quarter renews the answer by Flask while the others still get
it. Each process has a memory of its own and forgets a slot that it changes itself.

Until there is an answer, taps on one slot take turns, one per process, for they would only wait for the same row, each
with a connection in hand; who waited is told what the first was told.

One log line per slot and second counts what was answered here: a line each would cost as much as the answer.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from flask import Flask, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from nexapp.slots.tokens import hash_token
from nexapp.spine.db import lookup
from nexapp.spine.web.tracing import request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

REMEMBERED_SECONDS = 0.25
RENEWED_AFTER_SECONDS = 0.12
KEPT_SECONDS = 10.0
"""An answer that has ended still tells which slot a link is for, so that its taps wait for one fresh answer."""

MOST_ANSWERS = 16
MOST_LOSERS = 20_000
"""Per answer; the rest of a larger crowd is answered by Flask."""

MOST_MANNERS = 64
TURN_SECONDS = 5.0
"""How long a tap waits for the one before it; then it goes on all the same, and PostgreSQL decides."""

AT_ONCE = 8
"""Taps in Flask at once, per process. More wouldn't be through sooner, and each would cost a look-up."""

TAP = re.compile(r"/c/([A-Za-z0-9_-]{22})/hold")
HASH_BYTES = 32
MANNER = (
    "wsgi.url_scheme", "SCRIPT_NAME", "HTTP_HOST", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
)  # fmt: skip
"""All of a request that decides whether Flask answers a tap or refuses it."""

FOREIGN = {"cross-site", "same-site"}
LOSERS = "SELECT * FROM nexapp_losers(:slot_id, :round, :state, :opened)"
_TAP_KEY = "nexapp.tap"

Manner = tuple[str | None, ...]
Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Loss:
    """What a loser's own look-up found. Pages of links that were opened before differ from the others'."""

    slot_id: UUID
    round: int
    state: str
    opened: bool


@dataclass(slots=True)
class Answer:
    """A finished answer, its page cut at each place of the token, and whose answer it is."""

    losers: frozenset[bytes]
    renew_at: float
    until: float
    status: str
    headers: list[Header]
    page: list[bytes]
    slot_id: UUID
    renewing: bool = False

    def page_for(self, token: str) -> bytes:
        return token.encode().join(self.page)


@dataclass(slots=True)
class Tap:
    """One ordinary tap on its way through Flask."""

    rush: Rush
    token: str
    manner: Manner
    loss: Loss | None = None
    place: threading.Semaphore | None = None
    turn: threading.Lock | None = None

    def wait_turn(self, slot_id: UUID) -> bool:
        """True where another tap on the slot was under way: things may have changed since the look-up.

        The turn ends with the request. No connection may be in hand.
        """
        if self.turn is not None:
            return False
        turn = self.rush.turn_of(slot_id)
        waited = not turn.acquire(blocking=False)
        if not waited or turn.acquire(timeout=TURN_SECONDS):
            self.turn = turn
        return waited

    def find_answer(self) -> Response | None:
        """What Flask has told another loser of the slot meanwhile, for this one."""
        found = self.rush.find_answer(self.token)
        return Response(found.page_for(self.token), found.status, found.headers) if found else None

    def wait_place(self, places: threading.Semaphore) -> bool:
        """True where the tap had to wait, as above."""
        waited = not places.acquire(blocking=False)
        if not waited or places.acquire(timeout=TURN_SECONDS):
            self.place = places
        return waited

    def end(self) -> None:
        for taken in (self.turn, self.place):
            if taken is not None:
                taken.release()
        self.turn = self.place = None


@dataclass(slots=True)
class Caught:
    """Remembers what the app began its answer with."""

    start_response: StartResponse
    status: str = ""
    headers: list[Header] = field(default_factory=list)

    def __call__(self, status: str, headers: list[Header], *exc_info: Any) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return self.start_response(status, headers, *exc_info)


class Rush:
    """The outermost layer of the web app. Holds no connection while it answers."""

    def __init__(self, app: Flask, inner: WSGIApplication, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._inner, self._clock = app, inner, clock
        self._answers: OrderedDict[tuple[UUID, bool], Answer] = OrderedDict()
        self._manners: OrderedDict[Manner, None] = OrderedDict()
        self._loading: set[tuple[UUID, bool]] = set()
        self._places = threading.Semaphore(AT_ONCE)
        self._turns = [threading.Lock() for _ in range(61)]
        self._counts: Counter[UUID] = Counter()
        self._counting_since = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._counts:
            self._log_counts()
        token = _ordinary_tap(environ)
        if token is None:
            return self._inner(environ, start_response)
        tap = Tap(self, token, tuple(environ.get(name) for name in MANNER))
        found = self._await_answer(tap)
        # Whoever has the turn waits for no place: those who have the places may be waiting for the turn.
        if found is None and tap.turn is None and tap.wait_place(self._places):
            found = self._await_answer(tap)
        if found is None:
            return self._pass_on(tap, environ, start_response)
        tap.end()
        return self._give(found, token, environ, start_response)

    def find_answer(self, token: str) -> Answer | None:
        """What a loser is told now; None for the others, and once for whoever is to renew it."""
        known = self._known(token)
        return known if known is not None and self._still_holds(known) else None

    def _await_answer(self, tap: Tap) -> Answer | None:
        """As `find_answer`; where the answer has ended, the first goes on to Flask, and the others wait for its."""
        known = self._known(tap.token) if tap.manner in self._manners else None
        if known is None or self._still_holds(known):
            return known
        if self._clock() < known.until or not tap.wait_turn(known.slot_id):
            return None
        return self.find_answer(tap.token)

    def _known(self, token: str) -> Answer | None:
        """The last answer that was this link's, ended or not."""
        wanted = hash_token(token)
        return next((answer for answer in list(self._answers.values()) if wanted in answer.losers), None)

    def _still_holds(self, answer: Answer) -> bool:
        now = self._clock()
        if now >= answer.until:
            return False
        if now < answer.renew_at or answer.renewing:
            return True
        answer.renewing = True
        return False

    def turn_of(self, slot_id: UUID) -> threading.Lock:
        # A fixed number, shared by slots: nothing to clean up, and a wait for another slot's tap is short and rare.
        return self._turns[slot_id.int % len(self._turns)]

    def forget(self, slot_id: UUID) -> None:
        for opened in (False, True):
            self._answers.pop((slot_id, opened), None)

    def _give(
        self, found: Answer, token: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not self._counts:
            self._counting_since = self._clock()
        self._counts[found.slot_id] += 1
        start_response(found.status, [*found.headers, ("X-Request-ID", request_id(environ.get("HTTP_X_REQUEST_ID")))])
        return [found.page_for(token)]

    def _pass_on(self, tap: Tap, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[_TAP_KEY] = tap
        caught = Caught(start_response)
        try:
            chunks = self._inner(environ, caught)
            if tap.loss is None:
                return chunks
            page = _whole(chunks)
            self._remember(tap, tap.loss, caught, page)
            return [page]
        finally:
            tap.end()

    def _remember(self, tap: Tap, loss: Loss, caught: Caught, page: bytes) -> None:
        if not caught.status.startswith("409 ") or any(name.lower() == "set-cookie" for name, _ in caught.headers):
            return
        _put(self._manners, tap.manner, None, MOST_MANNERS)
        key = (loss.slot_id, loss.opened)
        known = self._answers.get(key)
        if key in self._loading or (known and self._clock() < known.renew_at):
            return
        self._loading.add(key)
        try:
            self._load(key, loss, tap.token, caught, page)
        finally:
            self._loading.discard(key)

    def _load(self, key: tuple[UUID, bool], loss: Loss, token: str, caught: Caught, page: bytes) -> None:
        since = self._clock()
        losers, seconds = self._losers(loss)
        lasts = min(REMEMBERED_SECONDS, seconds)
        if not losers or lasts <= 0:
            self._answers.pop(key, None)
            return
        headers = [(name, value) for name, value in caught.headers if name.lower() != "x-request-id"]
        answer = Answer(
            losers, since + min(RENEWED_AFTER_SECONDS, lasts), since + lasts, caught.status, headers,
            page.split(token.encode()), loss.slot_id,
        )  # fmt: skip
        self._drop_old(since)
        _put(self._answers, key, answer, MOST_ANSWERS)

    def _losers(self, loss: Loss) -> tuple[frozenset[bytes], float]:
        """The hashes of the links that lose as this one did, and for how many seconds the slot surely stays so."""
        try:
            with self._app.app_context():
                row = lookup(
                    LOSERS, slot_id=loss.slot_id, round=loss.round, state=loss.state, opened=loss.opened
                )  # fmt: skip
        except SQLAlchemyError as error:
            log.warning("losers_not_loaded", slot_id=str(loss.slot_id), error=str(error))
            return frozenset(), 0.0
        if row is None:
            return frozenset(), 0.0
        ends = range(0, min(len(row.hashes), MOST_LOSERS * HASH_BYTES), HASH_BYTES)
        return frozenset(row.hashes[n : n + HASH_BYTES] for n in ends), float(row.seconds)

    def _drop_old(self, now: float) -> None:
        for key, answer in list(self._answers.items()):
            if now >= answer.until + KEPT_SECONDS:
                self._answers.pop(key, None)

    def _log_counts(self) -> None:
        if self._clock() - self._counting_since < 1:
            return
        counts, self._counts = self._counts, Counter()
        # What this thread's last request was called says nothing about these.
        structlog.contextvars.clear_contextvars()
        for slot_id, count in counts.items():
            log.info("losers_answered", slot_id=str(slot_id), count=count)


def install(app: Flask) -> None:
    rush = Rush(app, app.wsgi_app)
    app.extensions["rush"] = rush
    app.wsgi_app = rush  # type: ignore[method-assign]


def tap_of(environ: WSGIEnvironment) -> Tap | None:
    """The tap that this request is; None for any other, and for taps that only Flask may answer."""
    found: Tap | None = environ.get(_TAP_KEY)
    return found


def forget(slot_id: UUID) -> None:
    """The slot has changed: what was answered here no longer holds."""
    rush: Rush | None = current_app.extensions.get("rush")
    if rush is not None:
        rush.forget(slot_id)


def _ordinary_tap(environ: WSGIEnvironment) -> str | None:
    """The token of a tap by a plain form, as the claim page sends it."""
    if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING"):
        return None
    found = TAP.fullmatch(environ.get("PATH_INFO", ""))
    if found is None or "HTTP_HX_REQUEST" in environ or "json" in environ.get("HTTP_ACCEPT", "").lower():
        return None
    return None if environ.get("HTTP_SEC_FETCH_SITE") in FOREIGN else found[1]


def _whole(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        if (close := getattr(chunks, "close", None)) is not None:
            close()


def _put(known: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    """The one put last is forgotten last."""
    known[key] = value
    known.move_to_end(key)
    while len(known) > most:
        known.popitem(last=False)
