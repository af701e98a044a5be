"""What a person means by a text: the carriers' keywords, and any other wording that reasonably means stop."""

from __future__ import annotations

import re
from dataclasses import dataclass

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START = frozenset({"START", "UNSTOP"})
YES = "YES"
"""After a stop it means START; else it is an answer to what was texted."""

HELP = frozenset({"HELP", "INFO"})
_PLAIN = STOP | START | HELP | {YES}

_WISHES = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(ok |okay |hey |hi |no )?((please|pls|plz|just|can you|could you) )*stop( it| now| please| pls| plz| thanks?"
        r"| thank you| already| this| that| these| bro| man| sir)*$",
        r"\bstop (it|now|please|pls|all|all of|the|these|this|those|your|my)?\s?\w*\s?"
        r"(text|messag|sms|alert|notif|spam)",
        r"\bstop (texting|messaging|sending|contacting|spamming|bothering|bugging|notifying|alerting)",
        r"\b(please|pls|plz) stop\b(?! by| in| at| over)",
        r"\bun ?subscribe\b",
        r"\bopt(ed|ing)?( me)? ?out\b",
        r"\b(remove|delete|drop) (me|my (phone |cell )?number|this (phone |cell )?number)\b",
        r"\btake (me|my (phone |cell )?number|this number) off\b",
        r"\bno more (of )?(these |those |your )?(text|messag|sms|alert|notif|offer)",
        r"\b(dont|do not|never|quit|cease|end|cancel) (ever )?(text|messag|contact|send|sms)",
        r"\b(dont|do not) (want|wish|need) (to (get|receive) )?(any ?more |any |these |those |your |more )*"
        r"(text|messag|sms|alert|notif)",
        r"\bleave me alone\b",
        r"\blose my number\b",
        r"\bwrong number\b",
        r"\b(cancel|end) (my |the |this )?subscription\b",
    )
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`kind`: stop, start, help or other. `plain`: nothing but the carrier's keyword, which a provider may answer.

    `in_words`: our reading of free wording, which a person should see as well.
    """

    kind: str
    word: str
    plain: bool = False
    in_words: bool = False


def read(body: str, *, opted_out: bool) -> Meaning:
    word = _bare(body).upper()
    plain = body.strip().upper() in _PLAIN
    if word in STOP or re.sub(r"[\W_]", "", word) in {"STOPALL", "OPTOUT"}:
        return Meaning("stop", word, plain)
    if word in START or (opted_out and word == YES):
        return Meaning("start", word, plain)
    if word in HELP:
        return Meaning("help", word, plain)
    if means_stop(body):
        return Meaning("stop", word, in_words=True)
    return Meaning("other", word)


def means_stop(body: str) -> bool:
    said = _words(body)
    return any(wish.search(said) for wish in _WISHES)


def _bare(body: str) -> str:
    """Without what surrounds the words: punctuation, quotes, emoji."""
    return " ".join(re.sub(r"^[\W_]+|[\W_]+$", "", body).split())


def _words(body: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub(r"['\u2019]", "", body.lower())).split())
