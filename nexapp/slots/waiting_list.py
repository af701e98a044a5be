"""A consumer's place on a business's waiting list: joining, wishes, pausing, leaving.

Nothing is active and nothing changes before the number's owner has entered the code. All run in the caller's unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from nexapp.identity.business_settings import get_business
from nexapp.messaging.consumers import ensure_consumer
from nexapp.messaging.models import Consumer
from nexapp.slots.invitations import withdraw
from nexapp.slots.models import Consent, ConsumerProfile, NotifyRequest, NotifyWindow, Slot, SlotOffer
from nexapp.slots.offers import withdraw_unsent_to
from nexapp.slots.times import today_in
from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.realtime import publish
from nexapp.spine.tenancy import current_actor, scoped

CONSENT = "waiting_list"
DAY_STARTS, DAY_ENDS = time(0, 0), time(23, 59)
"""The last minute stands for the end of the day, as in the match."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """`weekday` 0 is Monday; wall-clock times in the business's zone."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Wishes:
    """What suits a person. No window at all: any time."""

    time_range: str = "any"
    starts_on: date | None = None
    ends_on: date | None = None
    staff_member_id: UUID | None = None
    service_id: UUID | None = None
    minutes_needed: int | None = None
    party_size: int | None = None
    windows: tuple[Window, ...] = ()
    location_id: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        plain = {key: str(value) if value is not None else None for key, value in asdict(self).items()}
        windows = [[w.weekday, w.starts.isoformat(), w.ends.isoformat()] for w in self.windows]
        return {**plain, "minutes_needed": self.minutes_needed, "party_size": self.party_size, "windows": windows}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Wishes:
        return cls(
            time_range=given["time_range"],
            starts_on=_read(date.fromisoformat, given["starts_on"]),
            ends_on=_read(date.fromisoformat, given["ends_on"]),
            staff_member_id=_read(UUID, given["staff_member_id"]),
            service_id=_read(UUID, given["service_id"]),
            minutes_needed=given["minutes_needed"],
            party_size=given["party_size"],
            windows=tuple(Window(w, time.fromisoformat(s), time.fromisoformat(e)) for w, s, e in given["windows"]),
            location_id=_read(UUID, given.get("location_id")),
        )

    def dated(self, today: date) -> Wishes:
        """With the dates that "today" and "this week" mean on that day; a week ends on Sunday."""
        if self.time_range == "today":
            return replace(self, starts_on=None, ends_on=today)
        if self.time_range == "this_week":
            return replace(self, starts_on=None, ends_on=today + timedelta(days=6 - today.weekday()))
        if self.time_range == "any":
            return replace(self, starts_on=None, ends_on=None)
        return self


def merged(windows: list[Window]) -> tuple[Window, ...]:
    """Sorted, and those of a day that overlap or touch made into one."""
    joined: list[Window] = []
    for window in sorted(windows):
        last = joined[-1] if joined else None
        if last and last.weekday == window.weekday and window.starts <= last.ends:
            joined[-1] = replace(last, ends=max(last.ends, window.ends))
        else:
            joined.append(window)
    return tuple(joined)


def consent_wording(business: str, daily_offers: int) -> str:
    """What a person agrees to, kept word for word with their consent."""
    return _(
        "I agree to get automated texts from %(business)s at this number when a time opens, at most %(most)s a day. "
        "Message and data rates may apply. Reply STOP to end them, HELP for help. Agreeing is not a condition of any "
        "purchase or service. The terms and the privacy policy apply.",
        business=business,
        most=daily_offers,
    )


def join(phone: str, name: str, wishes: Wishes, wording: str, ip: str | None) -> tuple[UUID, bool]:
    """Put the number's owner on the list, or update their request: its id, and whether it is new.

    `phone` is proven by a code. The consent is recorded each time, for each time the person agreed.
    """
    org_id = current_actor().tenant
    consumer_id = ensure_consumer(phone)
    write_profile(org_id, consumer_id, name)
    request_id, is_new = write_request(org_id, consumer_id)
    withdraw(org_id, request_id)
    write_wishes(request_id, wishes)
    _keep_consent(consumer_id, wording, "public_page", ip)
    audit.record("waiting_list.joined" if is_new else "waiting_list.updated", "notify_request", request_id)
    tell_list(org_id)
    return request_id, is_new


def change_wishes(request_id: UUID, wishes: Wishes) -> None:
    """New wishes; a request that had lapsed waits again."""
    write_wishes(request_id, wishes)
    _set_status(request_id, "active", only_from=("lapsed",))
    audit.record("waiting_list.updated", "notify_request", request_id)
    tell_list(current_actor().tenant)


def pause(request_id: UUID, until: date) -> None:
    """No offers until that day; unsent ones are cancelled."""
    if _set_status(request_id, "paused", until=until, only_from=("active", "paused")):
        withdraw_unsent_to(current_actor().tenant, request_id)
        audit.record("waiting_list.paused", "notify_request", request_id)


def resume(request_id: UUID) -> None:
    if _set_status(request_id, "active", only_from=("paused",)):
        audit.record("waiting_list.resumed", "notify_request", request_id)


def leave(request_id: UUID) -> None:
    if _set_status(request_id, "left", only_from=("invited", "active", "paused", "lapsed")):
        withdraw_unsent_to(current_actor().tenant, request_id)
        withdraw(current_actor().tenant, request_id)
        audit.record("waiting_list.left", "notify_request", request_id)


