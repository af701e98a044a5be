"""Telling people something: the one way to make notices, in the caller's transaction.

Every rule is applied in the database, for one person or a hundred thousand in the same few statements. What is wrong
with a notice is recorded and never stops what it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from nexapp.notifications.channels import ring_channels, text_people
from nexapp.notifications.engine import AT_ONCE, FEW, call_for, call_for_selected, kind_of, without_values
from nexapp.notifications.events import signal_count, signal_crowd
from nexapp.notifications.registry import find_type
from nexapp.notifications.skips import FAILED, UNHEARD
from nexapp.spine import faults
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person, with what differs from one to the next; the rest is the call's."""

    user_id: UUID
    values: Mapping[str, Any] = field(default_factory=dict)
    """Fills the places of the type's title and body."""
    action_url: str | None = None
    subject_id: UUID | None = None
    dedupe_key: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    org_id: UUID | None = None
    """None: the call's."""
    group_key: str | None = None


@dataclass(slots=True)
class Notified:
    """`made` holds ids in the order of the recipients; of a crowd that was selected it stays empty."""

    made: list[UUID] = field(default_factory=list)
    count: int = 0
    skipped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    untold: list[tuple[UUID, str]] = field(default_factory=list)
    """Who was not told, and why; of a crowd that was selected it stays empty."""
    by_subject: dict[UUID, UUID] = field(default_factory=dict)


def notify(
    recipients: Iterable[UUID | Recipient],
    type: str,
    *,
    values: Mapping[str, Any] | None = None,
    action_url: str | None = None,
    subject_kind: str | None = None,
    subject_id: UUID | None = None,
    dedupe_key: str | None = None,
    details: Mapping[str, Any] | None = None,
    priority: str | None = None,
    group_key: str | None = None,
    expires_at: datetime | None = None,
    org_id: UUID | None = None,
) -> Notified:
    """Tell each of them, by all rules; what was not sent is recorded. Never raises for what is wrong with a notice."""
    shared = {
        "org_id": org_id or current_actor().org_id, "words": values or {}, "action_url": action_url,
        "subject_kind": subject_kind, "subject_id": subject_id, "dedupe_key": dedupe_key, "details": details or {},
        "group_key": group_key, "expires_at": expires_at,
    }  # fmt: skip
    people = [_person(recipient, shared) for recipient in recipients]
    known = find_type(type)
    kind = kind_of(known, type, priority, subject_kind)
    result = Notified()
    for words, named in _by_words(kind, known.needs if known else frozenset(), people):
        for start in range(0, len(named), AT_ONCE):
            batch = named[start : start + AT_ONCE]
            rows = _twice(lambda: call_for(words, batch), words, len(batch))  # noqa: B023 - called at once
            _take(result, words, rows, batch, is_few=len(people) <= FEW)
    _report(kind, result)
    return result


def notify_selected(
    type: str,
    select: str,
    params: Mapping[str, Any] | None = None,
    *,
    action_url: str | None = None,
    subject_kind: str | None = None,
    details: Mapping[str, Any] | None = None,
    priority: str | None = None,
    group_key: str | None = None,
    expires_at: datetime | None = None,
    org_id: UUID | None = None,
) -> Notified:
    """Tell the people that a SELECT gives, in one statement.

    Its columns: `user_id`, and any of `org_id`, `action_url`, `subject_id`, `dedupe_key`, `group_key`, `details`,
    `expires_at`; every column fills the place of its name in title and body.
    """
    defaults = {
        "org_id": org_id or current_actor().org_id, "action_url": action_url, "subject_kind": subject_kind,
        "details": details or {}, "group_key": group_key, "expires_at": expires_at,
    }  # fmt: skip
    kind = kind_of(find_type(type), type, priority, subject_kind)
    rows = _twice(lambda: call_for_selected(kind, select, params or {}, defaults), kind, 0)
    result = Notified()
    if rows:
        _take_selected(result, kind, rows)
    _report(kind, result)
    return result


