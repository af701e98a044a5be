"""The database: one declarative base, one session class, and who it acts for.

The login role owns nothing. Each transaction takes on `nexapp_tenant` or `nexapp_system` and the actor's ids;
a session without an actor keeps the login role and is refused by PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, DateTime, Engine, Row, TextClause, create_engine, event, func, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, SessionTransaction, mapped_column, registry
from sqlalchemy.types import Uuid

from nexapp.settings import Settings
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor

POOL_SECONDS = 15
"""How long a request waits for a connection before it is told that we're busy: longer than a rush of taps lasts."""

ANNOUNCE = text(
    "SELECT set_config('role', :role, true), set_config('app.org_id', :org, true),"
    " set_config('app.user_id', :user, true), set_config('app.org_role', :org_role, true)"
)


class CommitOutsideUnit(RuntimeError):
    """Somebody committed or rolled back a session that only `unit_of_work` may end."""


class Session(FlaskSession):
    """A session that `unit_of_work` alone may end."""

    def commit(self) -> None:
        if not self.info.get("ending"):
            raise CommitOutsideUnit("commit belongs to unit_of_work")
        super().commit()

    def rollback(self) -> None:
        if self.info.get("actor") is not None and not self.info.get("ending"):
            raise CommitOutsideUnit("a unit that rolls back raises; it doesn't go on")
        super().rollback()


class Base(DeclarativeBase):
    registry = registry(type_annotation_map={datetime: DateTime(timezone=True), UUID: Uuid()})


db = SQLAlchemy(model_class=Base, session_options={"class_": Session, "expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class Keyed:
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Created:
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TenantModel(Keyed, Created):
    """A row that belongs to one organisation. Every query of it starts from `tenancy.scoped`."""

    org_id: Mapped[UUID] = mapped_column(index=False)


@event.listens_for(Session, "after_begin")
def announce_actor(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    actor: Actor | None = session.info.get("actor")
    if actor is not None:
        connection.execute(ANNOUNCE, _claims(actor))


def _claims(actor: Actor) -> dict[str, str]:
    return {
        "role": actor.database_role,
        "org": str(actor.org_id or ""),
        "user": str(actor.user_id or ""),
        "org_role": actor.role.value,
    }


def lookup(sql: str, **params: Any) -> Row[Any] | None:
    """One row of a read-only SECURITY DEFINER function, in autocommit: no unit, no actor, no lock.

    Asked again once where the pooled connection turns out to be dead: reading twice harms nobody, and a ping before
    each look-up would cost as much as the look-up.
    """
    statement = text(sql)
    try:
        return _first_row(statement, params)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return _first_row(statement, params)


def _first_row(statement: TextClause, params: dict[str, Any]) -> Row[Any] | None:
    with autocommit_engine().connect() as connection:
        row: Row[Any] | None = connection.execute(statement, params).first()
        return row


def autocommit_engine() -> Engine:
    """A pool of its own, so that a look-up never waits for a unit of work, nor a unit for look-ups."""
    found: Engine = current_app.extensions["lookup_engine"]
    return found


def configure(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = sqlalchemy_url(settings.login_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": 15,
        "max_overflow": 5,
        "pool_timeout": POOL_SECONDS,
        "pool_pre_ping": True,
        "connect_args": _connect_args(settings),
    }
    db.init_app(app)
    app.extensions["lookup_engine"] = create_engine(
        sqlalchemy_url(settings.login_url),
        isolation_level="AUTOCOMMIT",
        # None beyond the pool: in a rush, connections made and closed again cost more than waiting in line.
        pool_size=20,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        connect_args=_connect_args(settings),
    )


def _connect_args(settings: Settings) -> dict[str, Any]:
    # PgBouncer in transaction mode can't carry prepared statements from one transaction to the next.
    args: dict[str, Any] = {"prepare_threshold": None, "connect_timeout": 5, "application_name": "nexapp"}
    if not settings.login_database_url:
        # With the owner's address only, step down to the login role at once.
        args["options"] = "-c role=nexapp_login"
    return args


def sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def is_unreachable(error: BaseException) -> bool:
    """True where the database could not be reached, as against a statement that failed."""
    cause = getattr(error, "orig", error)
    return isinstance(cause, psycopg.OperationalError)
