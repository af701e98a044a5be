"""The API's notices and the devices that get pushes: a person's own. Programs of a business may tell its people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from pydantic import Field, field_validator

from nexapp.identity.addresses import safe_next
from nexapp.notifications import queries, states
from nexapp.notifications.devices import Device, list_devices, register_app_token, remove_device
from nexapp.notifications.preferences import own_id
from nexapp.notifications.registry import NoticeType, find_type, register_types
from nexapp.notifications.service import notify
from nexapp.notifications.skips import explain
from nexapp.notifications.switches import current_place, may_get
from nexapp.spine import audit
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.tenancy import Role
from nexapp.spine.web.api import Input, Output, Page, PageQuery, next_cursor, operation

register_types(
    NoticeType(
        "program_notice", lazy_gettext("From your programs"), "🔌", ("blue", "cyan"), "normal", "{title}", "{message}"
    )
)
READ, WRITE = "notifications:read", "notifications:write"
Priority = Literal["high", "normal", "low"]


class NotificationQuery(PageQuery):
    """Newest first."""

    tab: Literal["inbox", "unread", "snoozed", "archived"] = "inbox"
    type: Annotated[str | None, Field(max_length=60)] = None
    q: Annotated[str, Field(max_length=80, description="Part of the title or the message.")] = ""


class NotificationOut(Output):
    id: UUID
    type: str
    title: str
    message: str
    icon: str
    priority: Priority
    action_url: str | None
    subject_kind: str | None
    subject_id: UUID | None
    org_id: UUID | None
    parts: Annotated[int, Field(description="How many similar ones it stands for.")]
    created_at: datetime
    seen_at: datetime | None
    read_at: datetime | None
    snoozed_until: datetime | None
    archived_at: datetime | None
    expires_at: datetime | None


class Unread(Output):
    unread: int


class ReadAll(Input):
    type: Annotated[str | None, Field(max_length=60, description="Only of this type.")] = None


class NewNotification(Input):
    user_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000, description="Members of the business.")]
    type: Annotated[str, Field(max_length=60)] = "program_notice"
    title: Annotated[str, Field(max_length=150)] = ""
    message: Annotated[str, Field(max_length=800)] = ""
    values: Annotated[dict[str, str | int], Field(description="Fills the places of the type's own words.")] = {}
    action_url: Annotated[str | None, Field(max_length=500, description="A path of this site.")] = None
    prospect_id: UUID | None = None
    priority: Priority | None = None
    dedupe_key: Annotated[str | None, Field(max_length=200, description="Once for each person.")] = None

    @field_validator("type")
    @classmethod
    def _known(cls, value: str) -> str:
        if (known := find_type(value)) is None or known.locked or known.minimum == "platform_admin":
            raise ValueError("There is no such type")
        return value

    @field_validator("action_url")
    @classmethod
    def _own_path(cls, value: str | None) -> str | None:
        if value and safe_next(value) is None:
            raise ValueError("Give a path of this site, such as /prospects")
        return value


class Untold(Output):
    user_id: UUID
    reason: Annotated[
        str, Field(description="`not_a_member`, `told_before` (under this dedupe_key), or by which of their rules.")
    ]


class Told(Output):
    made: list[UUID]
    skipped: int
    reasons: Annotated[dict[str, int], Field(description="Why some were not told, and how many.")]
    untold: Annotated[list[Untold], Field(description="Everybody who was not told, and why.")]


class DeviceOut(Output):
    id: UUID
    kind: Literal["web", "fcm"]
    name: str


class Devices(Output):
    items: list[DeviceOut]


class NewDevice(Input):
    token: Annotated[str, Field(min_length=1, max_length=2000, description="The app's FCM token.")]
    name: Annotated[str, Field(max_length=80)] = ""


class Made(Output):
    id: UUID


NotificationPage = Page[NotificationOut]


@operation("GET", "/notifications", scope=READ, personal=True, query=NotificationQuery, answer=NotificationPage,
           summary="List your notifications")  # fmt: skip
def list_notifications(query: NotificationQuery) -> Page[NotificationOut]:
    rows = queries.list_page(
        own_id(), query.tab, type_name=query.type, search=query.q, before=query.after(), limit=query.limit + 1
    )
    shown = [NotificationOut.model_validate(row) for row in rows[: query.limit]]
    return Page[NotificationOut](items=shown, next=next_cursor([row.id for row in rows], query.limit))


@operation("GET", "/notifications/unread-count", scope=READ, personal=True, answer=Unread, summary="Count the unread")
def count_unread_notifications() -> Unread:
    return Unread(unread=queries.count_unread(own_id()))


@operation("GET", "/notifications/<uuid:notification_id>", scope=READ, personal=True, answer=NotificationOut,
           summary="Read one notification; it stays unread")  # fmt: skip
def get_notification(notification_id: UUID) -> NotificationOut:
    found = queries.find_own(own_id(), notification_id)
    if found is None or found.deleted_at is not None:
        raise NotFound
    return NotificationOut.model_validate(found)


@operation("POST", "/notifications", scope=WRITE, minimum=Role.MANAGER, body=NewNotification, answer=Told, status=201,
           summary="Tell people of the business something")  # fmt: skip
def create_notifications(body: NewNotification) -> Told:
    if body.type == "program_notice" and not body.title:
        raise BadInput(fields={"title": _("Say what it is about.")})
    if (known := find_type(body.type)) is None or not may_get(known, current_place()):
        raise BadInput(fields={"type": _("Your organisation has no such notices.")})
    about = {"subject_kind": "prospect", "subject_id": body.prospect_id} if body.prospect_id else {}
    values = {"title": body.title, "message": body.message, **body.values}
    if holes := sorted(name for name in known.needs if values.get(name, "") == ""):
        raise BadInput(fields={"values": _("The words of this type need: %(names)s.", names=", ".join(holes))})
    done = notify(
        dict.fromkeys(body.user_ids), body.type, values=values,
        action_url=body.action_url, priority=body.priority, dedupe_key=body.dedupe_key, **about,  # type: ignore[arg-type]
    )  # fmt: skip
    audit.record("notifications.created", "notification", None, {"type": body.type, "made": len(done.made)})
    untold = explain(done.untold)
    return Told(
        made=done.made, skipped=done.skipped, reasons=Counter(reason for _id, reason in untold),
        untold=[Untold(user_id=user_id, reason=reason) for user_id, reason in untold],
    )  # fmt: skip


@operation("POST", "/notifications/<uuid:notification_id>/read", scope=WRITE, personal=True, answer=Unread,
           summary="Mark one as read")  # fmt: skip
def read_notification(notification_id: UUID) -> Unread:
    get_notification(notification_id)
    return Unread(unread=states.read(own_id(), [notification_id]).unread)


@operation("POST", "/notifications/read-all", scope=WRITE, personal=True, body=ReadAll, needs_body=False,
           answer=Unread, summary="Mark all as read")  # fmt: skip
def read_all_notifications(body: ReadAll) -> Unread:
    return Unread(unread=states.read_all(own_id(), body.type).unread)


@operation("DELETE", "/notifications/<uuid:notification_id>", scope=WRITE, personal=True,
           summary="Delete one of yours")  # fmt: skip
def delete_notification(notification_id: UUID) -> None:
    get_notification(notification_id)
    states.delete(own_id(), [notification_id])
    audit.record("notifications.delete", "notification", notification_id, {"count": 1})


@operation("GET", "/devices", scope=READ, personal=True, answer=Devices, summary="List the devices that get pushes")
def list_push_devices() -> Devices:
    return Devices(items=[_device(one) for one in list_devices()])


@operation("POST", "/devices", scope=WRITE, personal=True, body=NewDevice, answer=Made, status=201,
           summary="Register an app for pushes")  # fmt: skip
def register_device(body: NewDevice) -> Made:
    return Made(id=register_app_token(body.token, body.name))


@operation(
    "DELETE", "/devices/<uuid:subscription_id>", scope=WRITE, personal=True, summary="Send a device no more pushes"
)
def remove_push_device(subscription_id: UUID) -> None:
    remove_device(subscription_id)


def _device(one: Device) -> DeviceOut:
    return DeviceOut(id=one.id, kind="fcm" if one.is_app else "web", name=one.name)
