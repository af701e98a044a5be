"""Six-digit codes that prove whose a number is, for signing in and for joining a waiting list.

A code is kept as HMAC-SHA256 under the secret key and its own id. A slow hash would add nothing: five attempts in five
minutes are the guard against guessing, and the key is what a thief of the table lacks.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import has_request_context, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select, text, update

from nexapp.identity.events import SignInCodeRequested
from nexapp.identity.models import VerificationCode
from nexapp.identity.phones import prefix_of
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.errors import TooMany
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id

LIFETIME = timedelta(minutes=5)
MOST_ATTEMPTS = 5
RESEND_AFTER = timedelta(seconds=30)
WINDOW = timedelta(hours=1)
PER_PHONE = 5
PER_IP = 60
PER_PREFIX = 300
"""Codes an hour that nobody entered. A mobile network puts many people behind one address."""

CROWD_PAUSE = 600
"""Seconds to wait where not the number but its range or the address is over its limit."""

LOCAL_ROOM = 10
"""On the local phone a text costs nothing and all of a test's people come from one address."""

BYPASS = "000000"


class CodeState(StrEnum):
    ACCEPTED = "accepted"
    MALFORMED = "malformed"
    WRONG = "wrong"
    SPENT = "spent"
    """Too many wrong attempts."""
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """How a typed code stands. Return, don't raise, for a wrong one: a rollback would give the attempt back."""

    state: CodeState
    code: VerificationCode | None = None
    attempts_left: int = 0

    @property
    def accepted(self) -> bool:
        return self.state is CodeState.ACCEPTED

    @property
    def sentence(self) -> str:
        if self.state is CodeState.WRONG:
            tries = ngettext("%(num)d try is left", "%(num)d tries are left", self.attempts_left)
            return str(_("That is not the code of the newest text. %(tries)s.", tries=tries))
        sentences = {
            CodeState.MALFORMED: _("Type the 6 digits of the text."),
            CodeState.SPENT: _("That was one try too many. Ask for a new code."),
            CodeState.EXPIRED: _("This code has lapsed: it lasts 5 minutes. Ask for a new one."),
            CodeState.USED: _("This code was used already. Ask for a new one."),
        }
        return str(sentences.get(self.state, ""))


