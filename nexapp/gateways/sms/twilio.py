"""Texts through Twilio: the `twilio` package's own client over our transport."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from twilio.base import values
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance, MessageList

from nexapp.gateways.sms import OutboundSms, SentSms
from nexapp.gateways.sms.answers import refusal, retry_after
from nexapp.gateways.sms.errors import SmsAmbiguous, SmsBusy, SmsUnauthorised
from nexapp.gateways.sms.http1 import Answer
from nexapp.gateways.sms.transport import AnswerLost, Origin, RequestNotSent, Transport, basic_auth

_log = logging.getLogger(__name__)

API_URL = "https://api.twilio.com"
LONGEST_VALIDITY_SECONDS = 36_000
# The provider's clock and ours differ, and it lists times in whole seconds.
_CLOCK_SLACK = timedelta(seconds=30)
_LISTED = 100
# A messaging service with smart encoding replaces these (quotes, dashes, hard space, ellipsis) in what it
# sends, so a listed body can differ from ours in them.
_SMART = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u00a0": " ",
        "\u2026": "...",
    }
)


@dataclass(frozen=True, slots=True)
class TwilioConfig:
    """`sender` is a number in E.164; a messaging service, when set, goes before it.

    `webhook_secret` is the secret of a webhook SharedKey; without one the auth token signs webhooks.
    """

    account_sid: str
    auth_token: str
    sender: str = ""
    messaging_service_sid: str = ""
    base_url: str = API_URL
    in_flight: int = 32
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    webhook_secret: str = ""


class LeanHttpClient(HttpClient):  # type: ignore[misc]  # the package carries no type information
    """Carries the twilio client's requests over kept-alive connections to `TWILIO_BASE_URL`."""

    def __init__(self, config: TwilioConfig) -> None:
        super().__init__(_log, False, config.read_seconds)
        origin = Origin.of(config.base_url or API_URL)
        self.transport = Transport(origin, config.in_flight, config.connect_seconds, config.read_seconds)
        self._authorization = basic_auth(config.account_sid, config.auth_token)

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Only the transport's deadlines count: a longer one could outlive the lease of the row at hand."""
        target = _target(uri, params)
        fields = {**(headers or {}), "Authorization": self._authorization}
        body = urlencode(data, doseq=True).encode() if data else b""
        answer = self._carry(method, target, fields, body)
        if method == "POST" and not 200 <= answer.status < 300:
            raise refusal(answer.status, answer.text, answer.headers)
        if method == "GET":
            _check_read(answer)
        return Response(answer.status, answer.text, answer.headers)

    def _carry(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return self.transport.request(method, target, headers, body)
        except RequestNotSent as error:
            raise SmsBusy(None, str(error)) from error
        except AnswerLost as error:
            # A lost answer to a question changes nothing: it can be asked again.
            raise (SmsAmbiguous(str(error)) if method == "POST" else SmsBusy(None, str(error))) from error


class TwilioGateway:
    """One per process: it holds the connections. Safe to use from many threads."""

    def __init__(self, config: TwilioConfig) -> None:
        self._config = config
        self._http = LeanHttpClient(config)
        client = Client(config.account_sid, config.auth_token, http_client=self._http)
        self._messages: MessageList = client.messages
        self._validator = RequestValidator(config.webhook_secret or config.auth_token)

    def send(self, message: OutboundSms) -> SentSms:
        """Raises SmsRefused, SmsBusy, SmsAmbiguous or SmsUnauthorised; never sends twice by itself."""
        wanted = {
            "to": message.to,
            "body": message.body,
            "status_callback": message.status_callback or values.unset,
            "validity_period": _validity(message.validity_seconds),
            **self._sender(message.sender),
        }
        try:
            created = self._messages.create(**wanted)
        except (ValueError, TypeError, AttributeError, TwilioException) as error:
            raise SmsAmbiguous("The provider accepted the request but its answer is not readable.") from error
        if not created.sid:
            raise SmsAmbiguous("The provider's answer names no message.")
        return _sent(created)

    def find(self, to: str, body: str, since: datetime) -> SentSms | None:
        """Looks at the newest hundred texts to the number; SmsBusy when the provider cannot say now.

        Not filtered by DateSent on their side: a text still queued there has none, and would be missed.
        """
        wanted, earliest = _comparable(body), since.astimezone(UTC) - _CLOCK_SLACK
        for listed in self._list(to):
            made_at = listed.date_created
            if made_at and made_at >= earliest and _comparable(listed.body or "").endswith(wanted):
                return _sent(listed)
        return None

    def fetch(self, sid: str) -> SentSms | None:
        try:
            return _sent(self._messages.get(sid).fetch())
        except _NotThere:
            return None
        except (ValueError, TypeError, AttributeError, TwilioException) as error:
            raise SmsBusy(None, "The provider's answer is not readable.") from error

    def verify_signature(
        self, url: str, params: Mapping[str, object], header: str | None, settings_header: str | None = None
    ) -> bool:
        """Whether a webhook is the provider's own. `url` is the public address, with its query.

        `settings_header` is X-Twilio-Webhooks-Signature-Settings, which names SHA-256 when a SharedKey signs.
        """
        if not header:
            return False
        algorithm = get_signature_algorithm(settings_header)
        return bool(self._validator.validate(url, params, header, algorithm))

    def close(self) -> None:
        self._http.transport.close()

    def _list(self, to: str) -> Iterable[MessageInstance]:
        try:
            page = self._messages.page(to=to, page_size=_LISTED)
            return [listed for listed in page if listed.direction != MessageInstance.Direction.INBOUND]
        except (_NotThere, ValueError, TypeError, AttributeError, TwilioException) as error:
            raise SmsBusy(None, "The provider's list is not readable.") from error

    def _sender(self, sender: str) -> dict[str, str]:
        chosen = sender or self._config.messaging_service_sid or self._config.sender
        return {"messaging_service_sid": chosen} if chosen.startswith("MG") else {"from_": chosen}


class _NotThere(Exception):
    """The provider knows no such message."""


def _check_read(answer: Answer) -> None:
    if answer.status == 404:
        raise _NotThere
    if answer.status in (401, 403):
        raise SmsUnauthorised(f"The provider answered {answer.status}.", None, answer.status)
    if answer.status != 200:
        raise SmsBusy(retry_after(answer.headers), f"The provider answered {answer.status}.")


def _target(uri: str, params: Mapping[str, object] | None) -> str:
    """The path of an address that the client made for Twilio's own host, with the query."""
    path = "/" + uri.split("/", 3)[3]
    return f"{path}?{urlencode(params)}" if params else path


def _validity(seconds: int | None) -> int | object:
    return values.unset if seconds is None else min(max(seconds, 1), LONGEST_VALIDITY_SECONDS)


def _comparable(body: str) -> str:
    return " ".join(body.translate(_SMART).split())


def _sent(listed: MessageInstance) -> SentSms:
    return SentSms(str(listed.sid), str(listed.status), listed.error_code or None)
