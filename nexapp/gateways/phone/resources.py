"""Messages in the forms that others read: Twilio's JSON, its webhooks, and our own short JSON."""

import math
from datetime import UTC, datetime
from email.utils import formatdate

from nexapp.gateways.phone.ledger import INBOUND, Message
from nexapp.gateways.phone.rules import MESSAGES
from nexapp.gateways.phone.server import Response, as_json

API_VERSION = "2010-04-01"


def error_answer(status: int, code: int, headers: dict[str, str] | None = None) -> Response:
    payload = {
        "code": code,
        "message": MESSAGES.get(code, "The request failed."),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return as_json(payload, status, headers)


def as_resource(message: Message, account_sid: str) -> dict[str, object]:
    """Twilio's Message resource."""
    # A messaging service chooses its number after the answer to the create.
    undecided = message.status == "accepted"
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": formatdate(message.created_at),
        "date_sent": None if message.status in ("accepted", "queued") else formatdate(message.created_at),
        "date_updated": formatdate(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": None if undecided else message.sender,
        "messaging_service_sid": message.service_sid or None,
        "num_media": "0",
        "num_segments": "0" if undecided else str(_segments(message.body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def as_status_callback(message: Message, status: str, account_sid: str, error_code: int | None) -> dict[str, str]:
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.recipient,
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if error_code is not None:
        fields["ErrorCode"] = str(error_code)
    return fields


def as_inbound_webhook(message: Message, account_sid: str, opt_out_type: str | None) -> dict[str, str]:
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.sender,
        "FromCountry": "US",
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(_segments(message.body)),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.recipient,
        "ToCountry": "US",
    }
    if opt_out_type:
        fields["OptOutType"] = opt_out_type
    return fields


def as_short(message: Message) -> dict[str, str]:
    return {
        "sid": message.sid,
        "to": message.recipient,
        "from": message.sender,
        "body": message.body,
        "status": message.status,
        "date_sent": iso(message.created_at),
    }


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_inbound(message: Message) -> bool:
    return message.direction == INBOUND


def _segments(body: str) -> int:
    """Near enough for a stand-in: anything beyond ASCII counts as UCS-2."""
    single, several = (160, 153) if body.isascii() else (70, 67)
    return 1 if len(body) <= single else math.ceil(len(body) / several)
