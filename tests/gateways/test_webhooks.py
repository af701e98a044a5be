"""What the phone sends to the app: signed as Twilio signs, in order, again when the app was away."""

from collections.abc import Callable

import pytest
from twilio.request_validator import RequestValidator

from nexapp.gateways.phone import LOCAL_ACCOUNT_SID
from nexapp.gateways.sms import OutboundSms
from nexapp.gateways.sms.twilio import TwilioGateway
from tests.gateways.phone_process import SENDER, TOKEN, PhoneProcess, WebApp, eventually


def send(gateway: TwilioGateway, app: WebApp, to: str) -> str:
    callback = f"{app.url}/webhooks/twilio/status?message=abc-1"
    return gateway.send(OutboundSms(to, "Hello", status_callback=callback)).sid


def test_a_delivered_text_is_reported_twice(gateway: TwilioGateway, web_app: WebApp, person: str) -> None:
    sid = send(gateway, web_app, person)

    delivered = web_app.wait_for(MessageSid=sid, MessageStatus="delivered")
    assert web_app.statuses(sid) == ["sent", "delivered"]
    assert delivered.params["To"] == person
    assert delivered.params["From"] == SENDER
    assert delivered.params["AccountSid"] == LOCAL_ACCOUNT_SID
    assert delivered.url.endswith("/webhooks/twilio/status?message=abc-1")


def test_a_text_that_fails_says_why(gateway: TwilioGateway, web_app: WebApp) -> None:
    sid = send(gateway, web_app, "+15005550011")

    assert web_app.wait_for(MessageSid=sid, MessageStatus="undelivered").params["ErrorCode"] == "30005"


def test_webhooks_carry_twilios_signature(gateway: TwilioGateway, web_app: WebApp, person: str) -> None:
    hook = web_app.wait_for(MessageSid=send(gateway, web_app, person))

    assert RequestValidator(TOKEN).validate(hook.url, hook.params, hook.signature)
    assert gateway.verify_signature(hook.url, hook.params, hook.signature)


@pytest.mark.parametrize(
    ("change", "signature"),
    [({"MessageStatus": "failed"}, None), ({"Extra": "1"}, None), ({}, "forged"), ({}, ""), ({}, "é")],
)
def test_a_forged_webhook_is_known(
    gateway: TwilioGateway, web_app: WebApp, person: str, change: dict[str, str], signature: str | None
) -> None:
    hook = web_app.wait_for(MessageSid=send(gateway, web_app, person))
    given = hook.signature if signature is None else signature

    assert not gateway.verify_signature(hook.url, {**hook.params, **change}, given)


def test_another_address_or_token_does_not_verify(
    gateway: TwilioGateway, make_gateway: Callable[..., TwilioGateway], web_app: WebApp, person: str
) -> None:
    hook = web_app.wait_for(MessageSid=send(gateway, web_app, person))

    assert not gateway.verify_signature(hook.url.replace("abc-1", "abc-2"), hook.params, hook.signature)
    assert not make_gateway(web_app.url, auth_token="other").verify_signature(hook.url, hook.params, hook.signature)
    assert not gateway.verify_signature(hook.url, hook.params, None)


def test_a_shared_key_signs_with_sha256(make_gateway: Callable[..., TwilioGateway]) -> None:
    gateway = make_gateway("http://127.0.0.1:9", webhook_secret="shared")
    url, params = "https://nexapp.example/webhooks/twilio/status?message=1", {"MessageStatus": "sent"}
    signature = RequestValidator("shared").compute_signature(url, params, "HMAC_SHA256")
    header = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"

    assert gateway.verify_signature(url, params, signature, header)
    assert not gateway.verify_signature(url, params, signature)
    assert not gateway.verify_signature(url, params, signature, "algorithm=NONE")


def test_callbacks_can_be_switched_off(
    phone: PhoneProcess, gateway: TwilioGateway, web_app: WebApp, person: str
) -> None:
    phone.faults(callbacks=False)
    sid = send(gateway, web_app, person)

    eventually(lambda: phone.messages(person)[0]["status"] == "delivered")
    assert web_app.statuses(sid) == []


def test_an_app_that_fails_is_told_again(gateway: TwilioGateway, web_app: WebApp, person: str) -> None:
    web_app.status = 500
    sid = send(gateway, web_app, person)
    eventually(lambda: len(web_app.statuses(sid)) == 2)
    web_app.status = 200

    eventually(lambda: len(web_app.statuses(sid)) == 4)


def test_a_reply_reaches_the_app_signed(phone: PhoneProcess, web_app: WebApp, person: str) -> None:
    assert phone.reply(person, "Yes & thank you")["webhook_status"] == 200

    hook = web_app.wait_for(From=person)
    assert hook.url == f"{web_app.url}/webhooks/twilio/inbound"
    assert RequestValidator(TOKEN).validate(hook.url, hook.params, hook.signature)
    assert hook.params["To"] == SENDER
    assert hook.params["Body"] == "Yes & thank you"
    assert hook.params["NumMedia"] == "0"
    assert "OptOutType" not in hook.params


def test_the_apps_twiml_is_texted_back(phone: PhoneProcess, web_app: WebApp, person: str) -> None:
    web_app.body = "<Response><Message>One &amp; two</Message><Message><Body>Three</Body></Message></Response>"

    phone.reply(person, "Hello")

    eventually(lambda: len(phone.messages(person)) == 2)
    assert [message["body"] for message in phone.messages(person)] == ["Three", "One & two"]


def test_an_answer_that_is_not_twiml_texts_nobody(phone: PhoneProcess, web_app: WebApp, person: str) -> None:
    web_app.body = "OK <"

    assert phone.reply(person, "Hello")["webhook_status"] == 200
    assert phone.messages(person) == []