def rejoin(request_id: UUID, wording: str, ip: str | None) -> None:
    """Back on the list after leaving, with the same wishes and a consent of its own. Dates that passed are dropped.

    A request has lapsed with its last day, whether or not a job said so yet.
    """
    request = get_request(request_id)
    is_over = request.ends_on is not None and request.ends_on < business_today()
    ended = ("left", "lapsed", "active", "paused") if is_over else ("left", "lapsed")
    if not _set_status(request_id, "active", only_from=ended):
        return
    if is_over:
        _set(request_id, time_range="any", starts_on=None, ends_on=None)
    _keep_consent(request.consumer_id, wording, "private_page", ip)
    audit.record("waiting_list.rejoined", "notify_request", request_id)


def get_request(request_id: UUID) -> NotifyRequest:
    found: NotifyRequest = db.session.scalars(
        scoped(NotifyRequest).where(NotifyRequest.id == request_id), execution_options={"populate_existing": True}
    ).one()
    return found


def get_wishes(request: NotifyRequest) -> Wishes:
    rows = db.session.scalars(scoped(NotifyWindow).where(NotifyWindow.notify_request_id == request.id))
    return Wishes(
        request.time_range, request.starts_on, request.ends_on, request.staff_member_id, request.service_id,
        request.minutes_needed, request.party_size, merged([Window(w.weekday, w.starts, w.ends) for w in rows]),
        request.location_id,
    )  # fmt: skip


def business_today() -> date:
    return today_in(get_business().time_zone)


def get_consumer(request: NotifyRequest) -> Consumer:
    return db.session.scalars(select(Consumer).where(Consumer.id == request.consumer_id)).one()


def list_live_offers(request: NotifyRequest) -> Sequence[Any]:
    """Offers to this person whose slot can still be theirs, the soonest first."""
    wanted = (
        select(
            SlotOffer.id,
            Slot.starts_at,
            Slot.ends_at,
            Slot.status,
            (Slot.held_by_offer_id == SlotOffer.id).label("mine"),
        )
        .join(
            Slot, (Slot.org_id == SlotOffer.org_id) & (Slot.id == SlotOffer.slot_id) & (Slot.round == SlotOffer.round)
        )
        .where(SlotOffer.org_id == request.org_id, SlotOffer.consumer_id == request.consumer_id)
        .where(Slot.status.in_(("open", "held")), Slot.starts_at > func.now(), SlotOffer.declined_at.is_(None))
        .order_by(Slot.starts_at)
        .limit(20)
    )
    return db.session.execute(wanted).all()


def write_profile(org_id: UUID, consumer_id: UUID, name: str) -> None:
    row = upsert(ConsumerProfile).values(org_id=org_id, consumer_id=consumer_id, name=name)
    db.session.execute(row.on_conflict_do_update(index_elements=["org_id", "consumer_id"], set_={"name": name}))


def write_request(
    org_id: UUID, consumer_id: UUID, *, status: str = "active", source: str = "public_page"
) -> tuple[UUID, bool]:
    fresh_id = new_id()
    row = upsert(NotifyRequest).values(
        id=fresh_id, org_id=org_id, consumer_id=consumer_id, status=status,
        token_hash=hash_token(request_token(fresh_id)), source=source, time_range="any",
    )  # fmt: skip
    again = {
        "status": status, "status_before": None, "paused_until": None, "confirmed_at": func.now(),
        "updated_at": func.now(),
    }  # fmt: skip
    found: UUID = db.session.execute(
        row.on_conflict_do_update(index_elements=["org_id", "consumer_id"], set_=again).returning(NotifyRequest.id)
    ).scalar_one()
    return found, found == fresh_id


def write_wishes(request_id: UUID, wishes: Wishes) -> None:
    wishes = wishes.dated(business_today())
    _set(
        request_id, time_range=wishes.time_range, starts_on=wishes.starts_on, ends_on=wishes.ends_on,
        staff_member_id=wishes.staff_member_id, service_id=wishes.service_id, minutes_needed=wishes.minutes_needed,
        party_size=wishes.party_size, location_id=wishes.location_id,
    )  # fmt: skip
    org_id = current_actor().tenant
    db.session.execute(
        delete(NotifyWindow)
        .where(NotifyWindow.org_id == org_id, NotifyWindow.notify_request_id == request_id)
        .execution_options(synchronize_session=False)
    )
    rows = [
        {"id": new_id(), "org_id": org_id, "notify_request_id": request_id, **asdict(window)}
        for window in merged(list(wishes.windows))
    ]
    if rows:
        db.session.execute(insert(NotifyWindow), rows)


def _keep_consent(consumer_id: UUID, wording: str, source: str, ip: str | None) -> None:
    db.session.execute(
        insert(Consent).values(
            id=new_id(), org_id=current_actor().tenant, consumer_id=consumer_id, kind=CONSENT, wording=wording,
            source=source, ip=ip,
        )
    )  # fmt: skip


def _set_status(request_id: UUID, status: str, *, only_from: tuple[str, ...], until: date | None = None) -> bool:
    guard = NotifyRequest.status.in_(only_from)
    changed = _set(request_id, guard, status=status, status_before=None, paused_until=until)
    if changed:
        tell_list(current_actor().tenant)
    return changed


def _set(request_id: UUID, *guards: Any, **values: Any) -> bool:
    changed = db.session.execute(
        update(NotifyRequest)
        .where(NotifyRequest.org_id == current_actor().tenant, NotifyRequest.id == request_id, *guards)
        .values(updated_at=func.now(), **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def tell_list(org_id: UUID) -> None:
    publish(f"org:{org_id}:waiting-list", "waiting-list-changed")


def _read(parse: Any, value: str | None) -> Any:
    return parse(value) if value is not None else None
