"""What a push says, asked when it leaves: parts above know whether it is still worth saying and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from nexapp.messaging.channel_queue import Parcel


@dataclass(frozen=True, slots=True)
class PushContent:
    """`tag` names what it replaces on the device; `url` is an address of ours, without the host."""

    title: str
    body: str
    tag: UUID
    url: str = "/"
    urgency: str = "normal"


Compose = Callable[[Sequence[Parcel]], Mapping[UUID, PushContent]]
"""Contents by the id of the message; those left out aren't worth sending any more."""

_COMPOSERS: dict[str, Compose] = {}


def register_contents(subject_kind: str, compose: Compose) -> None:
    _COMPOSERS[subject_kind] = compose


def compose_all(parcels: Sequence[Parcel]) -> dict[UUID, PushContent]:
    found: dict[UUID, PushContent] = {}
    for kind in {parcel.subject_kind for parcel in parcels}:
        alike = [parcel for parcel in parcels if parcel.subject_kind == kind]
        found |= _COMPOSERS.get(kind or "", _plainly)(alike)
    return found


def _plainly(parcels: Sequence[Parcel]) -> dict[UUID, PushContent]:
    """As it was written down."""
    return {parcel.id: PushContent(parcel.subject or "", parcel.body, parcel.id) for parcel in parcels}
