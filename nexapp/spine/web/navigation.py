"""The menu: each part adds its entries; people see those that their role may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for
from flask_babel import LazyString

from nexapp.spine.access import reader
from nexapp.spine.tenancy import Actor, Role

ITEMS: list[Item] = []
SETTINGS: list[Item] = []
"""Pages below /settings, shown together there."""


@dataclass(frozen=True, slots=True)
class Item:
    label: LazyString
    endpoint: str
    icon: str
    position: int
    minimum: Role | None = None
    """The least role in the chosen organisation; None: platform admins only."""
    kinds: tuple[str, ...] = ()
    """Kinds of organisation that have this part; empty: all."""
    note: LazyString | str = ""
    """What can be set there, in a few words; for pages of settings."""
    badge: str = ""
    """The endpoint of a fragment that stands beside the name and keeps itself up to date, if any."""


def add_item(item: Item) -> None:
    if all(known.endpoint != item.endpoint for known in ITEMS):
        ITEMS.append(item)
        ITEMS.sort(key=lambda known: known.position)


def add_setting(item: Item) -> None:
    """A page of settings, with the words of its `Item.note` beside its name."""
    if all(known.endpoint != item.endpoint for known in SETTINGS):
        SETTINGS.append(item)
        SETTINGS.sort(key=lambda known: known.position)


def shown_items() -> list[dict[str, Any]]:
    return _shown(ITEMS)


def shown_settings() -> list[dict[str, Any]]:
    """The pages of settings that this person may open."""
    return _shown(SETTINGS)


def _shown(items: list[Item]) -> list[dict[str, Any]]:
    actor = reader()
    if actor is None or actor.user_id is None:
        return []
    addresses = {url_for(item.endpoint): item for item in items if _may_see(item, actor)}
    here = max(filter(_is_above, addresses), key=len, default=None)
    return [
        {
            "label": item.label,
            "href": address,
            "icon": item.icon,
            "active": address == here,
            "note": item.note,
            "badge": url_for(item.badge) if item.badge else "",
        }
        for address, item in addresses.items()
    ]


def _may_see(item: Item, actor: Actor) -> bool:
    if item.minimum is None:
        return actor.is_platform_admin
    if item.kinds and g.get("org_kind", "business") not in item.kinds:
        return False
    return actor.role.at_least(item.minimum)


def _is_above(address: str) -> bool:
    """Whether the page asked for is this one, or lies below it."""
    return request.path == address or (address != "/" and request.path.startswith(address + "/"))