def issue_code(phone: str, purpose: str, payload: dict[str, Any] | None = None, org_id: UUID | None = None) -> UUID:
    """Make a code for an E.164 number and ask for it to be texted. Raises `TooMany` before anything is written.

    Codes that were entered don't count towards the limits: who can read the texts costs nobody anything.
    """
    ip = request.remote_addr if has_request_context() else None
    _refuse_too_many(phone, ip)
    code_id, code = new_id(), f"{secrets.randbelow(1_000_000):06d}"
    while code == BYPASS:
        code = f"{secrets.randbelow(1_000_000):06d}"
    row = VerificationCode(
        id=code_id, org_id=org_id, phone=phone, prefix=prefix_of(phone), purpose=purpose, payload=payload or {},
        code_hash=_hash(code_id, code), ip=ip, expires_at=now() + LIFETIME,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    emit(SignInCodeRequested(code_id, phone, code, purpose, org_id))
    return code_id


def check_code(code_id: UUID, typed: str) -> CodeCheck:
    """Count an attempt and compare. An accepted code is spent: a second time says `USED`.

    The counting UPDATE locks the row, so that two requests with the right code don't both win.
    """
    digits = _digits(typed)
    if len(digits) != 6:
        return CodeCheck(CodeState.MALFORMED)
    row = _count_attempt(code_id)
    if row is None:
        return CodeCheck(_why_dead(code_id))
    if not _matches(row, digits):
        left = MOST_ATTEMPTS - row.attempts
        return CodeCheck(CodeState.WRONG if left else CodeState.SPENT, attempts_left=left)
    row.used_at = now()
    db.session.flush()
    return CodeCheck(CodeState.ACCEPTED, row)


def resend_at(code_id: UUID) -> datetime | None:
    """From when another code may be asked for; None for a code that is gone."""
    made = db.session.scalar(select(VerificationCode.created_at).where(VerificationCode.id == code_id))
    return made + RESEND_AFTER if made else None


def phone_of(code_id: UUID) -> str | None:
    """Whom a code was texted to; None for a code that is gone."""
    return db.session.scalar(select(VerificationCode.phone).where(VerificationCode.id == code_id))


def delete_expired() -> int:
    """Drop codes that can't be entered any more and no longer count towards an hour's limit."""
    gone = db.session.execute(
        delete(VerificationCode).where(
            VerificationCode.expires_at < func.now(), VerificationCode.created_at < func.now() - WINDOW
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _refuse_too_many(phone: str, ip: str | None) -> None:
    # Two requests at once for one number wait for each other; the second then sees the first one's row.
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:phone, 0))"), {"phone": f"code:{phone}"})
    load = db.session.execute(
        text("SELECT * FROM nexapp_code_load(:phone, :ip, :prefix)"),
        {"phone": phone, "ip": ip, "prefix": prefix_of(phone)},
    ).one()
    _refuse_resend(load.last_at)
    if load.by_phone >= PER_PHONE:
        seconds = _seconds_until(load.first_at + WINDOW)
        wait = _in_words(seconds)
        sentence = _("That number got %(most)d codes within an hour. Try again in %(wait)s.", most=PER_PHONE, wait=wait)
        raise TooMany(sentence, retry_after=seconds)
    room = LOCAL_ROOM if settings().uses_local_phone else 1
    if load.by_ip >= PER_IP * room or load.by_prefix >= PER_PREFIX * room:
        sentence = _("Too many codes were asked for from here. Try again in %(wait)s.", wait=_in_words(CROWD_PAUSE))
        raise TooMany(sentence, retry_after=CROWD_PAUSE)


def _refuse_resend(last_at: datetime | None) -> None:
    if last_at is None or last_at + RESEND_AFTER <= now():
        return
    seconds = _seconds_until(last_at + RESEND_AFTER)
    sentence = _("A code is on its way. You can ask for another one in %(wait)s.", wait=_in_words(seconds))
    raise TooMany(sentence, retry_after=seconds)


def _seconds_until(instant: datetime) -> int:
    return max(1, int((instant - now()).total_seconds()) + 1)


def _in_words(seconds: int) -> str:
    if seconds <= 90:
        return str(ngettext("%(num)d second", "%(num)d seconds", seconds))
    return str(ngettext("%(num)d minute", "%(num)d minutes", -(-seconds // 60)))


def _count_attempt(code_id: UUID) -> VerificationCode | None:
    return db.session.scalar(
        update(VerificationCode)
        .where(
            VerificationCode.id == code_id,
            VerificationCode.used_at.is_(None),
            VerificationCode.expires_at > func.now(),
            VerificationCode.attempts < MOST_ATTEMPTS,
        )
        .values(attempts=VerificationCode.attempts + 1)
        .returning(VerificationCode)
        .execution_options(populate_existing=True)
    )


def _why_dead(code_id: UUID) -> CodeState:
    row = db.session.get(VerificationCode, code_id, populate_existing=True)
    if row is None or row.expires_at <= now():
        return CodeState.USED if row and row.used_at else CodeState.EXPIRED
    return CodeState.USED if row.used_at else CodeState.SPENT


def _matches(row: VerificationCode, digits: str) -> bool:
    right = hmac.compare_digest(row.code_hash, _hash(row.id, digits))
    return right or (settings().bypass_otp_check and hmac.compare_digest(digits, BYPASS))


def _hash(code_id: UUID, code: str) -> str:
    key = settings().secret_key.encode()
    return hmac.new(key, f"code:{code_id}:{code}".encode(), hashlib.sha256).hexdigest()


def _digits(typed: str) -> str:
    return "".join(str(unicodedata.digit(c)) for c in typed if c.isdigit())
