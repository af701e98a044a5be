"""The second factor of platform admins: codes of an authenticator app (RFC 6238), and recovery codes for a lost one.

The app's key is an HMAC of the installation's secret over the person and a nonce; so a copy of the database makes no
codes. A code counts once: its half minute, and every one before, is spent with it. Return, don't raise, for a wrong
one: a rollback would give the try back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import RecoveryCode, SecondFactor, User, UserSession
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db

ISSUER = "NexApp"
STEP_SECONDS = 30
DRIFT = 1
"""Half minutes that a phone's clock may be off."""

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class FactorCheck(StrEnum):
    ACCEPTED = "accepted"
    WRONG = "wrong"
    REPLAYED = "replayed"
    LOCKED = "locked"


def find_factor(user_id: UUID) -> SecondFactor | None:
    return db.session.get(SecondFactor, user_id)


def begin_enrolment(user_id: UUID) -> SecondFactor:
    """The factor to be confirmed by its first code; the same one until that happens, whatever is reloaded."""
    if (found := find_factor(user_id)) is not None:
        return found
    # Two windows at once: the second one finds the first one's.
    db.session.execute(
        insert(SecondFactor).values(user_id=user_id, nonce=secrets.token_bytes(16)).on_conflict_do_nothing()
    )
    return db.session.get_one(SecondFactor, user_id)


def key_of(factor: SecondFactor) -> str:
    """What the authenticator app keeps, in base 32."""
    material = b"totp:" + factor.user_id.bytes + factor.nonce
    digest = hmac.new(settings().secret_key.encode(), material, hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode()


def setup_address(factor: SecondFactor, account: str) -> str:
    """What the QR code says: `otpauth://totp/…`."""
    return pyotp.TOTP(key_of(factor)).provisioning_uri(name=account, issuer_name=ISSUER)


def current_code(factor: SecondFactor) -> str:
    return pyotp.TOTP(key_of(factor)).at(_step_now() * STEP_SECONDS)


def check_factor(user_id: UUID, typed: str) -> FactorCheck:
    """Compare a code of the app or a recovery code. The row is locked, so one code opens one session."""
    # A page has read the row before; what counts is what it says once the lock is ours.
    locked = select(SecondFactor).where(SecondFactor.user_id == user_id).with_for_update()
    factor = db.session.scalar(locked.execution_options(populate_existing=True))
    if factor is None:
        return FactorCheck.WRONG
    if _is_locked(factor):
        return FactorCheck.LOCKED
    outcome = _compare(factor, "".join(typed.split()).replace("-", "").lower())
    _count(factor, outcome)
    return outcome


def confirm_enrolment(factor: SecondFactor) -> list[str]:
    """From now on it is asked for. The recovery codes, which nobody can read again."""
    factor.confirmed_at = now()
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == factor.user_id))
    db.session.add_all(RecoveryCode(user_id=factor.user_id, code_hash=_hash(code)) for code in codes)
    db.session.flush()
    audit.record("second_factor.confirmed", "user", factor.user_id)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def count_recovery_codes(user_id: UUID) -> int:
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def remove_factor(user_id: UUID) -> None:
    """Back to the beginning: every session of the person has to show a new one before it is an admin's again."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    db.session.execute(update(UserSession).where(UserSession.user_id == user_id).values(second_factor_at=None))
    audit.record("second_factor.removed", "user", user_id)


def list_admin_factors() -> list[tuple[str, SecondFactor]]:
    """Name and factor of each platform admin; for the development's own authenticator."""
    rows = db.session.execute(
        select(User.name, SecondFactor)
        .join(SecondFactor, SecondFactor.user_id == User.id)
        .where(User.is_platform_admin)
        .order_by(User.name)
    )
    return [(name, factor) for name, factor in rows]


def _compare(factor: SecondFactor, typed: str) -> FactorCheck:
    if not typed.isascii():
        return FactorCheck.WRONG
    if len(typed) == 6 and typed.isdigit():
        return _compare_step(factor, typed)
    return _spend_recovery_code(factor, typed)


def _compare_step(factor: SecondFactor, typed: str) -> FactorCheck:
    totp, here = pyotp.TOTP(key_of(factor)), _step_now()
    for step in range(here - DRIFT, here + DRIFT + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), typed):
            if step <= factor.last_step:
                return FactorCheck.REPLAYED
            factor.last_step = step
            return FactorCheck.ACCEPTED
    return FactorCheck.WRONG


def _spend_recovery_code(factor: SecondFactor, typed: str) -> FactorCheck:
    spent = db.session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == factor.user_id,
            RecoveryCode.code_hash == _hash(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCode.id)
    )
    if spent is None or factor.confirmed_at is None:
        return FactorCheck.WRONG
    audit.record("recovery_code.used", "user", factor.user_id)
    return FactorCheck.ACCEPTED


def _count(factor: SecondFactor, outcome: FactorCheck) -> None:
    if outcome is FactorCheck.ACCEPTED:
        factor.failures, factor.failed_at = 0, None
    else:
        lapsed = factor.failed_at is not None and factor.failed_at + LOCKED_FOR <= now()
        factor.failures = 1 if lapsed else factor.failures + 1
        factor.failed_at = now()
    db.session.flush()


def _is_locked(factor: SecondFactor) -> bool:
    if factor.failures < MOST_FAILURES or factor.failed_at is None:
        return False
    return factor.failed_at + LOCKED_FOR > now()


def _step_now() -> int:
    return int(now().timestamp()) // STEP_SECONDS


def _new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(10))


def _hash(code: str) -> bytes:
    # 49 bits of chance and five tries in a quarter of an hour: a slow hash would add nothing.
    return hashlib.sha256(code.encode()).digest()
