"""What an e-mail says, asked when it leaves: parts above know whether it is still worth saying and render it then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from nexapp.messaging.channel_queue import Parcel

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    to: str | None = None
    """Where its person gets e-mails by now; None: where it was addressed to."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Not to be sent any more; a sentence that says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Unwritable:
    """It could not be rendered, and won't be the next time."""

    why: str


Content = Letter | Withheld | Unwritable
Compose = Callable[[Sequence[Parcel]], Mapping[UUID, Content]]
"""Contents by the id of the message."""

_COMPOSERS: dict[str, Compose] = {}


def register_letters(subject_kind: str, compose: Compose) -> None:
    """Letters about this kind of thing are rendered when they leave, many at once."""
    _COMPOSERS[subject_kind] = compose


def compose_all(parcels: Sequence[Parcel]) -> dict[UUID, Content]:
    """Every parcel's content; one that can't be rendered spoils no other."""
    found: dict[UUID, Content] = {}
    for kind in {parcel.subject_kind for parcel in parcels}:
        alike = [parcel for parcel in parcels if parcel.subject_kind == kind]
        found |= _composed(_COMPOSERS.get(kind or "", _as_written), alike)
    return found


def _composed(compose: Compose, parcels: Sequence[Parcel]) -> Mapping[UUID, Content]:
    try:
        return compose(parcels)
    except SQLAlchemyError:
        raise
    except Exception as error:
        if len(parcels) == 1:
            log.exception("letter_not_rendered", message_id=str(parcels[0].id))
            return {parcels[0].id: Unwritable(f"{type(error).__name__}: {error}")}
    return {id_: content for parcel in parcels for id_, content in _composed(compose, [parcel]).items()}


def _as_written(parcels: Sequence[Parcel]) -> dict[UUID, Content]:
    return {parcel.id: Letter(parcel.subject or "", parcel.body, parcel.html) for parcel in parcels}
