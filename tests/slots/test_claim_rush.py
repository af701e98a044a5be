"""Losers of a rush are answered from memory: only they, only for a quarter second, and with Flask's own answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import Client

from nexapp.slots.rush import AT_ONCE, MOST_ANSWERS, REMEMBERED_SECONDS, RENEWED_AFTER_SECONDS, Rush
from tests.slots.consumer_world import Offer, World

pytest_plugins = ["tests.slots.consumer_world"]

UNKNOWN = "/c/AAAAAAAAAAAAAAAAAAAAAA/hold"
ID = re.compile(r"[0-9a-f]{32}")


class Crowd:
    """People before a rush of its own, with a clock to turn; `asked` are the paths that went on to Flask."""

    def __init__(self, app: Flask) -> None:
        self.asked: list[str] = []
        self.seconds = 100.0
        self.let_unknown_on = Event()
        self.let_unknown_on.set()
        self._flask = lambda environ, start: type(app).wsgi_app(app, environ, start)
        self.rush = Rush(app, self._pass, clock=lambda: self.seconds)

    def _pass(self, environ: Any, start_response: Any) -> Any:
        self.asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == UNKNOWN:
            self.let_unknown_on.wait(30)
        return self._flask(environ, start_response)

    def tap(self, offer: Offer, **headers: str) -> Any:
        return self.post(f"{offer.path}/hold", **headers)

    def post(self, path: str, method: str = "POST", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.rush).open(path, method=method, headers=named)

    def is_answered_here(self, offer: Offer, **headers: str) -> bool:
        before = len(self.asked)
        self.tap(offer, **headers)
        return len(self.asked) == before


@pytest.fixture
def crowd(app: Flask) -> Crowd:
    return Crowd(app)


@pytest.fixture
def offers(world: World, crowd: Crowd) -> list[Offer]:
    """A slot's offers, of which the first has won and the second has been told by Flask."""
    slot_id = world.slot()
    made = [world.offer(slot_id, person) for person in world.people(5)]
    assert [crowd.tap(offer).status_code for offer in made[:2]] == [303, 409]
    return made


def slot_of(world: World, offer: Offer) -> Any:
    return world.value("SELECT slot_id FROM slot_offers WHERE id = %s", offer.id)


def timeless(answer: Any) -> str:
    return re.sub(r'data-now="[^"]+"', "", answer.get_data(as_text=True))


def headers_of(answer: Any) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers if name != "X-Request-ID")


def test_a_loser_gets_what_flask_would_say(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    from_memory = crowd.tap(offers[2])
    assert crowd.asked.count(f"{offers[2].path}/hold") == 0
    crowd.rush.forget(slot_of(world, offers[2]))
    from_flask = crowd.tap(offers[2])
    assert crowd.asked[-1] == f"{offers[2].path}/hold"
    assert from_memory.status == from_flask.status == "409 CONFLICT"
    assert timeless(from_memory) == timeless(from_flask)
    assert offers[2].token in timeless(from_memory)
    assert headers_of(from_memory) == headers_of(from_flask)
    assert "default-src 'none'" in from_memory.headers["Content-Security-Policy"]
    assert from_memory.headers["Cache-Control"] == "no-store"
    assert int(from_memory.headers["Content-Length"]) == len(from_memory.data)


def test_each_answer_has_an_id_of_its_own(crowd: Crowd, offers: list[Offer]) -> None:
    ids = [crowd.tap(offer).headers["X-Request-ID"] for offer in offers[2:]]
    assert len(set(ids)) == 3
    assert all(ID.fullmatch(each) for each in ids)
    assert crowd.tap(offers[2], X_Request_ID="from-the-proxy").headers["X-Request-ID"] == "from-the-proxy"
    assert ID.fullmatch(crowd.tap(offers[2], X_Request_ID="no id").headers["X-Request-ID"])


def test_a_booked_slot_is_told_as_taken(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    crowd.rush.forget(slot_of(world, offers[0]))
    world.sql(
        "UPDATE slots SET status = 'booked', booked_at = now(), booked_offer_id = held_by_offer_id,"
        " held_by_offer_id = NULL, held_consumer_id = NULL, held_until = NULL"
    )
    assert "Somebody else booked" in timeless(crowd.tap(offers[2]))
    assert crowd.is_answered_here(offers[3])
    assert "Somebody else booked" in timeless(crowd.tap(offers[3]))
    assert not crowd.is_answered_here(offers[0])


def test_the_holder_is_never_answered_here(crowd: Crowd, offers: list[Offer]) -> None:
    assert crowd.is_answered_here(offers[2])
    answer = crowd.tap(offers[0])
    assert answer.status_code == 303
    assert crowd.asked[-1] == f"{offers[0].path}/hold"


@pytest.mark.parametrize(
    "headers",
    [
        {"HX_Request": "true"},
        {"Accept": "application/json"},
        {"Accept": "application/problem+json, text/html;q=0.1"},
        {"Origin": "https://elsewhere.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "elsewhere.example"},
        {"X_Forwarded_Proto": "https"},
        {"X_Forwarded_Host": "elsewhere.example"},
    ],
)
def test_other_manners_of_asking_go_on_to_flask(crowd: Crowd, offers: list[Offer], headers: dict[str, str]) -> None:
    assert crowd.is_answered_here(offers[2])
    assert not crowd.is_answered_here(offers[2], **headers)
    assert crowd.is_answered_here(offers[2])


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}],
)
def test_another_site_is_refused_however_often_it_asks(
    crowd: Crowd, offers: list[Offer], headers: dict[str, str]
) -> None:
    assert [crowd.tap(offers[n], **headers).status_code for n in (2, 3, 2)] == [403] * 3


