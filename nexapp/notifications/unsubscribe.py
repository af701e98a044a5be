"""Stopping e-mails of one type by the link in them, signed out: the address says whose they are and which.

Opening the link changes nothing, for scanners and previews open links; a button or a mail program's one click does.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from flask_babel import gettext as _
from itsdangerous import BadSignature, Signer

from nexapp.notifications.registry import TYPES
from nexapp.notifications.switches import ANY, DIGEST, default_of, list_positions, save_switches
from nexapp.spine.config import settings

EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One person's e-mails of one type, or their daily letter."""

    user_id: UUID
    name: str

    @property
    def label(self) -> str:
        return _("Daily digest") if self.name == DIGEST else str(TYPES[self.name].label)


def unsubscribe_url(user_id: UUID, name: str) -> str:
    """It never lapses: who kept a letter for years may still stop them."""
    written = base64.urlsafe_b64encode(user_id.bytes).rstrip(b"=").decode()
    return f"{settings().base_url}/u/{_signer().sign(f'{written}.{name}').decode()}"


def read_token(token: str) -> Subscription | None:
    """Whose e-mails it is about; None for what isn't one of our links, or of a type that is gone."""
    try:
        person, _dot, name = _signer().unsign(token).decode().partition(".")
        user_id = UUID(bytes=base64.urlsafe_b64decode(f"{person}=="))
    except (BadSignature, ValueError):
        return None
    return Subscription(user_id, name) if name == DIGEST or name in TYPES else None


def gets_them(subscription: Subscription) -> bool:
    """Whether such e-mails are switched on. Runs as the person."""
    own, key = list_positions(), (subscription.name, EMAIL)
    switch = TYPES[subscription.name].switch_name if subscription.name in TYPES else DIGEST
    return own.get(key, default_of(*key)) and own.get((switch, ANY), True)


def unsubscribe(subscription: Subscription) -> None:
    save_switches({(subscription.name, EMAIL): False})


def resubscribe(subscription: Subscription) -> None:
    save_switches({(subscription.name, EMAIL): True})


def _signer() -> Signer:
    return Signer(settings().secret_key, salt="unsubscribe", digest_method=sha256, key_derivation="hmac")
