"""What a provider's codes mean for us: data only.

The codes are Twilio's, both those that refuse a request (2xxxx) and those that a status callback brings for a
text that was accepted and then failed (3xxxx, 63038). A code that is not listed is judged by its HTTP status.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def _(text: str) -> Any: ...
else:
    from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class ProviderCode:
    """`pauses`: no text at all can be sent until a person mends the account."""

    permanent: bool
    sentence: str
    opts_out: bool = False
    pauses: bool = False


def _final(sentence: str) -> ProviderCode:
    return ProviderCode(permanent=True, sentence=sentence)


def _passing(sentence: str) -> ProviderCode:
    return ProviderCode(permanent=False, sentence=sentence)


def _pausing(sentence: str) -> ProviderCode:
    return ProviderCode(permanent=False, sentence=sentence, pauses=True)


_TOO_MANY = _("The provider asked us to slow down.")
_BUSY = _("The provider is busy.")
_CREDENTIALS = _("The provider does not accept our account or token.")
_BAD_SENDER = _("The sending number cannot send texts.")
_NOT_MOBILE = _("This number cannot receive texts.")
_BLOCKED = _("The carrier blocked this text.")
_REGION = _("Texts to this country are switched off in the provider's account.")
_UNREGISTERED = _("The sending number is not registered with the carriers.")

CODES: dict[int, ProviderCode] = {
    429: _passing(_TOO_MANY),
    14107: _passing(_TOO_MANY),
    20001: _final(_("The provider found a setting of this text invalid.")),
    20003: _pausing(_CREDENTIALS),
    20005: _pausing(_("The provider's account is not active.")),
    20006: _pausing(_CREDENTIALS),
    20008: _pausing(_("The account has test credentials, which cannot send.")),
    20403: _pausing(_CREDENTIALS),
    20404: _pausing(_("The provider does not know this account.")),
    20429: _passing(_TOO_MANY),
    20503: _passing(_BUSY),
    21211: _final(_("This is not a valid phone number.")),
    21212: _final(_BAD_SENDER),
    21214: _final(_("This number cannot be reached.")),
    21217: _final(_("This is not a valid phone number.")),
    21219: _final(_("A trial account can only text numbers that were verified with the provider.")),
    21265: _final(_("A short code cannot receive this text.")),
    21266: _final(_("A number cannot text itself.")),
    21408: _final(_REGION),
    21601: _final(_BAD_SENDER),
    21602: _final(_("The text is empty.")),
    21603: _final(_("No sending number is set.")),
    21604: _final(_("The phone number is missing.")),
    21606: _final(_BAD_SENDER),
    21608: _final(_("A trial account can only text numbers that were verified with the provider.")),
    21609: _final(_("The address for status reports is not valid.")),
    21610: ProviderCode(True, _("This person replied STOP to this sender."), opts_out=True),
    21611: _passing(_("The sending number has too many texts waiting.")),
    21612: _final(_("The provider cannot reach this number from the sending number.")),
    21614: _final(_NOT_MOBILE),
    21617: _final(_("The text is longer than the provider takes.")),
    21635: _final(_("This number is a landline and cannot receive texts.")),
    21654: _final(_("The text has no content.")),
    21659: _final(_BAD_SENDER),
    21660: _final(_BAD_SENDER),
    21661: _final(_BAD_SENDER),
    21703: _final(_("The messaging service has no number that can send.")),
    21704: _final(_("The messaging service has no number that can send.")),
    30001: _passing(_("The provider had too many texts waiting.")),
    30002: _pausing(_("The provider has suspended the account.")),
    30003: _passing(_("The phone is switched off or out of reach.")),
    30004: _final(_("This person or their carrier blocks our texts.")),
    30005: _final(_("This number is not in service.")),
    30006: _final(_NOT_MOBILE),
    30007: _final(_BLOCKED),
    30008: _passing(_("The text was not delivered, and the carrier does not say why.")),
    30010: _final(_("The text costs more than the limit that was set.")),
    30022: _passing(_("The carrier's limit for this sender is reached.")),
    30023: _passing(_("The carrier's daily limit for this sender is reached.")),
    30024: _final(_UNREGISTERED),
    30032: _final(_UNREGISTERED),
    30034: _final(_UNREGISTERED),
    30036: _final(_("The text was still waiting when its time ran out.")),
    30044: _final(_("The text is too long for a trial account.")),
    30453: _final(_("The provider held the text back as a repeat.")),
    30485: _final(_UNREGISTERED),
    30500: _passing(_("The provider had a fault.")),
    63038: _passing(_("The account's daily limit of texts is reached.")),
}


def find_code(code: int | None) -> ProviderCode | None:
    return CODES.get(code) if code is not None else None
