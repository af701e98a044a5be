"""The local phone put together: its routes, and who may call them."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from urllib.parse import urlencode, urlsplit

from nexapp.gateways.phone.apps import AppPushes
from nexapp.gateways.phone.courier import Courier
from nexapp.gateways.phone.deliveries import Deliveries
from nexapp.gateways.phone.faults import BadFaults, Faults
from nexapp.gateways.phone.ledger import Ledger
from nexapp.gateways.phone.mail import Mailbox
from nexapp.gateways.phone.page import Page
from nexapp.gateways.phone.provider import Provider
from nexapp.gateways.phone.push import Arrivals, PushService
from nexapp.gateways.phone.replies import BadReply, Replies, Reply
from nexapp.gateways.phone.resources import as_short
from nexapp.gateways.phone.server import Request, Response, as_json
from nexapp.gateways.phone.settings import PhoneSettings, is_loopback

_MOST_LISTED = 10_000
_LISTED = 1_000

Route = Callable[[Request], Awaitable[Response] | Response]


class Phone:
    """Made inside a running event loop."""

    def __init__(self, settings: PhoneSettings, ledger: Ledger, mailbox: Mailbox) -> None:
        self._settings = settings
        self._ledger = ledger
        self._faults = Faults(latency_ms=settings.latency_ms)
        self._courier = Courier(settings.auth_token)
        self._deliveries = Deliveries(settings, self._ledger, self._courier, self._faults)
        self._provider = Provider(settings, self._ledger, self._deliveries, self._faults)
        self._replies = Replies(settings, self._ledger, self._courier, self._deliveries)
        self._page = Page(self._ledger, settings.sender)
        arrivals = Arrivals()
        self._pushes = PushService(arrivals, settings.auth_token, settings.push_key)
        self._apps = AppPushes(arrivals, settings.fcm_credentials)
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "/health"): self._health,
            ("GET", "/dev/phone"): self._page.show,
            ("GET", "/dev/phone/phones"): self._page.show_phones,
            ("GET", "/dev/phone/messages.json"): self._list_messages,
            ("DELETE", "/dev/phone/messages"): self._forget,
            ("GET", "/dev/phone/ledger.json"): self._sum_up,
            ("POST", "/dev/phone/replies"): self._reply,
            ("GET", "/dev/mail"): mailbox.show,
            ("GET", "/dev/mail/letter"): mailbox.show_letter,
            ("GET", "/dev/mail/messages.json"): mailbox.list_messages,
            ("DELETE", "/dev/mail/messages"): mailbox.forget,
            ("GET", "/dev/push"): arrivals.show,
            ("GET", "/dev/push/messages.json"): arrivals.list_messages,
            ("GET", "/dev/push/ledger.json"): arrivals.sum_up,
            ("DELETE", "/dev/push/messages"): arrivals.forget,
            ("POST", "/dev/push/faults"): arrivals.set_faults,
            ("DELETE", "/dev/push/faults"): arrivals.reset_faults,
            ("GET", "/dev/phone/faults"): self._show_faults,
            ("POST", "/dev/phone/faults"): self._set_faults,
            ("DELETE", "/dev/phone/faults"): self._reset_faults,
        }

    def start(self) -> None:
        self._courier.start()
        self._deliveries.resume()

    async def handle(self, request: Request) -> Response:
        if request.path.startswith("/2010-04-01/"):
            return await self._provider.handle(request)
        if not _is_from_here(request):
            return Response(403, b"The local phone answers this machine only.", "text/plain")
        if request.method == "POST" and request.path.startswith(("/push/send/", "/fcm/")):
            return await (self._pushes if request.path.startswith("/push/") else self._apps).take(request)
        route = self._routes.get((request.method, request.path.rstrip("/") or "/"))
        if route is None:
            return self._page.asset(request.path) or Response(404, b"There is no such page.", "text/plain")
        answer = route(request)
        return answer if isinstance(answer, Response) else await answer

    def _health(self, _request: Request) -> Response:
        return as_json({"status": "ok"})

    def _list_messages(self, request: Request) -> Response:
        wanted = request.query.get("limit", str(_LISTED))
        limit = min(int(wanted), _MOST_LISTED) if wanted.isdigit() else _LISTED
        # An unescaped "+" in a query arrives as a space.
        to = request.query.get("to", "").replace(" ", "+")
        return as_json([as_short(message) for message in self._ledger.list_messages(to=to, limit=limit)])

    def _sum_up(self, request: Request) -> Response:
        pairs = self._ledger.count_pairs(request.query.get("to", "").replace(" ", "+"))
        return as_json(
            {
                "messages": sum(count for _to, _body, count in pairs),
                "pairs": [{"to": to, "body": body, "count": count} for to, body, count in pairs],
                "most": max((count for _to, _body, count in pairs), default=0),
                "create_answers": dict(self._provider.answers),
            }
        )

    async def _forget(self, _request: Request) -> Response:
        await self._ledger.forget()
        return Response(204)

    async def _reply(self, request: Request) -> Response:
        try:
            reply = Reply.of(request.fields(), self._settings.sender)
        except (BadReply, ValueError) as error:
            return as_json({"error": str(error)}, 422)
        message, status = await self._replies.receive(reply)
        if request.wants_json or "json" in request.headers.get("accept", ""):
            return as_json({"sid": message.sid, "webhook_status": status}, 201)
        search = urlencode({"to": request.form.get("search", "")})
        return Response(303, headers={"Location": f"/dev/phone?{search}"})

    def _show_faults(self, _request: Request) -> Response:
        return as_json(asdict(self._faults))

    def _set_faults(self, request: Request) -> Response:
        try:
            self._faults.change(json.loads(request.body))
        except (BadFaults, ValueError, AttributeError) as error:
            return as_json({"error": str(error)}, 422)
        return self._show_faults(request)

    def _reset_faults(self, request: Request) -> Response:
        self._faults.change(asdict(Faults(latency_ms=self._settings.latency_ms)))
        return self._show_faults(request)


def _is_from_here(request: Request) -> bool:
    """Guards against a foreign web page that makes the reader's browser call a loopback address."""
    host = request.headers.get("host", "")
    if not is_loopback(urlsplit(f"//{host}").hostname or ""):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == host
