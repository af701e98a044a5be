"""What a person could set better, from how they receive notices: with its evidence, taken or declined in one tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Integer, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from nexapp.notifications.engagement import DAYS
from nexapp.notifications.models import Notification
from nexapp.notifications.preferences import change_settings, get_settings, own_id, own_zone
from nexapp.notifications.registry import CHANNELS, TYPES, NoticeType
from nexapp.notifications.switches import ANY, Key, Line, list_groups, save_switches
from nexapp.spine.clock import now
from nexapp.spine.db import Model, db
from nexapp.spine.errors import NotFound
from nexapp.spine.wall_times import clock_words

HABIT_DAYS = 60
LEAST_OPENINGS = 20
LEAST_SHARE = 0.25
"""A quarter of the openings within one hour of the day is a habit; an even spread would be a twenty-fourth."""

LEAST_UNOPENED = 10
REST = timedelta(days=90)
"""An answered suggestion isn't made again for so long."""

_DIGEST, _OFF = "digest-hour", "off:"


class NotificationSuggestion(Model):
    """A person's answer to one."""

    __tablename__ = "notification_suggestions"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    is_taken: Mapped[bool]
    answered_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True, slots=True)
class Suggestion:
    name: str
    title: str
    evidence: str
    yes: str


@dataclass(frozen=True, slots=True)
class Habit:
    """The hour of the day, by the person's clock, in which they open most."""

    hour: int
    opened: int
    all: int

    @property
    def words(self) -> tuple[str, str]:
        return clock_words(time(self.hour)), clock_words(time((self.hour + 1) % 24))


def list_suggestions() -> list[Suggestion]:
    """The actor's, without those that they answered lately."""
    made = {suggestion.name: suggestion for suggestion in (*_of_hour(), *_of_types())}
    if not made:
        return []
    recent = select(NotificationSuggestion.name).where(
        NotificationSuggestion.user_id == own_id(), NotificationSuggestion.answered_at > now() - REST
    )
    answered = set(db.session.scalars(recent))
    return [suggestion for name, suggestion in made.items() if name not in answered]


def take_suggestion(name: str) -> None:
    """Do what was suggested. Raises `NotFound` for what isn't suggested (any more)."""
    if name not in {suggestion.name for suggestion in list_suggestions()}:
        raise NotFound
    if name == _DIGEST and (habit := find_habit()) is not None:
        change_settings(digest_enabled=True, digest_at=time(habit.hour))
    elif name.startswith(_OFF):
        save_switches(dict.fromkeys(_keys_of(TYPES[name.removeprefix(_OFF)]), False))
    _answer(name, is_taken=True)


def decline_suggestion(name: str) -> None:
    """Leave things as they are. Raises `NotFound` for what isn't suggested (any more)."""
    if name not in {suggestion.name for suggestion in list_suggestions()}:
        raise NotFound
    _answer(name, is_taken=False)


def find_habit() -> Habit | None:
    """When the actor opens most, where there is enough to tell."""
    hour = cast(func.extract("hour", func.timezone(own_zone(), Notification.opened_at)), Integer)
    opened = func.count().label("opened")
    rows = db.session.execute(
        select(hour.label("hour"), opened, func.sum(opened).over().label("all"))
        .where(Notification.user_id == own_id(), Notification.opened_at > now() - timedelta(days=HABIT_DAYS))
        .group_by(hour)
        .order_by(opened.desc(), hour)
        .limit(1)
    )
    best = rows.one_or_none()
    if best is None or best.all < LEAST_OPENINGS or best.opened < LEAST_SHARE * int(best.all):
        return None
    return Habit(best.hour, best.opened, int(best.all))


def _of_hour() -> list[Suggestion]:
    habit, present = find_habit(), get_settings()
    if habit is None or (present.digest_enabled and present.digest_at.hour == habit.hour):
        return []
    begin, end = habit.words
    title = _("You open most between %(begin)s and %(end)s", begin=begin, end=end)
    evidence = _(
        "%(opened)s of the %(all)s notices that you opened in the last %(days)s days. A daily digest could come then.",
        opened=habit.opened, all=habit.all, days=HABIT_DAYS,
    )  # fmt: skip
    return [Suggestion(_DIGEST, title, evidence, _("Send the digest at %(time)s", time=begin))]


def _of_types() -> list[Suggestion]:
    unopened = (
        select(Notification.type, func.count().label("made"))
        .where(Notification.user_id == own_id(), Notification.created_at > now() - timedelta(days=DAYS))
        .group_by(Notification.type)
        .having(func.count() >= LEAST_UNOPENED, func.count(Notification.opened_at) == 0)
        .order_by(func.count().desc(), Notification.type)
    )
    rows = db.session.execute(unopened).all()
    quietable = {line.type.name for line in _lines_that_can_be_off()} if rows else set()
    return [_of_type(TYPES[row.type], row.made) for row in rows if row.type in quietable]


def _lines_that_can_be_off() -> list[Line]:
    return [
        line
        for group in list_groups()
        for line in group.lines
        if group.switch.is_on and not line.type.locked and any(cell and cell.is_on for cell in line.cells)
    ]


def _of_type(known: NoticeType, made: int) -> Suggestion:
    title = _("You never open “%(label)s”", label=known.label)
    evidence = ngettext(
        "%(num)s came in the last %(days)s days, and you opened none.",
        "%(num)s came in the last %(days)s days, and you opened none.",
        made, days=DAYS,
    )  # fmt: skip
    return Suggestion(f"{_OFF}{known.name}", title, evidence, _("Switch it off"))


def _keys_of(known: NoticeType) -> list[Key]:
    """Its own switch; where others share that, its channels one by one."""
    if known.switch_name == known.name:
        return [(known.name, ANY)]
    return [(known.name, channel) for channel in CHANNELS]


def _answer(name: str, *, is_taken: bool) -> None:
    row = insert(NotificationSuggestion).values(user_id=own_id(), name=name, is_taken=is_taken)
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["user_id", "name"], set_={"is_taken": is_taken, "answered_at": func.now()}
        )
    )
