"""Coins: a ledger of what was earned and spent, whose balance the database keeps at zero or more.

A coin buys one thing: another freeze for the month, which keeps a streak over a missed day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.notifications.service import Recipient, notify
from nexapp.sales.progress_models import CoinBalance, CoinEntry
from nexapp.sales.streaks_folding import Month, month_of
from nexapp.spine.db import db
from nexapp.spine.errors import Conflict
from nexapp.spine.ids import new_id

FREEZE_COSTS = 100
FREEZE = "freeze"


class TooFewCoins(Conflict):
    code = "too_few_coins"
    sentence = "You don't have enough coins for that."


def earn(org_id: UUID, user_id: UUID, amount: int, reason: str, key: str, on_date: date, message: str) -> bool:
    """Add coins once per `key`, and tell the person; False where they have them already.

    What was taken back may be earned again, as much as was taken. The caller holds the person's streak lock, so nobody
    else looks for the key at the same time.
    """
    before = _amounts(org_id, user_id, key)
    if before and before[-1] > 0:
        return False
    amount -= sum(before)
    statement = insert(CoinBalance).values(org_id=org_id, user_id=user_id, balance=amount)
    balance = db.session.scalar(
        statement.on_conflict_do_update(
            index_elements=[CoinBalance.org_id, CoinBalance.user_id], set_={"balance": CoinBalance.balance + amount}
        ).returning(CoinBalance.balance)
    )
    _enter(org_id, user_id, amount, int(balance or 0), reason, _nth(key, before), on_date)
    recipient = Recipient(user_id, values={"coins": amount, "message": message}, dedupe_key=f"coins:{org_id}:{key}")
    notify([recipient], "coin_earned", action_url="/progress", group_key="coin_earned", org_id=org_id)
    return True


def take_back(org_id: UUID, user_id: UUID, reason: str, key: str, on_date: date) -> int:
    """Take away what was earned for `key`, or as much of it as is left; how many coins.

    The caller holds the person's streak lock.
    """
    before = _amounts(org_id, user_id, key)
    amount = min(sum(before), balance_of(org_id, user_id)) if before and before[-1] > 0 else 0
    if amount <= 0:
        return 0
    balance = db.session.scalar(
        update(CoinBalance)
        .where(CoinBalance.org_id == org_id, CoinBalance.user_id == user_id)
        .values(balance=CoinBalance.balance - amount)
        .returning(CoinBalance.balance)
    )
    _enter(org_id, user_id, -amount, int(balance or 0), reason, _nth(key, before), on_date)
    return amount


def spend(org_id: UUID, user_id: UUID, amount: int, reason: str, key: str, on_date: date) -> int:
    """Take coins once per `key`; the balance that is left. Raises `TooFewCoins`.

    The caller holds the person's streak lock.
    """
    if _amounts(org_id, user_id, key):
        return balance_of(org_id, user_id)
    balance = db.session.scalar(
        update(CoinBalance)
        .where(CoinBalance.org_id == org_id, CoinBalance.user_id == user_id, CoinBalance.balance >= amount)
        .values(balance=CoinBalance.balance - amount)
        .returning(CoinBalance.balance)
    )
    if balance is None:
        raise TooFewCoins(_("This costs %(amount)s coins, and you don't have as many.", amount=amount))
    _enter(org_id, user_id, -amount, balance, reason, key, on_date)
    return int(balance)


def balance_of(org_id: UUID, user_id: UUID) -> int:
    found = db.session.scalar(
        select(CoinBalance.balance).where(CoinBalance.org_id == org_id, CoinBalance.user_id == user_id)
    )
    return int(found or 0)


def list_entries(org_id: UUID, user_id: UUID, before: UUID | None = None, most: int = 20) -> Sequence[CoinEntry]:
    """Newest first; `before` is the last one of the page before."""
    query = select(CoinEntry).where(CoinEntry.org_id == org_id, CoinEntry.user_id == user_id)
    if before:
        query = query.where(CoinEntry.id < before)
    return db.session.scalars(query.order_by(CoinEntry.id.desc()).limit(most)).all()


def freezes_bought(org_id: UUID, user_id: UUID) -> Counter[Month]:
    """Extra freezes by month."""
    return freezes_bought_by(org_id, CoinEntry.user_id == user_id).get(user_id, Counter())


def freezes_bought_by(org_id: UUID, *which: ColumnElement[bool]) -> dict[UUID, Counter[Month]]:
    """Extra freezes by person and month."""
    rows: Sequence[Any] = db.session.execute(
        select(CoinEntry.user_id, CoinEntry.on_date).where(
            CoinEntry.org_id == org_id, CoinEntry.reason == FREEZE, *which
        )
    ).all()
    found: dict[UUID, Counter[Month]] = {}
    for row in rows:
        found.setdefault(row.user_id, Counter())[month_of(row.on_date)] += 1
    return found


def _amounts(org_id: UUID, user_id: UUID, key: str) -> Sequence[int]:
    """What was earned for the key, taken back, earned again."""
    family = or_(CoinEntry.entry_key == key, func.starts_with(CoinEntry.entry_key, f"{key}#"))
    wanted = select(CoinEntry.amount).where(CoinEntry.org_id == org_id, CoinEntry.user_id == user_id, family)
    return db.session.scalars(wanted.order_by(CoinEntry.id)).all()


def _nth(key: str, before: Sequence[int]) -> str:
    """Each line has a key of its own."""
    return f"{key}#{len(before)}" if before else key


def _enter(org_id: UUID, user_id: UUID, amount: int, balance: int, reason: str, key: str, on_date: date) -> None:
    db.session.execute(
        insert(CoinEntry).values(
            id=new_id(), org_id=org_id, user_id=user_id, amount=amount, balance=balance, reason=reason, entry_key=key,
            on_date=on_date,
        )
    )  # fmt: skip
