"""Who asked an organisation for no more letters: kept by address, asked and taken back by whoever reads that mailbox.

Every letter to a prospect carries a link that names its address here, whoever's prospect it is and however often it was
added. Nobody of the team can lift it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import gettext as _
from itsdangerous import BadSignature, Signer
from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped

from nexapp.messaging.channel_queue import Parcel
from nexapp.messaging.email_contents import Content, Letter, Withheld, register_letters
from nexapp.notifications.letters import letter_headers
from nexapp.sales import prospects
from nexapp.sales.models import Prospect
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.columns import join, joined
from nexapp.spine.config import settings
from nexapp.spine.db import Model, TenantModel, db
from nexapp.spine.errors import NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

SUBJECT = "prospect"
STOPPED, WANTED = "email_stopped", "email_wanted"
"""Lines of a prospect's story."""

_ADDRESSES = text(f"""
    SELECT a.id, a.org_id, a.email, a.stopped_at, o.name AS team
    FROM letter_addresses a JOIN organizations o ON o.id = a.org_id
    WHERE (a.org_id, a.email) IN (
        SELECT w.org_id, lower(w.email)
        FROM unnest({joined("orgs", "uuid")}, {joined("emails", "text")}) AS w (org_id, email)
    )
""")  # noqa: S608 - the two parameters


class LetterAddress(TenantModel, Model):
    __tablename__ = "letter_addresses"

    email: Mapped[str]
    """In small letters."""
    stopped_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Link:
    """What a letter's link names."""

    org_id: UUID
    address_id: UUID


def ensure_address(email: str) -> None:
    """Before the first letter to it is written."""
    row = {"id": new_id(), "org_id": current_actor().tenant, "email": email.lower()}
    db.session.execute(insert(LetterAddress).values(**row).on_conflict_do_nothing())


def find_stopped(email: str | None) -> datetime | None:
    """Since when there are to be no letters to it."""
    if not email:
        return None
    found: datetime | None = db.session.scalar(
        scoped(LetterAddress).where(LetterAddress.email == email.lower()).with_only_columns(LetterAddress.stopped_at)
    )
    return found


def why_no_email(email: str | None) -> str:
    if not email:
        return _("There is no e-mail address for them.")
    return _("They asked not to get e-mail.") if find_stopped(email) else ""


def get_address(address_id: UUID) -> LetterAddress:
    row: LetterAddress | None = db.session.scalar(scoped(LetterAddress).where(LetterAddress.id == address_id))
    if row is None:
        raise NotFound
    return row


def stop_letters(address_id: UUID) -> None:
    """No more letters to it, not even those that wait; a second time changes nothing."""
    _change(address_id, now(), STOPPED)


def allow_letters(address_id: UUID) -> None:
    _change(address_id, None, WANTED)


def link_url(link: Link) -> str:
    """It never lapses: who kept a letter for years may still stop them."""
    written = base64.urlsafe_b64encode(link.org_id.bytes + link.address_id.bytes).rstrip(b"=")
    return f"{settings().base_url}/e/{_signer().sign(written).decode()}"


def read_link(token: str) -> Link | None:
    """None for what isn't one of our links."""
    try:
        raw = base64.urlsafe_b64decode(_signer().unsign(token) + b"=")
        return Link(UUID(bytes=raw[:16]), UUID(bytes=raw[16:]))
    except (BadSignature, ValueError):
        return None


def compose_letters(parcels: Sequence[Parcel]) -> Mapping[UUID, Content]:
    """As they were written, with the way to stop them; nothing for whoever has."""
    known = {(row.org_id, row.email): row for row in db.session.execute(_ADDRESSES, _of(parcels))}
    return {
        parcel.id: _content(parcel, known.get((parcel.org_id, (parcel.to_email or "").lower()))) for parcel in parcels
    }


def _content(parcel: Parcel, address: Any) -> Content:
    if address is None:
        return Letter(parcel.subject or "", parcel.body, parcel.html)
    if address.stopped_at is not None:
        return Withheld(_("They asked not to get e-mail."))
    url = link_url(Link(address.org_id, address.id))
    body = render_template("email/prospect.txt", body=parcel.body, team=address.team, stop_url=url)
    return Letter(parcel.subject or "", body, None, letter_headers(url))


def _of(parcels: Sequence[Parcel]) -> dict[str, Any]:
    concerned = [parcel for parcel in parcels if parcel.org_id and parcel.to_email]
    return {"orgs": join(str(one.org_id) for one in concerned), "emails": join(str(one.to_email) for one in concerned)}


def _change(address_id: UUID, stopped_at: datetime | None, kind: str) -> None:
    was = LetterAddress.stopped_at.is_(None) if stopped_at else LetterAddress.stopped_at.is_not(None)
    email = db.session.scalar(
        update(LetterAddress)
        .where(LetterAddress.org_id == current_actor().tenant, LetterAddress.id == address_id, was)
        .values(stopped_at=stopped_at)
        .returning(LetterAddress.email)
    )
    if email is None:
        return
    audit.record(f"letters.{'stopped' if stopped_at else 'wanted'}", "letter_address", address_id)
    for prospect in db.session.scalars(scoped(Prospect).where(func.lower(Prospect.email) == email)):
        prospects.record_change(prospect, kind, {})


def _signer() -> Signer:
    return Signer(settings().secret_key, salt="prospect-letters", digest_method=sha256, key_derivation="hmac")


register_letters(SUBJECT, compose_letters)
