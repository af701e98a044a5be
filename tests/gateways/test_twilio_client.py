"""The real client against the real phone process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from twilio.rest import Client

from nexapp.gateways.phone import LOCAL_ACCOUNT_SID
from nexapp.gateways.sms import OutboundSms, SmsAmbiguous, SmsBusy, SmsRefused, SmsUnauthorised
from nexapp.gateways.sms.twilio import LeanHttpClient, TwilioConfig, TwilioGateway
from tests.gateways.phone_process import SENDER, TOKEN, PhoneProcess, eventually

BODY = "Downtown Dental has a cancellation! Fri 9:30 AM ET available. Claim now: http://127.0.0.1:5000/c/x1"


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=2)


def test_a_text_arrives_on_the_phone(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    sent = gateway.send(OutboundSms(person, "Größe 9 · “done” & 1+1=2 😀", validity_seconds=600))

    assert sent.sid.startswith("SM")
    assert sent.status == "queued"
    assert sent.error_code is None
    (listed,) = phone.messages(person)
    assert listed["sid"] == sent.sid
    assert listed["from"] == SENDER
    assert listed["body"] == "Größe 9 · “done” & 1+1=2 😀"


def test_a_messaging_service_chooses_the_sender(
    phone: PhoneProcess, make_gateway: Callable[..., TwilioGateway], person: str
) -> None:
    gateway = make_gateway(phone.url, messaging_service_sid="MG" + "a" * 32)

    assert gateway.send(OutboundSms(person, BODY)).status == "accepted"
    assert phone.messages(person)[0]["from"] == SENDER


def test_a_message_names_its_own_sender(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    gateway.send(OutboundSms(person, BODY, sender="+15005550099"))

    assert phone.messages(person)[0]["from"] == "+15005550099"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("+15005550001", 21211),
        ("+15005550002", 21612),
        ("+15005550003", 21408),
        ("+15005550004", 21610),
        ("+15005550009", 21614),
        ("5551234", 21211),
    ],
)
def test_a_bad_number_is_refused_for_good(gateway: TwilioGateway, to: str, code: int) -> None:
    with pytest.raises(SmsRefused) as refused:
        gateway.send(OutboundSms(to, BODY))

    assert refused.value.code == code
    assert refused.value.status == 400
    assert refused.value.sentence.endswith(".")
    assert refused.value.opts_out is (code == 21610)


@pytest.mark.parametrize(("body", "code"), [("", 21602), ("x" * 1601, 21617)])
def test_a_bad_body_is_refused_for_good(gateway: TwilioGateway, person: str, body: str, code: int) -> None:
    with pytest.raises(SmsRefused) as refused:
        gateway.send(OutboundSms(person, body))

    assert refused.value.code == code


def test_a_full_queue_is_worth_another_try(gateway: TwilioGateway, person: str) -> None:
    with pytest.raises(SmsBusy):
        gateway.send(OutboundSms(person, BODY, sender="+15005550008"))


def test_wrong_credentials_are_told_apart(
    phone: PhoneProcess, make_gateway: Callable[..., TwilioGateway], person: str
) -> None:
    gateway = make_gateway(phone.url, auth_token="another")

    with pytest.raises(SmsUnauthorised):
        gateway.send(OutboundSms(person, BODY))
    with pytest.raises(SmsUnauthorised):
        gateway.find(person, BODY, just_now())
    assert phone.messages(person) == []


def test_credentials_withdrawn_and_mended(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    phone.faults(unauthorised=True)
    before = phone.create_answers().get("401", 0)
    with pytest.raises(SmsUnauthorised):
        gateway.send(OutboundSms(person, BODY))
    assert phone.create_answers()["401"] == before + 1
    phone.faults(unauthorised=False)

    assert gateway.send(OutboundSms(person, BODY)).sid


def test_too_many_requests_says_when_to_come_back(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    phone.faults(status=429, code=20429, retry_after=2, times=1)

    with pytest.raises(SmsBusy) as busy:
        gateway.send(OutboundSms(person, BODY))
    assert busy.value.retry_after == 2
    assert phone.messages(person) == []
    assert gateway.send(OutboundSms(person, BODY)).sid


def test_a_503_counts_as_not_accepted_only_in_the_providers_own_words(
    phone: PhoneProcess, gateway: TwilioGateway, person: str
) -> None:
    phone.faults(status=503, code=20503)
    with pytest.raises(SmsBusy):
        gateway.send(OutboundSms(person, BODY))

    phone.faults(code=None)
    with pytest.raises(SmsAmbiguous):
        gateway.send(OutboundSms(person, BODY))


@pytest.mark.parametrize("fault", [{"drop_after_accept": 1}, {"garbage": 1}, {"latency_ms": 700}])
def test_an_accepted_text_without_an_answer_is_ambiguous_and_found(
    phone: PhoneProcess, make_gateway: Callable[..., TwilioGateway], person: str, fault: dict[str, object]
) -> None:
    gateway = make_gateway(phone.url, read_seconds=0.3)
    phone.faults(**fault)
    since = just_now()

    with pytest.raises(SmsAmbiguous):
        gateway.send(OutboundSms(person, BODY))

    found = gateway.find(person, BODY, since)
    assert found is not None
    assert [found.sid] == [message["sid"] for message in phone.messages(person)]


def test_a_line_that_drops_before_acceptance_is_ambiguous_and_not_found(
    phone: PhoneProcess, gateway: TwilioGateway, person: str
) -> None:
    phone.faults(drop_before_accept=1)

    with pytest.raises(SmsAmbiguous):
        gateway.send(OutboundSms(person, BODY))
    assert gateway.find(person, BODY, just_now()) is None


def test_find_looks_at_body_number_and_time(gateway: TwilioGateway, person: str) -> None:
    sent = gateway.send(OutboundSms(person, BODY))

    found = gateway.find(person, BODY, just_now())
    assert found is not None
    assert found.sid == sent.sid
    assert gateway.find(person, BODY.replace("x1", "x2"), just_now()) is None
    assert gateway.find("+15551112222", BODY, just_now()) is None
    assert gateway.find(person, BODY, datetime.now(UTC) + timedelta(minutes=5)) is None


def test_find_sees_through_what_the_provider_does_to_a_body(gateway: TwilioGateway, person: str) -> None:
    gateway.send(OutboundSms(person, 'Sent from your Twilio trial account - It\'s "on" - 9:30'))

    assert gateway.find(person, "It\u2019s \u201con\u201d \u2013  9:30 ", just_now())


def test_a_reply_is_not_mistaken_for_our_text(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    phone.reply(SENDER, "OK", to=person)

    assert gateway.find(person, "OK", just_now()) is None


def test_the_providers_list_may_lag(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    phone.faults(list_lag_seconds=60)
    sent = gateway.send(OutboundSms(person, BODY))
    assert gateway.find(person, BODY, just_now()) is None
    assert gateway.fetch(sent.sid) is None

    phone.faults(list_lag_seconds=0)
    assert gateway.find(person, BODY, just_now()) is not None


def test_fetch_follows_a_text_to_its_end(phone: PhoneProcess, gateway: TwilioGateway) -> None:
    good = gateway.send(OutboundSms("+15551230001", BODY))
    bad = gateway.send(OutboundSms("+15005550010", BODY))

    eventually(lambda: (found := gateway.fetch(good.sid)) and found.status == "delivered")
    eventually(lambda: (found := gateway.fetch(bad.sid)) and found.status == "undelivered")
    failed = gateway.fetch(bad.sid)
    assert failed is not None
    assert failed.error_code == 30003
    assert gateway.fetch("SM" + "0" * 32) is None


def test_the_list_pages(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    sids = [gateway.send(OutboundSms(person, f"{number}")).sid for number in range(7)]
    config = TwilioConfig(LOCAL_ACCOUNT_SID, TOKEN, base_url=phone.url)
    client = Client(LOCAL_ACCOUNT_SID, TOKEN, http_client=LeanHttpClient(config))

    listed = client.messages.list(to=person, page_size=3)
    assert [message.sid for message in listed] == sids[::-1]
    recent = client.messages.list(to=person, date_sent_after=just_now())
    assert len(recent) == 7
    assert client.messages.list(to=person, date_sent_after=datetime.now(UTC) + timedelta(hours=1)) == []


def test_sixty_four_at_once_share_the_wait(phone: PhoneProcess, make_gateway: Callable[..., TwilioGateway]) -> None:
    gateway = make_gateway(phone.url, in_flight=64)
    phone.faults(latency_ms=100)
    texts = [OutboundSms(f"+1555777{number:04d}", f"text {number}") for number in range(256)]

    began = datetime.now(UTC)
    with ThreadPoolExecutor(64) as pool:
        sids = {sent.sid for sent in pool.map(gateway.send, texts)}
    took = (datetime.now(UTC) - began).total_seconds()

    assert len(sids) == 256
    # Four rounds of 100 ms; one after the other they would take 25 s.
    assert took < 20
    ledger = phone.json("GET", "/dev/phone/ledger.json")
    assert isinstance(ledger, dict)
    ours = [pair for pair in ledger["pairs"] if pair["to"].startswith("+1555777")]
    assert len(ours) == 256
    assert {pair["count"] for pair in ours} == {1}
