"""Topics of another business can't be joined; a job of one business can't touch the other's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from nexapp.spine.access import Principal
from nexapp.spine.db import db
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import may_join
from nexapp.spine.tenancy import Role, scoped
from nexapp.spine.unit import unit_of_work

from . import world
from .test_tables import actor_of

Sql = Callable[..., list[Any]]


def principal_of(tenant: world.Tenant) -> Principal:
    return Principal(tenant["user"], tenant["session"], tenant["org"], Role.OWNER)


@pytest.mark.parametrize("kind", ["slots", "waiting-list", "messages"])
def test_a_business_joins_its_own_topics_only(app: Flask, alpha: world.Tenant, bravo: world.Tenant, kind: str) -> None:
    with app.app_context():
        assert may_join(principal_of(alpha), f"org:{alpha['org']}:{kind}")
        assert not may_join(principal_of(alpha), f"org:{bravo['org']}:{kind}")
        assert not may_join(None, f"org:{alpha['org']}:{kind}")


def test_personal_and_admin_topics_are_refused(app: Flask, alpha: world.Tenant, bravo: world.Tenant) -> None:
    with app.app_context():
        assert may_join(principal_of(alpha), f"user:{alpha['user']}")
        assert not may_join(principal_of(alpha), f"user:{bravo['user']}")
        assert not may_join(principal_of(alpha), "admin:ops")
        assert not may_join(principal_of(alpha), "nothing:known")


@job("test_read_slots")
def read_slots(slot_id: str) -> None:
    from nexapp.slots.models import Slot

    seen.append(sorted(str(slot.id) for slot in db.session.scalars(scoped(Slot))))
    changed = db.session.execute(
        Slot.__table__.update().where(Slot.id == slot_id).values(note="changed by the other's job")
    )
    touched.append(changed.rowcount)


seen: list[list[str]] = []
touched: list[int] = []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_job_acts_for_its_own_business(
    app: Flask,
    careless_app: Flask,
    owner_sql: Sql,
    tables: list[str],
    alpha: world.Tenant,
    bravo: world.Tenant,
    guarded: bool,
) -> None:
    from nexapp.spine.jobs.runner import drain_ledger

    seen.clear(), touched.clear()
    before = world.checksums(owner_sql, tables, bravo)
    runner = app if guarded else careless_app
    with runner.app_context():
        with unit_of_work(actor_of(alpha)):
            enqueue("test_read_slots", slot_id=bravo["slot"])
        drain_ledger("default", lambda: False)
    assert seen == [sorted(str(alpha[name]) for name in ("slot", "draft", "booked"))]
    assert touched == [0]
    assert world.checksums(owner_sql, tables, bravo) == before
