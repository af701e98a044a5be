"""What people write back: STOP, START, HELP, and everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nexapp.messaging.keywords import means_stop, read
from tests.messaging.conftest import MakeBusiness, Provider, Queue

Sql = Callable[..., list[Any]]
PERSON = "+15559990001"


def inbox(owner_sql: Sql) -> list[Any]:
    return owner_sql("SELECT handled_as, needs_review FROM inbound_messages ORDER BY created_at")


def opted_out(owner_sql: Sql) -> bool:
    return owner_sql("SELECT count(*) FROM consumers WHERE opted_out_at IS NOT NULL") == [(1,)]


def answers(owner_sql: Sql) -> list[str]:
    return [row[0] for row in owner_sql("SELECT purpose FROM messages WHERE lane = 1 ORDER BY id")]


KEYWORDS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"]


WISHES = [
    "stop. thank you", "please remove me", "no more texts", "unsubscribe me pls", "Please stop", "STOP TEXTING ME",
    "stop sending me these messages", "take me off your list", "Don't text me again",
    "I don\u2019t want any more texts",
    "leave me alone", "opt me out", "wrong number", "Remove my number please", "ok stop", "can you stop please",
    "do not contact me", "Stop it!", "stop these texts", "end texts", "I want to opt out",
]  # fmt: skip
OTHERS = [
    "YES", "yes please", "Can I stop by at 3?", "is there a bus stop nearby?", "I'll take it", "what time?", "",
    "please stop by whenever", "the end of the day works", "not interested in that one", "texting from work",
    "I'd cancel my other plans", "non-stop?", "cancel my appointment at 3", "do you have more info", "👍",
    "please cancel",
]  # fmt: skip


@pytest.mark.parametrize("word", [*KEYWORDS, "stop", " Stop. ", "'stop'", "STOP!!!", "(quit)", "Stop all", "opt-out"])
def test_stop_words(word: str) -> None:
    meaning = read(word, opted_out=False)
    assert (meaning.kind, meaning.in_words) == ("stop", False)


@pytest.mark.parametrize("body", WISHES)
def test_wording_that_means_stop(body: str) -> None:
    meaning = read(body, opted_out=False)
    assert (meaning.kind, meaning.in_words) == ("stop", True)


@pytest.mark.parametrize("body", OTHERS)
def test_wording_that_does_not(body: str) -> None:
    assert read(body, opted_out=False).kind == "other"


@pytest.mark.parametrize("word", ["STOP", "Stop!!!"])
def test_stop_opts_out_everywhere(word: str, provider: Provider, queue: Queue, owner_sql: Sql) -> None:
    queue(2, to=PERSON)
    assert provider.reply(word) == 200
    assert opted_out(owner_sql)
    assert owner_sql("SELECT DISTINCT status FROM messages WHERE lane = 3") == [("suppressed",)]
    assert inbox(owner_sql) == [("stop", False)]


def test_free_wording_opts_out_at_once_and_is_shown_to_a_person(provider: Provider, owner_sql: Sql) -> None:
    provider.reply("stop. thank you")
    assert opted_out(owner_sql)
    assert inbox(owner_sql) == [("stop", True)]
    assert answers(owner_sql) == ["opted_out"]


@pytest.mark.parametrize("body", ["YES", "Can I stop by at 3?"])
def test_anything_else_waits_for_a_person(body: str, provider: Provider, owner_sql: Sql) -> None:
    provider.reply(body)
    assert not opted_out(owner_sql)
    assert inbox(owner_sql) == [("other", True)]
    assert answers(owner_sql) == []


def test_a_repeated_webhook_is_one_text(provider: Provider, owner_sql: Sql, with_settings: Any) -> None:
    with_settings(twilio_handles_opt_out=False)
    for _ in range(3):
        assert provider.reply("STOP", sid="SM" + "d" * 32) == 200
    assert inbox(owner_sql) == [("stop", False)]
    assert answers(owner_sql) == ["opted_out"]


def test_a_forged_text_changes_nothing(provider: Provider, owner_sql: Sql, run_jobs: Any) -> None:
    params = {"MessageSid": "SM1", "From": PERSON, "Body": "STOP"}
    assert provider.post("/webhooks/twilio/inbound", params, signature="forged") == 403
    run_jobs()
    assert not opted_out(owner_sql)
    assert inbox(owner_sql) == []


@pytest.mark.parametrize("word", ["STOP", "START", "HELP", "stop "])
def test_the_provider_answers_keywords_itself(word: str, provider: Provider, owner_sql: Sql) -> None:
    provider.reply("STOP")
    provider.reply(word)
    assert answers(owner_sql) == []


def test_without_the_provider_each_is_answered_once(provider: Provider, owner_sql: Sql, with_settings: Any) -> None:
    with_settings(twilio_handles_opt_out=False)
    for word in ("STOP", "stop", "Stop!", "please stop", "START", "start", "HELP"):
        provider.reply(word)
    assert answers(owner_sql) == ["opted_out", "opted_in", "help"]


def test_a_marked_text_was_answered_by_the_provider(provider: Provider, owner_sql: Sql, with_settings: Any) -> None:
    with_settings(twilio_handles_opt_out=False)
    provider.reply("STOP", OptOutType="STOP")
    assert opted_out(owner_sql)
    assert answers(owner_sql) == []


@pytest.mark.parametrize("word", ["START", "unstop", "YES", "Yes!"])
def test_start_lifts_a_stop(word: str, provider: Provider, owner_sql: Sql) -> None:
    provider.reply("STOP")
    provider.reply(word)
    assert not opted_out(owner_sql)
    assert [kind for kind, _ in inbox(owner_sql)] == ["stop", "start"]


def test_help_names_the_business_that_wrote_last(
    provider: Provider, queue: Queue, make_business: MakeBusiness, send_texts: Any, owner_sql: Sql, with_settings: Any
) -> None:
    with_settings(twilio_handles_opt_out=False)
    queue(1, to=PERSON, org_id=make_business("First Dental"))
    queue(1, to=PERSON, org_id=make_business("Second Dental"))
    send_texts()
    provider.reply("info")
    [(body,)] = owner_sql("SELECT body FROM messages WHERE lane = 1")
    assert body.startswith("Second Dental: +12125550100")
    [(org,)] = owner_sql("SELECT o.name FROM inbound_messages i JOIN organizations o ON o.id = i.org_id")
    assert org == "Second Dental"


def test_help_to_somebody_nobody_wrote_to(provider: Provider, owner_sql: Sql, with_settings: Any) -> None:
    with_settings(twilio_handles_opt_out=False)
    provider.reply("HELP")
    [(body,)] = owner_sql("SELECT body FROM messages")
    assert "NexApp" in body


def test_texts_from_short_codes_are_left_alone(provider: Provider, owner_sql: Sql) -> None:
    provider.reply("STOP", person="22000")
    assert owner_sql("SELECT count(*) FROM consumers") == [(0,)]
    assert owner_sql("SELECT status FROM background_jobs") == [("succeeded",)]


def test_a_very_long_text_is_kept(provider: Provider, owner_sql: Sql) -> None:
    provider.reply("a" * 3000)
    assert inbox(owner_sql) == [("other", True)]


def test_reading_is_quick_on_hostile_input() -> None:
    assert not means_stop("please " * 230)
    assert not means_stop("stop it " * 0 + "stopx " * 250)
    assert read("!" * 1600, opted_out=False).kind == "other"
