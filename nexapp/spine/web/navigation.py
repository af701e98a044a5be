"""The menu: each part adds its entries; people see those that their role may open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from flask import g, request, url_for
from flask_babel import LazyString, get_locale

from nexapp.spine.access import reader
from nexapp.spine.tenancy import Actor, Role

ITEMS: list[Item] = []
SETTINGS: list[Item] = []
"""Pages below /settings, shown together there."""


@dataclass(frozen=True, slots=True, eq=False)
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


@dataclass(frozen=True, slots=True)
class Entry:
    """An item in one language, at its address."""

    label: str
    href: str
    icon: str
    note: str
    badge: str
    active: bool = False


def shown_items() -> tuple[Entry, ...]:
    return _shown(ITEMS)


def shown_settings() -> tuple[Entry, ...]:
    """The pages of settings that this person may open."""
    return _shown(SETTINGS)


def _shown(items: list[Item]) -> tuple[Entry, ...]:
    actor = reader()
    if actor is None or actor.user_id is None:
        return ()
    seen = tuple(item for item in items if _may_see(item, actor))
    entries = _entries(seen, request.script_root, str(get_locale()))
    here = max((entry.href for entry in entries if _is_above(entry.href)), key=len, default=None)
    return tuple(replace(entry, active=True) if entry.href == here else entry for entry in entries)


@lru_cache(maxsize=256)
def _entries(items: tuple[Item, ...], _root: str, _language: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(str(i.label), url_for(i.endpoint), i.icon, str(i.note), url_for(i.badge) if i.badge else "")
        for i in items
    )


def _may_see(item: Item, actor: Actor) -> bool:
    if item.minimum is None:
        return actor.is_platform_admin
    if item.kinds and g.get("org_kind", "business") not in item.kinds:
        return False
    return actor.role.at_least(item.minimum)


def _is_above(address: str) -> bool:
    """Whether the page asked for is this one, or lies below it."""
    return request.path == address or (address != "/" and request.path.startswith(address + "/"))
