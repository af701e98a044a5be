"""The browsers and apps that a person gets pushes on. Verbs act on the actor's own devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from nexapp.gateways.push import Address
from nexapp.gateways.push.practice import practice_device
from nexapp.gateways.push.vapid import Vapid, decode
from nexapp.gateways.push.web import may_push_to
from nexapp.identity.models import UserSession
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Message
from nexapp.messaging.push_devices import CHANGED
from nexapp.messaging.push_sending import QUEUE
from nexapp.notifications.models import PushSubscription
from nexapp.notifications.preferences import change_settings, own_id
from nexapp.spine import audit
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.jobs.bells import ring
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor
from nexapp.spine.unit import after_commit

MOST_DEVICES = 20
LONGEST_NAME = 80
LONGEST_ADDRESS = 2000
TEST = "push_test"
_TAKE = text("SELECT nexapp_take_device(:id, :kind, :endpoint, :p256dh, :auth, :name, :session)")


@dataclass(frozen=True, slots=True)
class Device:
    id: UUID
    name: str
    is_app: bool
    is_here: bool
    """Registered in the session that looks."""
    last_used_at: datetime | None
    added_at: datetime


def public_key() -> str:
    """What browsers subscribe with; empty where this installation sends them no pushes."""
    chosen = settings()
    return Vapid.of(chosen.vapid_private_key, chosen.vapid_subject).public_key if chosen.sends_web_push else ""


def list_devices() -> list[Device]:
    """The actor's, the one in use first, then by last use. A device that is signed out is none."""
    actor = current_actor()
    last = func.coalesce(PushSubscription.last_used_at, PushSubscription.created_at)
    mine = select(PushSubscription).where(PushSubscription.user_id == own_id(), _is_live()).order_by(last.desc())
    found = [
        Device(
            row.id, row.device or _("An app"), row.kind == "fcm",
            actor.session_id is not None and row.session_id == actor.session_id, row.last_used_at, row.created_at,
        )
        for row in db.session.scalars(mine)
    ]  # fmt: skip
    return sorted(found, key=lambda device: not device.is_here)


def register_browser(address: Address, name: str, *, is_new: bool = True) -> UUID:
    """Let a browser in; known already, it keeps its place. Raises `BadInput` for what is no push service's address.

    `is_new` False: the browser only tells that it is still there, and nothing else changes.
    """
    _refuse_unusable(address)
    return _register(address, name, current_actor().session_id, is_new=is_new)


def register_app_token(token: str, name: str) -> UUID:
    """Let an app in, by the token that FCM gave it. Raises `BadInput` for what can't be one."""
    if not 1 <= len(token) <= LONGEST_ADDRESS or not token.isprintable() or " " in token:
        raise BadInput(fields={"token": _("This is no token of FCM.")})
    return _register(Address("fcm", token), name, None)


def register_practice_device() -> UUID:
    """A device of the local stand-in, for trying pushes out where no push service is in reach."""
    if not settings().push_local_url:
        raise NotFound
    address = practice_device(settings().push_local_url, settings().twilio_auth_token, token_urlsafe(9))
    return _register(address, _("Practice device"), None)


def replace_browser(old_endpoint: str, address: Address, name: str) -> UUID:
    """A browser has another address from now on; pushes that wait for the old one take the new."""
    _refuse_unusable(address)
    row = PushSubscription
    moved = (
        update(row)
        .where(row.user_id == own_id(), row.endpoint == old_endpoint)
        .values(endpoint=address.endpoint, p256dh=address.p256dh, auth=address.auth)
        .returning(row.id)
    )
    try:
        with db.session.begin_nested():
            device_id: UUID | None = db.session.scalar(moved)
    except IntegrityError:
        # The page, or somebody else who signed in there, has registered the new address already.
        remove_browser(old_endpoint)
        device_id = None
    return device_id or _register(address, name, current_actor().session_id, is_new=False)


def remove_device(device_id: UUID) -> None:
    """Raises `NotFound` for anybody else's."""
    removed = db.session.scalars(delete(PushSubscription).where(*_own(device_id)).returning(PushSubscription.id)).all()
    if not removed:
        raise NotFound
    _note("push_device.removed", device_id)


def remove_browser(endpoint: str) -> None:
    """The browser has let go of its address; nothing to do where it isn't known."""
    row = PushSubscription
    mine = delete(row).where(row.user_id == own_id(), row.endpoint == endpoint).returning(row.id)
    for device_id in db.session.scalars(mine).all():
        _note("push_device.removed", device_id)


def send_test(device_id: UUID) -> None:
    """A push to one device, whatever is switched off. Raises `NotFound` for anybody else's."""
    if db.session.scalar(select(PushSubscription.id).where(*_own(device_id))) is None:
        raise NotFound
    db.session.execute(
        insert(Message).values(
            id=new_id(), org_id=current_actor().org_id, channel="push", lane=int(ANSWERS), purpose=TEST, to_phone="",
            subject=_("Pushes work here"), body=_("NexApp tells you on this device what you chose to be told."),
            segments=0, send_at=func.now(), expires_at=func.now() + text("interval '10 minutes'"), user_id=own_id(),
            push_subscription_id=device_id,
        )
    )  # fmt: skip
    after_commit(lambda: ring(QUEUE), key=("bell", QUEUE))


def _register(address: Address, name: str, session_id: UUID | None, *, is_new: bool = True) -> UUID:
    device_id: UUID = db.session.execute(
        _TAKE,
        {
            "id": new_id(), "kind": address.kind, "endpoint": address.endpoint, "p256dh": address.p256dh or None,
            "auth": address.auth or None, "name": name[:LONGEST_NAME], "session": session_id,
        },
    ).scalar_one()  # fmt: skip
    if is_new:
        _drop_oldest()
        # Who lets a device in wants pushes: the switch for all of them must not stand in the way unseen.
        change_settings(push_enabled=True)
        _note("push_device.added", device_id)
    return device_id


def _drop_oldest() -> None:
    row = PushSubscription
    last = func.coalesce(row.last_used_at, row.created_at)
    kept = select(row.id).where(row.user_id == own_id()).order_by(last.desc(), row.id.desc()).limit(MOST_DEVICES)
    db.session.execute(
        delete(row).where(row.user_id == own_id(), row.id.not_in(kept)).execution_options(synchronize_session=False)
    )


def _own(device_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (PushSubscription.id == device_id, PushSubscription.user_id == own_id())


def _is_live() -> ColumnElement[bool]:
    ended = select(UserSession.id).where(
        UserSession.id == PushSubscription.session_id, UserSession.revoked_at.is_not(None)
    )
    return ~ended.exists()


def _refuse_unusable(address: Address) -> None:
    if len(address.endpoint) > LONGEST_ADDRESS or not may_push_to(address.endpoint, settings().push_local_url):
        raise BadInput(_("That browser gave no address that pushes can go to."))
    if not _are_keys(address):
        raise BadInput(_("That browser gave no keys that a push can be sealed with."))


def _are_keys(address: Address) -> bool:
    """A point of the curve and a secret, as browsers give them."""
    try:
        point, secret = decode(address.p256dh), decode(address.auth)
    except ValueError:
        return False
    return len(point) == 65 and point[0] == 4 and len(secret) == 16


def _note(what: str, device_id: UUID) -> None:
    audit.record(what, "push_subscription", device_id)
    publish(f"user:{own_id()}", CHANGED)
