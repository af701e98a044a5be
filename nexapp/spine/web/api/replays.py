"""`Idempotency-Key`: a POST that is sent again gets the first one's answer, and happens once.

The key is written in the transaction of its effect. Whoever repeats it meanwhile waits at the unique row; a request
that fails leaves no key, so that it may be tried again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.clock import now
from nexapp.spine.db import Created, Model, db
from nexapp.spine.errors import BadInput, Conflict
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import current_actor

HEADER = "Idempotency-Key"
LONGEST = 200
KEPT = timedelta(hours=24)


class ApiReplay(Created, Model):
    """What a POST answered, for as long as its caller may send it again."""

    __tablename__ = "api_replays"

    caller_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[UUID | None]
    fingerprint: Mapped[bytes]
    status: Mapped[int | None]
    body: Mapped[Any | None] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class KeyReused(Conflict):
    status = 422
    code = "idempotency_key_reused"
    sentence = "That Idempotency-Key was sent with another request. Use a new one for each."


def given_key() -> str | None:
    """The key of this POST, or None; raises `BadInput` for one that can't be kept."""
    key = request.headers.get(HEADER, "").strip() if request.method == "POST" else ""
    if len(key) > LONGEST or not key.isprintable():
        raise BadInput(f"{HEADER} has at most {LONGEST} printable characters.")
    return key or None


def begin(caller_id: UUID, key: str) -> Response | None:
    """Take the key for this request. The first one's answer where it was taken before."""
    values = {"caller_id": caller_id, "key": key, "org_id": current_actor().org_id, "fingerprint": _fingerprint()}
    taken = db.session.scalar(insert(ApiReplay).values(**values).on_conflict_do_nothing().returning(ApiReplay.key))
    return None if taken is not None else _answer_again(caller_id, key)


def remember(caller_id: UUID, key: str, response: Response) -> None:
    db.session.execute(
        update(ApiReplay)
        .where(ApiReplay.caller_id == caller_id, ApiReplay.key == key)
        .values(status=response.status_code, body=response.get_json(silent=True))
    )


def _answer_again(caller_id: UUID, key: str) -> Response:
    row = db.session.scalar(select(ApiReplay).where(ApiReplay.caller_id == caller_id, ApiReplay.key == key))
    if row is None or row.status is None:
        raise Conflict("A request with that Idempotency-Key is still under way.")
    if row.fingerprint != _fingerprint():
        raise KeyReused
    response = jsonify(row.body) if row.body is not None else Response()
    response.status_code = row.status
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _fingerprint() -> bytes:
    return hashlib.sha256(f"{request.method} {request.full_path}\n".encode() + request.get_data()).digest()


@job("forget_api_replays")
def forget_api_replays() -> None:
    db.session.execute(delete(ApiReplay).where(ApiReplay.at < now() - KEPT))


schedule("forget-api-replays", cron="25 * * * *", job="forget_api_replays")
