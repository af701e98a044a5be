"""What the files of a revision may hold."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

from migrations.steps import run
from nexapp.local.stack import Stack
from nexapp.spine.db import sqlalchemy_url


def test_percent_signs_and_colons_are_plain_text(services: Stack, tmp_path: Path) -> None:
    file = tmp_path / "signs.sql"
    file.write_text(
        "DO $$ BEGIN ASSERT 'ab%s' LIKE 'a%'; ASSERT ':c' = concat(':', 'c'); ASSERT 7 % 4 = 3; END $$;\n"
        "SELECT format('%I %s', 'a', 'b')::text;"
    )
    engine = create_engine(sqlalchemy_url(services.owner_url))
    with engine.connect() as connection, Operations.context(MigrationContext.configure(connection)):
        run(str(file))
    engine.dispose()
