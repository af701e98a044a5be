"""Twilio's Messages resource as the local phone answers it: create, fetch, list."""

import asyncio
import hmac
import secrets
import time
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlencode

from nexapp.gateways.phone.deliveries import Deliveries
from nexapp.gateways.phone.faults import Faults, strikes
from nexapp.gateways.phone.ledger import OUTBOUND, Ledger, Message
from nexapp.gateways.phone.resources import API_VERSION, as_resource, error_answer
from nexapp.gateways.phone.rules import Asked, find_refusal
from nexapp.gateways.phone.server import HANG_UP, Request, Response, as_json
from nexapp.gateways.phone.settings import PhoneSettings
from nexapp.gateways.sms.transport import basic_auth

_LARGEST_PAGE = 1000
_GARBAGE = Response(201, b"<html><body>Bad gateway, or was it?", "text/html")


class Provider:
    def __init__(self, settings: PhoneSettings, ledger: Ledger, deliveries: Deliveries, faults: Faults) -> None:
        self._settings = settings
        self._ledger = ledger
        self._deliveries = deliveries
        self._faults = faults
        self._authorization = basic_auth(settings.account_sid, settings.auth_token)
        self._messages = f"/{API_VERSION}/Accounts/{settings.account_sid}/Messages"
        # How creates were answered since the start: what a test of retries counts.
        self.answers: Counter[str] = Counter()

    async def handle(self, request: Request) -> Response:
        if request.path == f"{self._messages}.json" and request.method == "POST":
            return self._count(await self._create(request))
        if not self._is_authorised(request):
            return error_answer(401, 20003)
        if request.path == f"{self._messages}.json":
            return self._list(request)
        sid = request.path.removeprefix(f"{self._messages}/").removesuffix(".json")
        message = self._ledger.find(sid) if request.method == "GET" else None
        if message is None or self._is_lagging(message):
            return error_answer(404, 20404)
        return as_json(as_resource(message, self._settings.account_sid))

    def _is_authorised(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        right = hmac.compare_digest(given.encode(), self._authorization.encode())
        return right and not self._faults.unauthorised

    def _count(self, response: Response) -> Response:
        self.answers["dropped" if response.hang_up else str(response.status)] += 1
        return response

    async def _create(self, request: Request) -> Response:
        if not self._is_authorised(request):
            return error_answer(401, 20003)
        return await self._answer_create(Asked.of(request.form))

    async def _answer_create(self, asked: Asked) -> Response:
        if self._faults.takes_status():
            return self._fault_answer()
        if strikes(self._faults.drop_before_accept):
            return HANG_UP
        if refused := self._refusal(asked):
            return error_answer(400, refused)
        message = self._new_message(asked)
        await self._ledger.record(message)
        self._deliveries.start(message)
        if self._faults.latency_ms:
            await asyncio.sleep(self._faults.latency_ms / 1000)
        if strikes(self._faults.drop_after_accept):
            return HANG_UP
        if strikes(self._faults.garbage):
            return _GARBAGE
        return as_json(as_resource(message, self._settings.account_sid), 201)

    def _fault_answer(self) -> Response:
        status, wait = self._faults.status or 503, self._faults.retry_after
        headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
        if self._faults.code is None:
            return Response(status, b"<html><body>The gateway failed.</body></html>", "text/html", headers)
        return error_answer(status, self._faults.code, headers)

    def _refusal(self, asked: Asked) -> int | None:
        if code := find_refusal(asked):
            return code
        blocked = self._ledger.is_opted_out(asked.sender or self._settings.sender, asked.to)
        return 21610 if blocked and self._settings.handles_opt_out else None

    def _new_message(self, asked: Asked) -> Message:
        moment = time.time()
        return Message(
            sid="SM" + secrets.token_hex(16),
            sender=asked.sender or self._settings.sender,
            recipient=asked.to,
            body=asked.body,
            status="accepted" if asked.service_sid else "queued",
            direction=OUTBOUND,
            service_sid=asked.service_sid,
            callback=asked.callback,
            error_code=None,
            created_at=moment,
            updated_at=moment,
        )

    def _is_lagging(self, message: Message) -> bool:
        return message.created_at > time.time() - self._faults.list_lag_seconds

    def _list(self, request: Request) -> Response:
        try:
            size = min(max(int(request.query.get("PageSize", "50")), 1), _LARGEST_PAGE)
            page = max(int(request.query.get("Page", "0")), 0)
            found = self._select(request.query, size, page)
        except ValueError:
            return error_answer(400, 20001)
        return as_json(self._page(request, found, size, page))

    def _select(self, query: dict[str, str], size: int, page: int) -> list[Message]:
        """One more than asked for, which tells whether there is another page."""
        visible = time.time() - self._faults.list_lag_seconds
        return self._ledger.list_messages(
            to=query.get("To", ""),
            sender=query.get("From", ""),
            after=_moment(query.get("DateSent>", "")) or 0.0,
            before=min(_moment(query.get("DateSent<", "")) or visible, visible),
            limit=size + 1,
            skip=page * size,
        )

    def _page(self, request: Request, found: list[Message], size: int, page: int) -> dict[str, object]:
        def uri(number: int) -> str:
            return f"{request.path}?{urlencode({**request.query, 'PageSize': size, 'Page': number})}"

        shown = found[:size]
        return {
            "messages": [as_resource(message, self._settings.account_sid) for message in shown],
            "end": page * size + max(len(shown) - 1, 0),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if len(found) > size else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": uri(page - 1) if page else None,
            "start": page * size,
            "uri": uri(page),
        }


def _moment(value: str) -> float | None:
    """Seconds of a date or an instant in ISO 8601, in UTC. Raises ValueError."""
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
