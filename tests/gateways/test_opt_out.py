from collections.abc import Callable

import pytest

from nexapp.gateways.sms import OutboundSms, SmsRefused
from nexapp.gateways.sms.twilio import TwilioGateway
from tests.gateways.phone_process import SENDER, PhoneProcess, WebApp


def blocked(gateway: TwilioGateway, to: str, sender: str = "") -> bool:
    try:
        gateway.send(OutboundSms(to, "Hello", sender))
    except SmsRefused as refused:
        return refused.code == 21610 and refused.opts_out
    return False


@pytest.mark.parametrize("word", ["STOP", "stopall", " Unsubscribe ", "CANCEL", "end", "QUIT", "optout", "Revoke"])
def test_a_stop_word_blocks_and_is_answered_once(
    phone: PhoneProcess, gateway: TwilioGateway, web_app: WebApp, person: str, word: str
) -> None:
    phone.reply(person, word)
    phone.reply(person, word)

    assert blocked(gateway, person)
    assert web_app.wait_for(From=person).params["OptOutType"] == "STOP"
    (answer,) = phone.messages(person)
    assert answer["body"].startswith("You have successfully been unsubscribed.")


@pytest.mark.parametrize("word", ["START", "unstop", "Yes"])
def test_a_start_word_lifts_the_block(
    phone: PhoneProcess, gateway: TwilioGateway, web_app: WebApp, person: str, word: str
) -> None:
    phone.reply(person, "STOP")
    phone.reply(person, word)

    assert not blocked(gateway, person)
    assert web_app.wait_for(From=person, Body=word).params["OptOutType"] == "START"


def test_yes_is_an_ordinary_answer_from_somebody_who_never_stopped(
    phone: PhoneProcess, web_app: WebApp, person: str
) -> None:
    phone.reply(person, "YES")

    assert "OptOutType" not in web_app.wait_for(From=person).params
    assert phone.messages(person) == []


def test_help_is_answered_by_the_provider(phone: PhoneProcess, web_app: WebApp, person: str) -> None:
    phone.reply(person, "help")

    assert web_app.wait_for(From=person).params["OptOutType"] == "HELP"
    assert len(phone.messages(person)) == 1


def test_a_sentence_with_stop_is_left_to_the_app(
    phone: PhoneProcess, gateway: TwilioGateway, web_app: WebApp, person: str
) -> None:
    phone.reply(person, "stop. thank you")

    assert "OptOutType" not in web_app.wait_for(From=person).params
    assert not blocked(gateway, person)


def test_a_block_holds_for_its_sender_only(
    phone: PhoneProcess, gateway: TwilioGateway, web_app: WebApp, person: str
) -> None:
    phone.reply(person, "STOP", to=SENDER)

    assert blocked(gateway, person, SENDER)
    assert not blocked(gateway, person, "+15005550099")


def test_twiml_does_not_reach_somebody_who_stopped(phone: PhoneProcess, web_app: WebApp, person: str) -> None:
    web_app.body = "<Response><Message>You are off the list.</Message></Response>"

    phone.reply(person, "STOP")

    assert len(phone.messages(person)) == 1


def test_with_the_handling_off_the_app_does_it_all(
    make_phone: Callable[..., PhoneProcess],
    make_gateway: Callable[..., TwilioGateway],
    web_app: WebApp,
    person: str,
) -> None:
    phone = make_phone(TWILIO_HANDLES_OPT_OUT="false", PUBLIC_URL=web_app.url)
    web_app.body = "<Response><Message>You are off the list.</Message></Response>"

    phone.reply(person, "STOP")

    assert "OptOutType" not in web_app.wait_for(From=person).params
    assert [message["body"] for message in phone.messages(person)] == ["You are off the list."]
    assert not blocked(make_gateway(phone.url), person)
