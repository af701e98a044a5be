"""The trail: complete, and out of the reach of every role of the application."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import SYSTEM, Actor, Role
from nexapp.spine.unit import unit_of_work

from .conftest import Sql

Acting = Callable[[Actor], AbstractContextManager[None]]
TRAILS = ("audit_entries", "message_events", "slot_events", "slot_matches", "consents")


def test_an_entry_says_who_what_and_from_where(app: Flask, owner_sql: Sql) -> None:
    org_id, user_id, slot_id = new_id(), new_id(), new_id()
    agent = {"User-Agent": "A" * 400, "X-Forwarded-For": "203.0.113.9"}
    here = app.test_request_context("/", headers=agent, environ_base={"REMOTE_ADDR": "198.51.100.7"})
    with here, unit_of_work(Actor(Role.STAFF, org_id, user_id)):
        audit.record("slot.opened", "slot", slot_id, {"status": ["draft", "open"]})
    [row] = owner_sql(
        "SELECT org_id, user_id, role, action, subject_kind, subject_id, changes, ip, length(user_agent)"
        " FROM audit_entries"
    )
    assert row == (
        org_id, user_id, "staff", "slot.opened", "slot", slot_id, {"status": ["draft", "open"]}, "198.51.100.7", 300,
    )  # fmt: skip


def test_a_rolled_back_change_leaves_no_entry(acting: Acting, owner_sql: Sql) -> None:
    with pytest.raises(KeyError), acting(SYSTEM):  # noqa: PT012 - the whole unit is meant
        audit.record("slot.opened", "slot")
        raise KeyError
    assert owner_sql("SELECT count(*) FROM audit_entries") == [(0,)]


@pytest.mark.parametrize("table", TRAILS)
@pytest.mark.parametrize("verb", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("actor", [SYSTEM, Actor(Role.OWNER, new_id(), new_id())], ids=["system", "tenant"])
def test_nobody_changes_the_past(acting: Acting, table: str, verb: str, actor: Actor) -> None:
    statement = verb.format(table).replace("created_at", "at" if table == "message_events" else "created_at")
    with pytest.raises(ProgrammingError, match="permission denied"), acting(actor):
        db.session.execute(text(statement))


def test_a_tenant_reads_its_own_entries_only(acting: Acting) -> None:
    mine, other = new_id(), new_id()
    for org_id in (mine, other):
        with acting(Actor(Role.OWNER, org_id, new_id())):
            audit.record("probe", "slot")
    with acting(Actor(Role.OWNER, mine)):
        assert [row.org_id for row in db.session.scalars(db.select(audit.AuditEntry))] == [mine]
