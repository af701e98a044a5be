"""The page, its JSON, and who may ask."""

import http.client
import json
import re
from urllib.parse import urlencode

import pytest

from nexapp.gateways.sms import OutboundSms
from nexapp.gateways.sms.twilio import TwilioGateway
from tests.gateways.phone_process import SENDER, PhoneProcess, WebApp


def page(phone: PhoneProcess, query: str = "") -> str:
    status, _headers, body = phone.call("GET", f"/dev/phone{query}")
    assert status == 200
    return body.decode()


def test_links_are_tappable_and_everything_else_is_text(
    phone: PhoneProcess, gateway: TwilioGateway, person: str
) -> None:
    gateway.send(OutboundSms(person, '<b>Claim</b> now: http://127.0.0.1:5000/c/a?b=1&c=2. "Bye" javascript:x'))

    shown = page(phone, f"?to={person[1:]}")
    assert '<a href="http://127.0.0.1:5000/c/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">' in shown
    assert "&lt;b&gt;Claim&lt;/b&gt; now:" in shown
    assert 'href="javascript' not in shown


def test_nothing_is_inline_and_the_policy_says_so(phone: PhoneProcess) -> None:
    _status, headers, body = phone.call("GET", "/dev/phone")

    assert "script-src 'self'" in headers["Content-Security-Policy"]
    text = body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)
    for path, kind in (("/dev/phone/phone.js", "javascript"), ("/dev/phone/phone.css", "css")):
        status, asset, content = phone.call("GET", path)
        assert status == 200
        assert kind in asset["Content-Type"]
        assert content


def test_the_twelve_phones_used_last_and_a_search_for_the_rest(phone: PhoneProcess, gateway: TwilioGateway) -> None:
    for number in range(14):
        gateway.send(OutboundSms(f"+1555888{number:04d}", "Hello"))

    shown = re.findall(r'data-number="(\+\d+)"', page(phone))
    assert shown == [f"+1555888{number:04d}" for number in range(13, 1, -1)]
    assert re.findall(r'data-number="(\+\d+)"', page(phone, "?to=(555)+888-0001")) == ["+15558880001"]
    assert "No phone has" in page(phone, "?to=00000000")


def test_the_cards_are_sent_only_when_something_changed(
    phone: PhoneProcess, gateway: TwilioGateway, person: str
) -> None:
    gateway.send(OutboundSms("+15005550005", "Hello"))
    version = re.search(r'data-version="(\d+)"', page(phone))
    assert version

    gateway.send(OutboundSms(person, "Hello again"))
    status, _headers, body = phone.call("GET", f"/dev/phone/phones?v={version[1]}")
    assert status == 200
    assert "Hello again" in body.decode()
    assert "<html" not in body.decode()


def test_a_reply_by_plain_form_returns_to_the_page(phone: PhoneProcess, web_app: WebApp, person: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", phone.port)
    # The quick reply's button follows the empty box of the same name.
    form = urlencode([("from", person), ("to", SENDER), ("search", "555"), ("body", ""), ("body", "YES")])
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": phone.url}
    connection.request("POST", "/dev/phone/replies", form, headers)
    answer = connection.getresponse()
    connection.close()

    assert answer.status == 303
    assert answer.headers["Location"] == "/dev/phone?to=555"
    assert web_app.wait_for(From=person).params["Body"] == "YES"


@pytest.mark.parametrize(
    "reply", [{"from": "junk", "body": "x"}, {"from": "+15551230001", "body": " "}, {"from": "+15551230001"}, []]
)
def test_a_bad_reply_is_refused_in_words(phone: PhoneProcess, reply: object) -> None:
    status, _headers, body = phone.call("POST", "/dev/phone/replies", reply)

    assert status == 422
    assert json.loads(body)["error"]


def test_messages_json_has_its_six_fields_newest_first(
    phone: PhoneProcess, gateway: TwilioGateway, person: str
) -> None:
    for body in ("one", "two", "three"):
        gateway.send(OutboundSms(person, body))

    listed = phone.json("GET", f"/dev/phone/messages.json?to={person}&limit=2")
    assert isinstance(listed, list)
    assert [message["body"] for message in listed] == ["three", "two"]
    assert list(listed[0]) == ["sid", "to", "from", "body", "status", "date_sent"]
    everything = phone.json("GET", "/dev/phone/messages.json")
    assert isinstance(everything, list)
    assert everything[0]["sid"] == listed[0]["sid"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_a_foreign_page_cannot_use_the_readers_browser(phone: PhoneProcess, headers: dict[str, str]) -> None:
    reply = {"from": "+15551230001", "to": SENDER, "body": "STOP"}

    assert phone.call("POST", "/dev/phone/replies", reply, headers)[0] == 403


@pytest.mark.parametrize(
    "fault", [{"typo": 1}, {"garbage": 2}, {"latency_ms": "x"}, {"status": 1.5}, {"callbacks": 1}, [1], None]
)
def test_an_unknown_fault_changes_nothing(phone: PhoneProcess, fault: object) -> None:
    before = phone.json("GET", "/dev/phone/faults")

    assert phone.call("POST", "/dev/phone/faults", fault)[0] == 422
    assert phone.json("GET", "/dev/phone/faults") == before


def test_what_is_not_there(phone: PhoneProcess) -> None:
    assert phone.call("GET", "/dev/phone/nothing")[0] == 404
    assert phone.call("GET", "/dev/phone/../secret")[0] == 404
    assert phone.call("GET", "/2010-04-01/Accounts/AC1/Messages.json")[0] == 401
    assert phone.json("GET", "/health") == {"status": "ok"}


def test_an_emptied_phone_has_no_texts(phone: PhoneProcess, gateway: TwilioGateway, person: str) -> None:
    gateway.send(OutboundSms(person, "Soon forgotten"))

    status, _headers, _body = phone.call("DELETE", "/dev/phone/messages")

    assert status == 204
    assert phone.json("GET", "/dev/phone/messages.json") == []
    assert "Soon forgotten" not in page(phone)
