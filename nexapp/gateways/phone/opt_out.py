"""Twilio's default handling of STOP, START and HELP.

The provider answers a lone keyword itself, refuses later texts to that person with 21610, and still passes
the reply on, marked with OptOutType.
"""

from dataclasses import dataclass

from nexapp.gateways.phone.ledger import Ledger

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
_START = frozenset({"START", "UNSTOP"})
# Means "start" only from somebody who had stopped; otherwise it is an answer like any other.
_START_AFTER_STOP = frozenset({"YES"})
_HELP = frozenset({"HELP", "INFO"})

STOP_TEXT = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
START_TEXT = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
HELP_TEXT = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


@dataclass(frozen=True, slots=True)
class Handled:
    """`kind` is what the webhook carries as OptOutType; `answer` is the text the provider sends, if any."""

    kind: str | None = None
    answer: str = ""


async def handle_keyword(ledger: Ledger, sender: str, person: str, body: str) -> Handled:
    word = body.strip().upper()
    blocked = ledger.is_opted_out(sender, person)
    if word in _STOP:
        await ledger.opt_out(sender, person)
        return Handled("STOP", "" if blocked else STOP_TEXT)
    if word in _START or (blocked and word in _START_AFTER_STOP):
        await ledger.opt_in(sender, person)
        return Handled("START", START_TEXT if blocked else "")
    if word in _HELP:
        return Handled("HELP", HELP_TEXT)
    return Handled()