def test_a_manner_that_flask_has_answered_is_answered_here(crowd: Crowd, offers: list[Offer]) -> None:
    own = {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"}
    assert not crowd.is_answered_here(offers[2], **own)
    assert crowd.is_answered_here(offers[2], **own)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "{}"), ("GET", "{}/hold"), ("HEAD", "{}/hold"), ("PUT", "{}/hold"), ("POST", "{}/confirm"),
        ("POST", "{}/release"), ("POST", "{}/opened"), ("POST", "{}/hold/"), ("POST", "{}/hold?fragment=1"),
        ("POST", "{}x/hold"), ("POST", "/w{}/hold"),
    ],
)  # fmt: skip
def test_other_requests_go_on_to_flask(crowd: Crowd, offers: list[Offer], method: str, path: str) -> None:
    before = len(crowd.asked)
    crowd.post(path.format(offers[2].path), method)
    assert len(crowd.asked) == before + 1


def test_an_unknown_link_goes_on_to_flask(crowd: Crowd, offers: list[Offer]) -> None:
    before = len(crowd.asked)
    assert crowd.post(UNKNOWN).status_code == 404
    assert len(crowd.asked) == before + 1


def test_it_ends_after_a_quarter_second(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    world.let_hold_lapse(slot_of(world, offers[0]))
    crowd.seconds += RENEWED_AFTER_SECONDS - 0.001
    assert crowd.tap(offers[2]).status_code == 409
    crowd.seconds = 100.0 + REMEMBERED_SECONDS
    assert crowd.tap(offers[2]).status_code == 303


def test_one_tap_renews_it_before_its_end(crowd: Crowd, offers: list[Offer]) -> None:
    crowd.seconds += RENEWED_AFTER_SECONDS
    assert [crowd.is_answered_here(offer) for offer in (offers[2], offers[3], offers[2])] == [False, True, True]
    crowd.seconds += RENEWED_AFTER_SECONDS - 0.001
    assert crowd.is_answered_here(offers[3])


def test_a_renewed_answer_ends_as_well(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    crowd.seconds += RENEWED_AFTER_SECONDS
    assert not crowd.is_answered_here(offers[2])
    world.let_hold_lapse(slot_of(world, offers[0]))
    crowd.seconds += REMEMBERED_SECONDS
    assert crowd.tap(offers[3]).status_code == 303


def test_a_renewal_that_comes_to_nothing_does_not_lengthen_it(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    crowd.seconds += RENEWED_AFTER_SECONDS
    world.sql("UPDATE slots SET status = 'cancelled'")
    assert crowd.tap(offers[2]).status_code == 410
    assert crowd.tap(offers[3]).status_code == 409
    crowd.seconds = 100.0 + REMEMBERED_SECONDS
    assert crowd.tap(offers[3]).status_code == 410


def test_it_ends_with_the_hold(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    world.sql("UPDATE slots SET held_until = clock_timestamp() + interval '100 milliseconds'")
    crowd.rush.forget(slot_of(world, offers[0]))
    crowd.tap(offers[2])
    crowd.seconds += 0.101
    assert not crowd.is_answered_here(offers[3])


def test_a_slot_that_changes_here_is_forgotten(app: Flask, world: World, crowd: Crowd, offers: list[Offer]) -> None:
    with app.test_client() as client:
        assert client.post(f"{offers[3].path}/hold").status_code == 409
        assert client.post(f"{offers[0].path}/release").status_code == 303
        assert client.post(f"{offers[3].path}/hold").status_code == 303


def test_another_round_is_not_answered_here(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    slot_id = slot_of(world, offers[0])
    world.sql("UPDATE slots SET status = 'open', round = 2, held_by_offer_id = NULL, held_consumer_id = NULL")
    later = [world.offer(slot_id, offer.person, round=2) for offer in offers[:3]]
    assert [crowd.tap(offer).status_code for offer in later] == [303, 409, 409]
    crowd.seconds += REMEMBERED_SECONDS
    assert crowd.tap(offers[2]).status_code == 410


def test_a_declined_person_is_not_answered_here(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    world.sql("UPDATE slot_offers SET declined_at = now() WHERE id = %s", offers[2].id)
    crowd.rush.forget(slot_of(world, offers[0]))
    crowd.tap(offers[1])
    assert crowd.is_answered_here(offers[3])
    assert crowd.tap(offers[2]).status_code == 410


def test_pages_that_were_opened_before_have_an_answer_of_their_own(
    world: World, crowd: Crowd, offers: list[Offer]
) -> None:
    for offer in offers[2:4]:
        world.sql("UPDATE slot_offers SET opened_at = now() WHERE id = %s", offer.id)
    crowd.rush.forget(slot_of(world, offers[0]))
    assert [crowd.is_answered_here(offer) for offer in (offers[1], offers[2])] == [False, False]
    assert [crowd.is_answered_here(offer) for offer in (offers[4], offers[3])] == [True, True]
    assert "data-opened" in timeless(crowd.tap(offers[4]))
    assert "data-opened" not in timeless(crowd.tap(offers[3]))


def test_a_page_with_a_notice_is_not_kept(world: World, crowd: Crowd) -> None:
    """Who holds another time is told so; nobody else may be."""
    ana, ben = world.people(2)
    here, there = world.slot(), world.slot()
    crowd.tap(world.offer(there, ana))
    refused = crowd.tap(world.offer(here, ana))
    assert "You are holding another time" in timeless(refused)
    assert crowd.tap(world.offer(here, ben)).status_code == 303


def test_two_businesses_keep_apart(world: World, other_world: World, crowd: Crowd, offers: list[Offer]) -> None:
    slot_id = other_world.slot()
    people = [other_world.person(f"+1310555010{n}", "Ana") for n in range(3)]
    theirs = [other_world.offer(slot_id, person) for person in people]
    assert [crowd.tap(offer).status_code for offer in theirs[:2]] == [303, 409]
    for offer, name in ((offers[2], "Downtown Dental"), (theirs[2], "Harbor Barbers")):
        assert crowd.is_answered_here(offer)
        assert name in timeless(crowd.tap(offer))


def test_memory_has_an_end(world: World, crowd: Crowd) -> None:
    people = world.people(2)
    losers = []
    for _ in range(MOST_ANSWERS + 1):
        slot_id = world.slot()
        holder, loser = (world.offer(slot_id, person) for person in people)
        assert [crowd.tap(each).status_code for each in (holder, loser)] == [303, 409]
        world.sql("UPDATE slots SET held_consumer_id = gen_random_uuid() WHERE id = %s", slot_id)
        losers.append(loser)
    assert [crowd.is_answered_here(loser) for loser in losers[1:]] == [True] * MOST_ANSWERS
    assert not crowd.is_answered_here(losers[0])


def test_a_line_a_second_counts_them(world: World, crowd: Crowd, offers: list[Offer]) -> None:
    with capture_logs() as lines:
        for offer in [*offers[2:], *offers[2:]]:
            crowd.tap(offer)
        crowd.seconds += 1.0
        crowd.post("/health/live", "GET")
        crowd.post("/health/live", "GET")
    found = [line for line in lines if line["event"] == "losers_answered"]
    assert [(line["slot_id"], line["count"]) for line in found] == [(str(slot_of(world, offers[0])), 6)]


def test_an_answer_takes_no_connection(app: Flask, crowd: Crowd, offers: list[Offer]) -> None:
    pool = app.extensions["lookup_engine"].pool
    taken = [pool.connect() for _ in range(pool.size())]
    try:
        assert crowd.tap(offers[2]).status_code == 409
    finally:
        for connection in taken:
            connection.close()


def test_a_tap_that_renews_waits_for_no_place(crowd: Crowd, offers: list[Offer]) -> None:
    """Or it would hold up those who wait for its answer, and they the place."""
    crowd.seconds += REMEMBERED_SECONDS
    crowd.let_unknown_on.clear()
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        for _ in range(AT_ONCE):
            pool.submit(crowd.post, UNKNOWN)
        while crowd.asked.count(UNKNOWN) < AT_ONCE:
            pass
        try:
            assert pool.submit(crowd.tap, offers[2]).result(timeout=60).status_code == 409
        finally:
            crowd.let_unknown_on.set()


def test_one_of_many_wins(app: Flask, world: World) -> None:
    """More at once than may be in Flask at once, by the app's own rush."""
    people = world.people(40)
    for _ in range(5):
        slot_id = world.slot()
        answers = at_once(app, [world.offer(slot_id, person) for person in people])
        assert Counter(answers) == {303: 1, 409: 39}
        assert world.events(slot_id) == ["held"]
        world.sql("UPDATE slots SET status = 'cancelled', held_consumer_id = NULL WHERE id = %s", slot_id)


def test_those_who_wait_are_told_without_a_unit_each(app: Flask, world: World) -> None:
    """As many at once as there are connections, twice over: none waits for a connection in vain."""
    slot_id = world.slot()
    answers = at_once(app, [world.offer(slot_id, person) for person in world.people(60)])
    assert Counter(answers) == {303: 1, 409: 59}
    assert app.extensions["lookup_engine"].pool.checkedout() == 0


def at_once(app: Flask, offers: list[Offer]) -> list[int]:
    barrier = Barrier(len(offers))

    def tap(offer: Offer) -> int:
        client: Any = Client(app.wsgi_app)
        barrier.wait()
        return int(client.post(f"{offer.path}/hold").status_code)

    run: Callable[[Offer], int] = tap
    with ThreadPoolExecutor(len(offers)) as pool:
        return list(pool.map(run, offers))
