"""The API's notification settings: what the settings page shows, and the same rules."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from flask_babel import gettext as _
from pydantic import AwareDatetime, Field

from nexapp.notifications.preferences import LONGEST_PAUSE_DAYS, change_settings, get_settings, own_zone
from nexapp.notifications.switches import Switch, list_groups, set_switch
from nexapp.spine.clock import now
from nexapp.spine.errors import BadInput
from nexapp.spine.web.api import Input, Output, operation

PLAIN = (
    "email_enabled", "push_enabled", "digest_enabled", "digest_at", "quiet_enabled", "quiet_starts", "quiet_ends",
    "urgent_passes", "daily_cap", "paused_until",
)  # fmt: skip
Channel = Literal["any", "in_app", "email", "push", "sms"]


class SwitchOut(Output):
    name: Annotated[str, Field(description="A type, or a switch that types share.")]
    channel: Annotated[str, Field(description="in_app, email, push or sms; `any` is the switch itself.")]
    label: str
    is_on: bool
    is_locked: bool
    needs_tier: Annotated[str, Field(description="The plan without which it does nothing; empty: yours has it.")]


class SettingsOut(Output):
    email_enabled: bool
    push_enabled: bool
    digest_enabled: bool
    digest_at: time
    quiet_enabled: bool
    quiet_starts: time
    quiet_ends: time
    urgent_passes: bool
    daily_cap: int
    paused_until: datetime | None
    time_zone: Annotated[str, Field(description="Whose clock the times go by.")]
    switches: list[SwitchOut]


class SwitchIn(Input):
    name: Annotated[str, Field(max_length=60)]
    channel: Channel
    is_on: bool


class ChangedSettings(Input):
    """What isn't sent stays as it is."""

    email_enabled: bool | None = None
    push_enabled: bool | None = None
    digest_enabled: bool | None = None
    digest_at: time | None = None
    quiet_enabled: bool | None = None
    quiet_starts: time | None = None
    quiet_ends: time | None = None
    urgent_passes: bool | None = None
    daily_cap: Annotated[int | None, Field(ge=1, le=200)] = None
    paused_until: AwareDatetime | None = None
    switches: Annotated[list[SwitchIn], Field(max_length=200)] = []


@operation("GET", "/notification-settings", scope="settings:read", personal=True, answer=SettingsOut,
           summary="Read your notification settings")  # fmt: skip
def read_notification_settings() -> SettingsOut:
    present = get_settings()
    return SettingsOut(**{name: getattr(present, name) for name in PLAIN}, time_zone=own_zone(), switches=_switches())


@operation("PATCH", "/notification-settings", scope="settings:write", personal=True, body=ChangedSettings,
           answer=SettingsOut, summary="Change your notification settings")  # fmt: skip
def change_notification_settings(body: ChangedSettings) -> SettingsOut:
    """All of it or nothing."""
    given = {name: getattr(body, name) for name in PLAIN if name in body.model_fields_set}
    _refuse_unusable(given)
    change_settings(**given)
    for one in body.switches:
        set_switch(one.name, one.channel, is_on=one.is_on)
    return read_notification_settings()


def _refuse_unusable(given: dict[str, Any]) -> None:
    empty = [name for name, value in given.items() if value is None and name != "paused_until"]
    if empty:
        raise BadInput(fields={name: _("It can't be null.") for name in empty})
    present = get_settings()
    starts, ends = (given.get(name, getattr(present, name)) for name in ("quiet_starts", "quiet_ends"))
    if starts == ends:
        raise BadInput(fields={"quiet_ends": _("Choose an end that differs from the start.")})
    for name in ("digest_at", "quiet_starts", "quiet_ends"):
        if (at := given.get(name)) is not None and (at.tzinfo or at.second or at.microsecond):
            raise BadInput(fields={name: _("Give hours and minutes, without a zone.")})
    if (until := given.get("paused_until")) is not None:
        _refuse_pause(until)


def _refuse_pause(until: datetime) -> None:
    if until <= now():
        raise BadInput(fields={"paused_until": _("This time has passed.")})
    if until - now() > timedelta(days=LONGEST_PAUSE_DAYS):
        raise BadInput(fields={"paused_until": _("Choose a time within the next year.")})


def _switches() -> list[SwitchOut]:
    found: list[Switch] = []
    for group in list_groups():
        found += [group.switch, *(cell for line in group.lines for cell in line.cells if cell is not None)]
    return [
        SwitchOut(
            name=one.name, channel=one.channel, label=str(one.label), is_on=one.is_on, is_locked=one.is_locked,
            needs_tier=one.needs_tier,
        )
        for one in found
    ]  # fmt: skip
