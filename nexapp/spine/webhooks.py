"""The inbox of webhooks: stored first and answered, handled by a job. A repeat is stored once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.spine.db import Keyed, Model, db
from nexapp.spine.ids import new_id
from nexapp.spine.jobs import enqueue, job

Handler = TypeVar("Handler", bound=Callable[..., Any])
_handlers: dict[str, Callable[[WebhookEvent], Any]] = {}


class WebhookEvent(Keyed, Model):
    __tablename__ = "webhook_events"

    source: Mapped[str]
    external_id: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    handled_at: Mapped[datetime | None]


def handles(source: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _handlers[source] = handler
        return handler

    return register


def receive(source: str, external_id: str, payload: dict[str, Any]) -> bool:
    """Store an authenticated event and queue its handling. False where this very event is known."""
    stored = db.session.scalar(
        insert(WebhookEvent)
        .values(id=new_id(), source=source, external_id=external_id, payload=payload)
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(WebhookEvent.id)
    )
    if stored is None:
        return False
    enqueue("handle_webhook", event_id=str(stored))
    return True


@job("handle_webhook", error_kind="webhook_error")
def handle_webhook(event_id: str) -> None:
    event = db.session.get_one(WebhookEvent, UUID(event_id))
    if event.handled_at is not None:
        return
    _handlers[event.source](event)
    db.session.execute(update(WebhookEvent).where(WebhookEvent.id == event.id).values(handled_at=func.now()))
