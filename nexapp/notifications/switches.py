"""The switches of the settings page: one for each type, or for several that share it, and one for each of its channels.

A row is kept only for what differs from the type's default, so that a default may change for who never touched it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from flask_babel import LazyString
from flask_babel import gettext as _
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.models import Organization
from nexapp.notifications.models import NotificationPreference
from nexapp.notifications.preferences import note_change, own_id
from nexapp.notifications.registry import CHANNELS, TIERS, TYPES, NoticeType
from nexapp.spine.access import reader
from nexapp.spine.db import db
from nexapp.spine.errors import Forbidden, NotFound
from nexapp.spine.tenancy import Role, current_actor

ANY = "any"
DIGEST = "digest"
"""In the place of a type: the daily letter as a whole, which its link stops."""

URGENT_TIER = "elite"
Key = tuple[str, str]
"""Name and channel, as `notification_preferences` has them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the actor works, as far as it decides which notices there are."""

    kind: str
    tier: str
    role: Role
    is_platform_admin: bool = False

    @property
    def has_urgent(self) -> bool:
        """Texts of notices, and passing the quiet hours: a sales team's tier decides, nobody else's."""
        return self.kind != "sales" or self.tier == URGENT_TIER


@dataclass(frozen=True, slots=True)
class Switch:
    name: str
    channel: str
    label: LazyString | str
    is_on: bool
    is_fixed: bool = False
    """On for good: it concerns the account."""
    needs_tier: str = ""
    """The tier without which it does nothing; empty where the business has it."""

    @property
    def key(self) -> Key:
        return self.name, self.channel

    @property
    def field(self) -> str:
        return f"{self.name}.{self.channel}"

    @property
    def is_locked(self) -> bool:
        return self.is_fixed or bool(self.needs_tier)


@dataclass(slots=True)
class Line:
    """One type and its channels, in the order of `CHANNELS`; None where it never takes that way."""

    type: NoticeType
    needs_tier: str
    cells: list[Switch | None]
    weekly: int = 0
    """So many in a week are all that the tier has of it; 0: no such limit."""


@dataclass(slots=True)
class Group:
    """The types behind one switch."""

    switch: Switch
    lines: list[Line] = field(default_factory=list)


def current_place() -> Place:
    actor = reader() or current_actor()
    row = db.session.execute(
        select(Organization.kind, Organization.tier).where(Organization.id == actor.org_id)
    ).one_or_none()
    return Place(row.kind if row else "", row.tier if row else URGENT_TIER, actor.role, actor.is_platform_admin)


def list_groups() -> list[Group]:
    """Every switch that the actor may see, with its present position."""
    place, set_so = current_place(), list_positions()
    groups: dict[str, Group] = {}
    for known in TYPES.values():
        if may_get(known, place):
            group = groups.setdefault(known.switch_name, Group(_master(known, set_so)))
            group.lines.append(_line(known, place, set_so))
    return list(groups.values())


def may_get(known: NoticeType, place: Place) -> bool:
    if known.minimum == "platform_admin":
        return place.is_platform_admin
    if known.kinds and place.kind not in known.kinds:
        return False
    return not place.kind or place.role.at_least(Role(known.minimum))


def set_switch(name: str, channel: str, *, is_on: bool) -> Switch:
    """Turn one switch. Raises `NotFound` for one that the actor doesn't have, `Forbidden` for a locked one."""
    known = {switch.key: switch for switch in _all(list_groups())}
    if (switch := known.get((name, channel))) is None:
        raise NotFound
    if switch.is_locked:
        raise Forbidden(_locked_words(switch))
    save_switches({switch.key: is_on})
    return replace(switch, is_on=is_on)


def set_all(on: Iterable[str]) -> int:
    """Turn every unlocked switch: on if its field is among `on`, else off. How many changed."""
    wanted = set(on)
    unlocked = [switch for switch in _all(list_groups()) if not switch.is_locked]
    changed = {switch.key: switch.field in wanted for switch in unlocked if switch.is_on != (switch.field in wanted)}
    save_switches(changed)
    return len(changed)


def save_switches(positions: Mapping[Key, bool]) -> None:
    """Keep positions of the actor's switches; what equals its default needs no row."""
    if not positions:
        return
    row = NotificationPreference
    usual = [key for key, is_on in positions.items() if is_on == default_of(*key)]
    db.session.execute(delete(row).where(row.user_id == own_id(), tuple_(row.name, row.channel).in_(usual)))
    other = [
        {"user_id": own_id(), "name": name, "channel": channel, "is_on": is_on}
        for (name, channel), is_on in positions.items()
        if (name, channel) not in usual
    ]
    if other:
        fresh = insert(row).values(other)
        position = {"is_on": fresh.excluded.is_on, "updated_at": func.now()}
        db.session.execute(fresh.on_conflict_do_update(index_elements=["user_id", "name", "channel"], set_=position))
    note_change(sorted(f"{name}.{channel}" for name, channel in positions))


def default_of(name: str, channel: str) -> bool:
    return channel == ANY or name == DIGEST or (name in TYPES and channel in TYPES[name].channels)


def misses_tier(needed: str, tier: str) -> bool:
    return TIERS.index(needed) > TIERS.index(tier)


def list_positions() -> dict[Key, bool]:
    """What the actor set otherwise than its default."""
    mine = select(NotificationPreference).where(NotificationPreference.user_id == own_id())
    return {(row.name, row.channel): row.is_on for row in db.session.scalars(mine)}


def _all(groups: Iterable[Group]) -> list[Switch]:
    return [
        switch
        for group in groups
        for switch in (group.switch, *(cell for line in group.lines for cell in line.cells if cell is not None))
    ]


def _master(known: NoticeType, set_so: Mapping[Key, bool]) -> Switch:
    key = (known.switch_name, ANY)
    return Switch(*key, known.label, is_on=known.locked or set_so.get(key, True), is_fixed=known.locked)


def _line(known: NoticeType, place: Place, set_so: Mapping[Key, bool]) -> Line:
    is_missing = misses_tier(known.tier, place.tier)
    needs = known.tier if is_missing and not known.allowance else ""
    cells = [_cell(known, channel, place, needs, set_so) for channel in CHANNELS]
    return Line(known, needs, cells, known.allowance if is_missing else 0)


def _cell(known: NoticeType, channel: str, place: Place, needs: str, set_so: Mapping[Key, bool]) -> Switch | None:
    if channel == "sms" and known.priority != "high":
        return None
    if known.locked:
        return Switch(known.name, channel, known.label, channel in known.channels, is_fixed=True)
    if channel == "sms" and not place.has_urgent:
        needs = URGENT_TIER
    key = (known.name, channel)
    return Switch(*key, known.label, is_on=set_so.get(key, channel in known.channels), needs_tier=needs)


def _locked_words(switch: Switch) -> str:
    if switch.is_fixed:
        return _("This concerns your account; it can't be switched off.")
    return _("Your business's plan doesn't include this.")
