"""Details of a person out of what somebody pasted: a signature, a profile, a card, or the address of a page.

What is labelled wins ("Company: Acme"), then what has a form of its own (addresses, numbers), then what its place in
the text or another detail suggests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number

from nexapp.gateways.ai import FIELDS, LONGEST_TEXT, Detail

LONGEST = {"name": 120, "company": 120, "role": 120, "email": 254, "location": 120, "phone": 20}
LABELS = {
    "name": ("name", "full name", "contact", "contact name"),
    "company": ("company", "organization", "organisation", "employer", "business", "firm"),
    "role": ("role", "title", "job title", "position"),
    "email": ("email", "e-mail", "mail"),
    "phone": ("phone", "tel", "telephone", "mobile", "cell", "direct", "office"),
    "location": ("location", "city", "address", "based in", "place"),
}
FREE_MAIL = {
    "gmail", "googlemail", "yahoo", "outlook", "hotmail", "live", "icloud", "me", "aol", "proton", "protonmail", "gmx",
    "web", "mail", "yandex", "qq", "163", "example",
}  # fmt: skip
NOT_PEOPLE = {"info", "sales", "contact", "hello", "support", "office", "admin", "team", "mail", "noreply", "no-reply"}
CLOSINGS = {"regards", "wishes", "thanks", "thank", "sincerely", "greetings", "cheers", "hello", "dear", "yours"}
LONGEST_LINE = 500
PAGES = {"linkedin", "twitter", "x", "facebook", "instagram", "github", "medium", "xing", "youtube", "google"}
EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}")
LINK = re.compile(r"https?://[^\s<>\"']{3,500}|(?:www\.|linkedin\.com/)[^\s<>\"']{3,300}", re.IGNORECASE)
LABELLED = re.compile(r"^[\s*•\-–]*([A-Za-z][A-Za-z \-]{1,18}?)\s*[:=]\s*(\S.*)$")  # noqa: RUF001 - a dash that people paste
ROLE = re.compile(
    r"\b(?:(?:co-?)?(?:owner|founder)|ceo|cto|cfo|coo|cmo|chief \w+ officer|president|partner|principal|"
    r"(?:vice president|vp|head|director|manager)(?: of [\w &]{2,40})?|"
    r"(?:[\w]+ ){0,2}(?:director|manager|engineer|consultant|analyst|buyer|coordinator|assistant|specialist|"
    r"representative|developer|designer|architect|lawyer|attorney|broker|agent))\b",
    re.IGNORECASE,
)
COMPANY = re.compile(
    r"\b((?:[A-Z0-9][\w&'.-]*,? ){1,5}(?:Inc|LLC|Ltd|GmbH|Corp|Corporation|Co|AG|SA|BV|PLC|LLP|Group)\b\.?)"
)
AT_COMPANY = re.compile(r"\s(?:at|@|bei)\s+([A-Z0-9][^\n,|;()]{1,60})")
PLACE = re.compile(r"\b(?:based in|lives in|located in|from)\s+([A-Z][\w.' -]{2,40}(?:,\s*[A-Z][\w. ]{1,30})?)")
CITY = re.compile(
    r"^([A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,3},\s*(?:[A-Z]{2}\b|[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}))(?:\s+\d{4,6})?$"
)
_LETTER, _WORD = r"[^\W\d_]", r"[^\W\d_][\w'\u2019-]+"
_PARTICLE = r"de|da|del|van|von|der|den|la|le|bin|al"
NAME = re.compile(
    rf"^(?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?({_LETTER}[\w.'\u2019-]*(?: (?:{_LETTER}\.|{_PARTICLE}|{_WORD})){{1,3}})$"
)

Rule = Callable[[str, list[str], str], Iterator[Detail]]


def read_contact(text: str, country: str) -> list[Detail]:
    """At most one detail of each field, in their usual order."""
    read = text[:LONGEST_TEXT].replace("\r", "\n").replace("\x00", "")
    lines = [line.strip(" \t|·•*")[:LONGEST_LINE] for line in read.split("\n") if line.strip(" \t|·•*")][:300]
    found: dict[str, Detail] = {}
    for rule in RULES:
        for detail in rule(read, lines, country):
            if detail.value and detail.field not in found:
                found[detail.field] = detail
    return [found[field] for field in FIELDS if field in found]


def _labelled(_text: str, lines: list[str], _country: str) -> Iterator[Detail]:
    for line in lines:
        match = LABELLED.match(line)
        if not match:
            continue
        label = match[1].strip().lower()
        for field, names in LABELS.items():
            if label in names and field not in ("email", "phone"):
                yield _detail(field, match[2], line, "label")


def _emails(text: str, _lines: list[str], _country: str) -> Iterator[Detail]:
    for match in EMAIL.finditer(text):
        yield _detail("email", match[0].lower().rstrip("."), match[0], "form")


def _phones(text: str, _lines: list[str], country: str) -> Iterator[Detail]:
    for match in PhoneNumberMatcher(LINK.sub(" ", text), country or "US", leniency=Leniency.POSSIBLE):
        number = format_number(match.number, PhoneNumberFormat.E164)
        if len(number) >= 10:
            yield _detail("phone", number, match.raw_string, "form")


def _names(_text: str, lines: list[str], _country: str) -> Iterator[Detail]:
    for line in lines[:6]:
        # "Maria Garcia - Head of Sales | Acme": what stands before the first divider.
        head = re.split(r"\s+[|–—\-·]\s+|,", line, maxsplit=1)[0].strip()  # noqa: RUF001 - dividers that people paste
        match = NAME.match(head)
        if match and _is_name(match[1]):
            yield _detail("name", match[1], line, "line")


def _is_name(words: str) -> bool:
    proper = [word for word in words.split() if word not in _PARTICLE.split("|")]
    is_closing = any(word.lower() in CLOSINGS for word in proper)
    return (
        not is_closing
        and not any(word[0].islower() for word in proper)
        and not ROLE.search(words)
        and not COMPANY.search(words + " ")
    )


def _roles(_text: str, lines: list[str], _country: str) -> Iterator[Detail]:
    for line in lines[:20]:
        if (match := ROLE.search(line)) and not EMAIL.search(line):
            yield _detail("role", re.split(r"\s+(?:at|@|bei)\s", match[0])[0], line, "word")


def _companies(_text: str, lines: list[str], _country: str) -> Iterator[Detail]:
    for line in lines[:20]:
        if match := COMPANY.search(line):
            yield _detail("company", match[1], line, "form")
    for line in lines[:20]:
        if (match := AT_COMPANY.search(f" {line}")) and not EMAIL.search(line):
            yield _detail("company", match[1], line, "word")


def _places(_text: str, lines: list[str], _country: str) -> Iterator[Detail]:
    for line in lines[:40]:
        if match := PLACE.search(line) or CITY.match(line):
            yield _detail("location", match[1], line, "word")


def _links(text: str, _lines: list[str], _country: str) -> Iterator[Detail]:
    """What an address says by itself: nothing is fetched."""
    for match in LINK.finditer(text):
        written = match[0] if "://" in match[0] else f"https://{match[0]}"
        try:
            parts = urlsplit(written)
        except ValueError:
            continue
        host = (parts.hostname or "").removeprefix("www.")
        profile = re.match(r"/(?:in|pub)/([^/?#]{3,100})", unquote(parts.path))
        if profile and host.endswith("linkedin.com"):
            words = [word for word in re.split(r"[-_.]", profile[1]) if word and not any(c.isdigit() for c in word)]
            yield _detail("name", " ".join(word.capitalize() for word in words[:4]), match[0], "link")
        elif (name := _site_name(host)) and name not in PAGES:
            yield _detail("company", name.replace("-", " ").title(), match[0], "link")


def _by_email(text: str, _lines: list[str], _country: str) -> Iterator[Detail]:
    """First and last name, and the company, as the address has them."""
    if not (match := EMAIL.search(text)):
        return
    person, _at, host = match[0].rpartition("@")
    words = [word for word in re.split(r"[._-]", person.partition("+")[0]) if word.isalpha()]
    if len(words) > 1 and person.lower() not in NOT_PEOPLE:
        yield _detail("name", " ".join(word.capitalize() for word in words[:3]), match[0], "email")
    if (name := _site_name(host)) and name not in FREE_MAIL:
        yield _detail("company", name.replace("-", " ").title(), match[0], "email")


def _site_name(host: str) -> str:
    """`acme` of `www.acme.co.uk`."""
    pieces = [piece for piece in host.lower().split(".") if piece]
    if len(pieces) < 2:
        return ""
    second_level = len(pieces) > 2 and pieces[-2] in {"co", "com", "org", "net", "ac", "gov"}
    return pieces[-3 if second_level else -2]


def _detail(field: str, value: str, evidence: str, how: str) -> Detail:
    clean = " ".join(value.split()).strip(" ,;|·•")
    return Detail(field, clean[: LONGEST[field]].strip(), " ".join(evidence.split())[:200], how)


RULES: tuple[Rule, ...] = (_labelled, _emails, _phones, _companies, _names, _roles, _places, _links, _by_email)
