"""What people type on their phones: recorded, signed and posted to the app, its TwiML answers delivered."""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from nexapp.gateways.phone.courier import Courier
from nexapp.gateways.phone.deliveries import Deliveries
from nexapp.gateways.phone.ledger import INBOUND, REPLY, Ledger, Message
from nexapp.gateways.phone.opt_out import Handled, handle_keyword
from nexapp.gateways.phone.resources import as_inbound_webhook
from nexapp.gateways.phone.rules import LONGEST_BODY, is_number
from nexapp.gateways.phone.settings import PhoneSettings
from nexapp.gateways.sms.http1 import Answer

_log = logging.getLogger(__name__)

# How long whoever typed the reply waits for the app; the webhook itself goes on being tried.
_PATIENCE_SECONDS = 5.0


class BadReply(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Reply:
    person: str
    sender: str
    body: str

    @classmethod
    def of(cls, fields: dict[str, object], default_sender: str) -> "Reply":
        """Raises BadReply with a sentence."""
        person, sender = (str(fields.get(name) or "").strip() for name in ("from", "to"))
        body = str(fields.get("body") or "")
        if not is_number(person):
            raise BadReply("'from' is the number of the phone that replies, such as +15551230001.")
        if not body.strip():
            raise BadReply("The reply is empty.")
        if len(body) > LONGEST_BODY:
            raise BadReply(f"A reply has at most {LONGEST_BODY} characters.")
        return cls(person, sender or default_sender, body)


class Replies:
    def __init__(self, settings: PhoneSettings, ledger: Ledger, courier: Courier, deliveries: Deliveries) -> None:
        self._settings = settings
        self._ledger = ledger
        self._courier = courier
        self._deliveries = deliveries

    async def receive(self, reply: Reply) -> tuple[Message, int | None]:
        """The recorded reply and the status of the app's answer (None: it has not answered yet)."""
        message = _message(reply.person, reply.sender, reply.body, INBOUND, "received")
        await self._ledger.record(message)
        handled = await self._handle_keyword(reply)
        if handled.answer:
            await self._text(reply.sender, reply.person, handled.answer)
        telling = self._deliveries.spawn(self._tell_app(message, handled.kind))
        await asyncio.wait([telling], timeout=_PATIENCE_SECONDS)
        return message, telling.result() if telling.done() else None

    async def _handle_keyword(self, reply: Reply) -> Handled:
        if not self._settings.handles_opt_out:
            return Handled()
        return await handle_keyword(self._ledger, reply.sender, reply.person, reply.body)

    async def _tell_app(self, message: Message, opt_out_type: str | None) -> int | None:
        params = as_inbound_webhook(message, self._settings.account_sid, opt_out_type)
        answer = await self._courier.post(self._settings.inbound_url, params)
        if answer is None:
            return None
        for body in _twiml_messages(answer):
            if not self._is_blocked(message):
                await self._text(message.recipient, message.sender, body)
        return answer.status

    def _is_blocked(self, message: Message) -> bool:
        blocked = self._ledger.is_opted_out(message.recipient, message.sender)
        return blocked and self._settings.handles_opt_out

    async def _text(self, sender: str, person: str, body: str) -> None:
        message = _message(sender, person, body, REPLY, "queued")
        await self._ledger.record(message)
        self._deliveries.start(message)


def _message(sender: str, recipient: str, body: str, direction: str, status: str) -> Message:
    moment = time.time()
    sid = "SM" + secrets.token_hex(16)
    return Message(sid, sender, recipient, body, status, direction, "", "", None, moment, moment)


def _twiml_messages(answer: Answer) -> list[str]:
    if answer.status >= 300 or not answer.body.strip():
        return []
    try:
        # Our own app's answer, over loopback.
        root = ET.fromstring(answer.text)  # noqa: S314
    except ET.ParseError:
        _log.warning("The app's answer to a reply is not TwiML.")
        return []
    texts = ("".join(element.itertext()).strip() for element in root.iter("Message"))
    return [text for text in texts if text]
