"""What can be done about a notice where it stands: in the bell and in the centre.

A notice names its actions in `details["actions"]`, each with its kind:

    {"kind": "call", "phone": "+15551230001"}    {"kind": "text", "phone": "+15551230001"}
    {"kind": "email", "email": "ann@example.com"} {"kind": "go", "label": "Pipeline", "url": "/prospects/board"}
    {"kind": "followup_done"}                     any kind that a part registered with `register_action`

What can't be read is left out: a notice without its extra button still tells what happened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import LazyString
from flask_babel import gettext as _

from nexapp.identity.addresses import safe_next
from nexapp.notifications.models import Notification
from nexapp.spine.errors import Forbidden, NotFound
from nexapp.spine.tenancy import Role, current_actor

MOST = 4
LONGEST_LABEL = 40
PHONE = re.compile(r"\+[0-9]{6,15}")
EMAIL = re.compile(r"[^\s@<>?&,;:\"]{1,64}@[^\s@<>?&,;:\"]{1,189}")


@dataclass(frozen=True, slots=True)
class Acted:
    """What was done, for the toast, and the address whose post takes it back."""

    said: str
    undo: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """Something that a part above does about its own notices, in the caller's transaction."""

    kind: str
    label: LazyString | str
    icon: str
    act: Callable[[Notification], Acted]
    minimum: Role = Role.STAFF
    """The least role in the notice's business."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A button of a notice: a link, or a post."""

    kind: str
    label: str
    icon: str
    href: str = ""
    post: str = ""


_REGISTERED: dict[str, NoticeAction] = {}


def register_action(action: NoticeAction) -> None:
    _REGISTERED[action.kind] = action


def shown_actions(notice: Any) -> list[Shown]:
    """The buttons of a notice (a row of it does); what concerns another business needs that one chosen first."""
    named = (notice.details or {}).get("actions")
    listed = named if isinstance(named, list) else []
    found = (_shown(notice, each) for each in listed[: 2 * MOST] if isinstance(each, Mapping))
    return [action for action in found if action][:MOST]


def act(notice: Notification, kind: str) -> Acted:
    """Do one of the notice's own actions. Raises `NotFound` where it has none of that kind."""
    action = _REGISTERED.get(kind)
    if action is None or kind not in {shown.kind for shown in shown_actions(notice)}:
        raise NotFound
    if not current_actor().role.at_least(action.minimum):
        raise Forbidden
    return action.act(notice)


def _shown(notice: Any, named: Mapping[str, Any]) -> Shown | None:
    kind = str(named.get("kind", ""))
    if kind in _REGISTERED:
        return _registered(notice, _REGISTERED[kind])
    return _LINKS[kind](named) if kind in _LINKS else None


def _registered(notice: Any, action: NoticeAction) -> Shown | None:
    actor = current_actor()
    if notice.org_id != actor.org_id or not actor.role.at_least(action.minimum):
        return None
    address = url_for("notifications.act_on", notification_id=notice.id, action_kind=action.kind)
    return Shown(action.kind, str(action.label), action.icon, post=address)


def _call(named: Mapping[str, Any]) -> Shown | None:
    phone = str(named.get("phone", ""))
    return Shown("call", _("Call"), "phone", href=f"tel:{phone}") if PHONE.fullmatch(phone) else None


def _text(named: Mapping[str, Any]) -> Shown | None:
    phone = str(named.get("phone", ""))
    return Shown("text", _("Text"), "message", href=f"sms:{phone}") if PHONE.fullmatch(phone) else None


def _email(named: Mapping[str, Any]) -> Shown | None:
    address = str(named.get("email", ""))
    return Shown("email", _("E-mail"), "mail", href=f"mailto:{address}") if EMAIL.fullmatch(address) else None


def _go(named: Mapping[str, Any]) -> Shown | None:
    address, label = safe_next(str(named.get("url", ""))), str(named.get("label", ""))[:LONGEST_LABEL]
    return Shown("go", label or _("Open"), "chevron-right", href=address) if address else None


_LINKS: dict[str, Callable[[Mapping[str, Any]], Shown | None]] = {
    "call": _call, "text": _text, "email": _email, "go": _go,
}  # fmt: skip
