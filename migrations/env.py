"""Alembic's entry. Migrations run as the owner of the database, never as the application's login role."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool

from nexapp.spine.db import db, sqlalchemy_url

LOCK = 4_917_302
"""Two starting processes take turns; the second finds nothing to do."""


def run_migrations() -> None:
    url = current_app.extensions["settings"].database_url
    if not url:
        raise SystemExit("DATABASE_URL: set the owner's address; migrations don't run as the login role.")
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.get_context()._ensure_version_table()
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            context.run_migrations()


run_migrations()
