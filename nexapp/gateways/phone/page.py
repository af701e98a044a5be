"""The page `/dev/phone`: phones side by side, most recently used first."""

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from nexapp.gateways.phone.ledger import Ledger, Message
from nexapp.gateways.phone.resources import is_inbound, iso
from nexapp.gateways.phone.server import Request, Response

FOLDER = Path(__file__).parent / "page"
SHOWN_PHONES = 12
SHOWN_TEXTS = 40

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]']")
_NATIONAL = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_ASSETS = {"/dev/phone/phone.css": "text/css", "/dev/phone/phone.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STATES = {
    "accepted": "queued",
    "received": "received",
    "undelivered": "not delivered",
}


@dataclass(frozen=True, slots=True)
class Phone:
    number: str
    texts: list[Message]
    senders: list[str]


class Page:
    def __init__(self, ledger: Ledger, default_sender: str) -> None:
        self._ledger = ledger
        self._default_sender = default_sender
        self._templates = load_templates()
        self._templates.filters.update(national=_national, iso=iso, clock=_clock, state=_state)
        self._templates.tests["inbound"] = is_inbound

    def show(self, request: Request) -> Response:
        return self._render("phone.html", _search(request))

    def show_phones(self, request: Request) -> Response:
        """The cards alone; 204 when nothing has changed since the version that the page has."""
        if request.query.get("v") == str(self._ledger.version):
            return Response(204)
        return self._render("_phones.html", _search(request))

    def asset(self, path: str) -> Response | None:
        kind = _ASSETS.get(path)
        if kind is None:
            return None
        body = (FOLDER / path.rpartition("/")[2]).read_bytes()
        return Response(200, body, f"{kind}; charset=utf-8", {"Cache-Control": "no-cache"})

    def _render(self, template: str, search: str) -> Response:
        numbers = self._ledger.list_people(_digits(search), SHOWN_PHONES)
        body = self._templates.get_template(template).render(
            phones=[self._phone(number) for number in numbers],
            search=search,
            total=self._ledger.count_people(),
            version=self._ledger.version,
        )
        return as_page(body)

    def _phone(self, number: str) -> Phone:
        texts = self._ledger.list_thread(number, SHOWN_TEXTS)
        spoken = [text.recipient if is_inbound(text) else text.sender for text in reversed(texts)]
        return Phone(number, texts, list(dict.fromkeys(spoken)) or [self._default_sender])


def load_templates() -> Environment:
    templates = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True)
    templates.filters["link"] = link_up
    return templates


def as_page(page: str, policy: str = POLICY) -> Response:
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(200, page.encode(), "text/html; charset=utf-8", headers)


def _search(request: Request) -> str:
    return request.query.get("to", "").strip()[:40]


def _digits(search: str) -> str:
    return "".join(character for character in search if character.isdigit())


def link_up(body: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for match in _LINK.finditer(body):
        parts.append(escape(body[end : match.start()]))
        parts.append(_anchor(match.group()))
        end = match.end()
    return Markup("").join([*parts, escape(body[end:])])


def _anchor(url: str) -> Markup:
    return Markup('<a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a>').format(url=url)


def _national(number: str) -> str:
    match = _NATIONAL.fullmatch(number)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else number


def _clock(moment: float) -> str:
    return f"{iso(moment)[11:16]} UTC"


def _state(message: Message) -> str:
    word = _STATES.get(message.status, message.status)
    return f"{word}, {message.error_code}" if message.error_code else word
