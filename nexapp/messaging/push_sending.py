"""Sending pushes. A second one replaces the first on the device, so what is uncertain is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import Row

from nexapp.gateways.push import Address, OutboundPush, PushBusy, PushError, PushGateway, PushGone
from nexapp.gateways.push.fcm import FcmGateway, read_credentials
from nexapp.gateways.push.vapid import Vapid, encode
from nexapp.gateways.push.web import WebPushGateway
from nexapp.messaging.channel_drain import ChannelDrain
from nexapp.messaging.channel_queue import ChannelQueue, Outcome, Parcel, later, refused, sent
from nexapp.messaging.push_contents import PushContent, compose_all
from nexapp.messaging.push_devices import fan_out, find_devices, forget_devices, note_use
from nexapp.spine.clock import now
from nexapp.spine.config import settings

QUEUE = "pushes"
LONGEST_TTL = 28 * 86400
"""Push services keep a push for four weeks at most."""

Gateways = dict[str, PushGateway]


@dataclass(frozen=True, slots=True)
class Load:
    """What one push needs; without address or content it isn't sent, and `why` says so."""

    gateway: PushGateway | None = None
    address: Address | None = None
    content: PushContent | None = None
    why: str = ""


class PushDrain(ChannelDrain[Load]):
    queue = ChannelQueue("push", lost="queued", keeps_words=True)

    def __init__(self, in_flight: int = 32) -> None:
        super().__init__()
        self.in_flight = self.ahead = in_flight
        self._left_alone: dict[str, float] = {}
        self._lock = threading.Lock()

    def expand(self) -> None:
        fan_out()

    def prepare(self, parcels: Sequence[Parcel]) -> Sequence[Load]:
        devices = find_devices(parcel.push_subscription_id for parcel in parcels if parcel.push_subscription_id)
        contents, gateways = compose_all(parcels), push_gateways()
        return [_load(parcel, devices, contents, gateways) for parcel in parcels]

    def send(self, parcel: Parcel, load: Load) -> Outcome:
        if parcel.push_subscription_id is None:
            # It came between the fan-out and the claim: the next round gives it its devices.
            return Outcome(parcel.id, "queued", "", counted=False)
        if load.gateway is None or load.address is None or load.content is None:
            return Outcome(parcel.id, "cancelled", "cancelled", error=load.why, counted=False)
        service = _service_of(load.address)
        if (left := self._left_alone.get(service, 0.0) - time.monotonic()) > 0:
            return Outcome(parcel.id, "queued", "", wait=left, counted=False)
        try:
            return sent(parcel, push=load.gateway.send(load.address, _outbound(parcel, load.content)))
        except PushBusy as error:
            self._leave_alone(service, error.rests)
            return later(parcel, error.sentence, code=error.code, retry_after=error.retry_after)
        except PushGone as error:
            return Outcome(parcel.id, "failed", "gone", code=error.code, error=error.sentence)
        except PushError as error:
            return refused(parcel, error.sentence, code=error.code)

    def settle(self, rows: Sequence[Row[Any]], outcomes: Sequence[Outcome]) -> None:
        dead = {outcome.id for outcome in outcomes if outcome.event == "gone"}
        forget_devices([row.push_subscription_id for row in rows if row.id in dead])
        note_use([row.push_subscription_id for row in rows if row.status == "sent"])

    def _leave_alone(self, service: str, seconds: float) -> None:
        """One service that is slow or asks for patience holds up nobody else's pushes."""
        with self._lock:
            self._left_alone[service] = max(self._left_alone.get(service, 0.0), time.monotonic() + seconds)


def push_gateways() -> Gateways:
    """Of this process, by kind of device: those that this installation has keys for."""
    found: Gateways | None = current_app.extensions.get("push_gateways")
    if found is None:
        found = current_app.extensions["push_gateways"] = _make_gateways()
    return found


def _make_gateways() -> Gateways:
    chosen, found = settings(), Gateways()
    if chosen.sends_web_push:
        vapid = Vapid.of(chosen.vapid_private_key, chosen.vapid_subject)
        found["web"] = WebPushGateway(vapid, chosen.push_local_url)
    if chosen.fcm_credentials:
        found["fcm"] = FcmGateway(read_credentials(chosen.fcm_credentials), chosen.fcm_base_url)
    return found


def _load(parcel: Parcel, devices: dict[UUID, Address], contents: dict[UUID, PushContent], gateways: Gateways) -> Load:
    address = devices.get(parcel.push_subscription_id) if parcel.push_subscription_id else None
    if address is None:
        return Load(why="The device takes no pushes any more.")
    if (content := contents.get(parcel.id)) is None:
        return Load(why="It was seen before, or is over.")
    if (gateway := gateways.get(address.kind)) is None:
        return Load(why="Pushes to this kind of device are not set up.")
    return Load(gateway, address, content)


def _outbound(parcel: Parcel, content: PushContent) -> OutboundPush:
    left = int((parcel.ends_at - now()).total_seconds())
    told = {"title": content.title, "body": content.body, "url": content.url, "tag": str(content.tag)}
    return OutboundPush(encode(content.tag.bytes), told, min(max(left, 60), LONGEST_TTL), content.urgency)


def _service_of(address: Address) -> str:
    return urlsplit(address.endpoint).netloc if address.kind == "web" else address.kind
