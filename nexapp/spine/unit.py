"""The unit of work: returning commits, raising rolls back. Nothing else in the product commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import g
from psycopg.pq import TransactionStatus

from nexapp.spine.db import db
from nexapp.spine.tenancy import Actor

log = structlog.get_logger()


class BrokenUnit(RuntimeError):
    """A statement failed, somebody caught the error, and the unit was to be committed all the same."""


@dataclass(slots=True)
class Unit:
    actor: Actor
    after: dict[object, Callable[[], None]] = field(default_factory=dict)


def running_unit() -> Unit:
    """The unit of this request or job; raises `RuntimeError` where none runs."""
    unit: Unit | None = g.get("unit")
    if unit is None:
        raise RuntimeError("no unit of work is running")
    return unit


def in_unit() -> bool:
    return g.get("unit") is not None


@contextmanager
def unit_of_work(actor: Actor) -> Iterator[Unit]:
    """Everything inside happens for `actor`, in one transaction, or not at all. Never nests."""
    if in_unit():
        raise RuntimeError("units of work don't nest")
    g.unit = unit = Unit(actor)
    db.session.info["actor"] = actor
    try:
        yield unit
        _end(commit=True)
    except BaseException:
        _end(commit=False)
        raise
    finally:
        g.unit = None
        db.session.info.pop("actor", None)
        db.session.expunge_all()
    _run_after(unit)


def after_commit(act: Callable[[], None], *, key: object = None) -> None:
    """Run `act` once the unit has committed; a second one under the same key replaces the first."""
    running_unit().after[key or act] = act


def _end(*, commit: bool) -> None:
    session = db.session
    session.info["ending"] = True
    try:
        if commit:
            _refuse_broken(session())
            session.commit()
        else:
            session.rollback()
    finally:
        session.info["ending"] = False


def _refuse_broken(session: Any) -> None:
    # PostgreSQL answers the COMMIT of a failed transaction with a rollback and no error.
    if session.in_transaction():
        driver: Any = session.connection().connection.dbapi_connection
        if driver.info.transaction_status == TransactionStatus.INERROR:
            raise BrokenUnit("a statement of this unit failed; catch it inside a savepoint or let it through")


def _run_after(unit: Unit) -> None:
    # The commit stands, whatever a bell or a signal does: sweeps and polling make up for a lost one.
    for act in unit.after.values():
        try:
            act()
        except Exception:
            log.exception("after_commit_failed")
