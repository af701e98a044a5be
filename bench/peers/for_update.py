"""The claim as it is usually written: Flask on gevent, a transaction, SELECT … FOR UPDATE, a page as the answer."""

# ruff: noqa: E402 - gevent patches first, or psycopg blocks its hub
from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import hashlib
import os

from flask import Flask, Response
from sqlalchemy import create_engine, text

LOCK = text("""
    SELECT s.id, s.status, f.id AS offer_id FROM bench.peer_offers f JOIN bench.peer_slots s ON s.id = f.slot_id
    WHERE f.token_hash = :wanted FOR UPDATE OF s
""")
HOLD = text("UPDATE bench.peer_slots SET status = 'held', held_by = :offer WHERE id = :slot")
PAGE = "<!doctype html><title>{{ title }}</title><main><h1>{{ title }}</h1><p>{{ sentence }}</p></main>"

app = Flask(__name__)
page = app.jinja_env.from_string(PAGE)
engine = create_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1), pool_size=10, max_overflow=40
)


@app.get("/health/live")
def live() -> str:
    return "ok"


@app.post("/c/<token>/hold")
def hold(token: str) -> Response:
    with engine.begin() as connection:
        found = connection.execute(LOCK, {"wanted": hashlib.sha256(token.encode()).digest()}).one()
        is_open = found.status == "open"
        if is_open:
            connection.execute(HOLD, {"offer": found.offer_id, "slot": found.id})
    if is_open:
        return Response(page.render(title="It is yours", sentence="Confirm it now."), 200)
    return Response(page.render(title="Just taken", sentence="You stay on the list."), 409)