def _person(recipient: UUID | Recipient, shared: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(recipient, UUID):
        return {**shared, "user_id": recipient}
    own = {
        "org_id": recipient.org_id, "action_url": recipient.action_url, "subject_id": recipient.subject_id,
        "dedupe_key": recipient.dedupe_key, "group_key": recipient.group_key,
    }  # fmt: skip
    return {
        **shared,
        **{name: value for name, value in own.items() if value is not None},
        "user_id": recipient.user_id,
        "words": {**shared["words"], **recipient.values},
        "details": {**shared["details"], **recipient.details},
    }


def _by_words(
    kind: Mapping[str, Any], needs: frozenset[str], people: list[dict[str, Any]]
) -> Iterable[tuple[Mapping[str, Any], list[dict[str, Any]]]]:
    """The people by what can be said to them. A value that our own code forgot is recorded, and they are told all the
    same."""
    lacking = [person for person in people if not needs <= person["words"].keys()]
    if not lacking:
        return [(kind, people)]
    missing = sorted(needs - set.intersection(*(set(person["words"]) for person in lacking)))
    told = f"A notice without its values: {kind['name']} ({', '.join(missing)})"
    faults.capture("notice_error", told, severity="medium", org_id=current_actor().org_id, people=len(lacking))
    complete = [person for person in people if needs <= person["words"].keys()]
    return [(kind, complete), (without_values(kind), lacking)]


def _twice(ask: Callable[[], Sequence[Any]], kind: Mapping[str, Any], people: int) -> Sequence[Any] | None:
    """What the database refuses is asked once more, then recorded; the caller's own work goes on."""
    # What the caller has not written yet fails at the caller, not here.
    db.session.flush()
    for attempt in (1, 2):
        try:
            with db.session.begin_nested():
                return ask()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            log.warning("notify_failed", type=kind["name"], attempt=attempt, error=str(error.orig).partition("\n")[0])
            last = error
    faults.capture(
        "notice_error", last, severity="high", org_id=current_actor().org_id, type=kind["name"], people=people
    )
    return None


def _take(
    result: Notified,
    kind: Mapping[str, Any],
    rows: Sequence[Any] | None,
    asked: Sequence[Mapping[str, Any]],
    *,
    is_few: bool,
) -> None:
    result.untold += _untold(rows, asked)
    rows = rows or ()
    made = [row for row in rows if row.outcome == "made"]
    result.made += [row.id for row in made]
    result.by_subject |= {row.subject_id: row.id for row in made if row.subject_id}
    result.reasons.update(row.outcome for row in rows if row.outcome != "made")
    result.count += len(made)
    result.skipped += len(asked) - len(made)
    if not made:
        return
    _send_out(kind, made)
    if is_few:
        _signal(made)
    else:
        signal_crowd({row.user_id for row in made})


def _untold(rows: Sequence[Any] | None, asked: Sequence[Mapping[str, Any]]) -> list[tuple[UUID, str]]:
    """Of strangers, and of who was told the same before, the engine says nothing."""
    if rows is None:
        return [(person["user_id"], FAILED) for person in asked]
    found = [(row.user_id, row.outcome) for row in rows if row.outcome != "made"]
    answered = {row.user_id for row in rows}
    return found + [(person["user_id"], UNHEARD) for person in asked if person["user_id"] not in answered]


def _take_selected(result: Notified, kind: Mapping[str, Any], rows: Sequence[Any]) -> None:
    told = [row for row in rows if row.outcome == "made"]
    shown = [_Shown(one) for row in told for one in row.shown or ()]
    result.count = sum(row.people for row in told)
    result.skipped = int(rows[0].asked) - result.count
    for row in rows:
        if row.outcome != "made":
            result.reasons[row.outcome] += row.people
    if not told:
        return
    _send_out(kind, shown)
    if rows[0].asked <= FEW:
        result.made = [one.id for one in shown]
        result.by_subject = {one.subject_id: one.id for one in shown if one.subject_id}
        _signal(shown)
    else:
        signal_crowd(user_id for row in told for user_id in row.told.split(","))


def _send_out(kind: Mapping[str, Any], made: Sequence[Any]) -> None:
    if any(row.phone for row in made):
        _twice(lambda: text_people(made, kind["icon"]), kind, len(made))
    ring_channels()


_UUIDS = ("id", "user_id", "org_id", "subject_id", "shown_id", "replaces")
_INSTANTS = ("held_until", "expires_at")


class _Shown:
    """A row of `nexapp_notify` that came as JSON."""

    def __init__(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if value is not None and name in _UUIDS:
                value = UUID(value)
            elif value is not None and name in _INSTANTS:
                value = datetime.fromisoformat(value)
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _signal(made: Sequence[Any]) -> None:
    newest = {row.user_id: row for row in made}
    for row in newest.values():
        signal_count(row.user_id, row.unread, row.counted_at)


def _report(kind: Mapping[str, Any], result: Notified) -> None:
    """What only a mistake of ours can cause is recorded for those who mend it."""
    for reason, told in (("unknown_type", "No such type of notice"), ("bad_reference", "A notice about nothing")):
        if result.reasons[reason]:
            faults.capture(
                "notice_error", f"{told}: {kind['name']}", severity="medium", org_id=current_actor().org_id,
                type=kind["name"], people=result.reasons[reason],
            )  # fmt: skip
