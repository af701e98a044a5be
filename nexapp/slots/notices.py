"""The notices that the slots raise: bookings as they happen, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.models import Membership, StaffMember
from nexapp.notifications.registry import NoticeType, Wording, register_subject, register_types
from nexapp.notifications.service import notify, notify_selected
from nexapp.slots.models import Slot
from nexapp.slots.times import text_time
from nexapp.spine.db import db
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import Role, current_actor

QUIETLY = ("in_app", "push")
"""What happens all day long: no letter for each unless somebody asks for it."""

TYPES = {"booked": "slot_booked", "pending": "slot_waiting", "moved": "slot_moved", "cancelled": "slot_cancelled"}

_TYPES = (
    NoticeType("slot_booked", _("New bookings"), "📅", ("green", "emerald"), "normal", _("📅 {client} booked {time}"),
               _("With {staff}."), _("📅 {count} new bookings"), channels=QUIETLY, kinds=WITH_SLOTS,
               second=Wording(_("📅 {client} comes {time}"), _("Booked just now, with {staff}."))),
    NoticeType("slot_waiting", _("Bookings that wait for your answer"), "⏳", ("yellow", "amber"), "high",
               _("⏳ {client} waits for your answer"),
               _("{time} with {staff}. Without an answer the time opens again."),
               _("⏳ {count} bookings wait for your answer"), kinds=WITH_SLOTS),
    NoticeType("slot_moved", _("Moved bookings"), "🔁", ("blue", "cyan"), "normal", _("🔁 {client} moved to {time}"),
               _("With {staff}."), channels=QUIETLY, kinds=WITH_SLOTS),
    NoticeType("slot_cancelled", _("Cancelled bookings"), "✖️", ("red", "orange"), "normal",
               _("✖️ {client} cancelled {time}"), _("With {staff}. The time can go to somebody else."),
               _("✖️ {count} bookings were cancelled"), channels=QUIETLY, kinds=WITH_SLOTS),
    NoticeType("list_import_done", _("Finished imports"), "🗂️", ("indigo", "blue"), "normal",
               _("🗂️ Your list is in"), _("{filename}: all {rows} rows are done."), kinds=WITH_SLOTS),
    NoticeType("text_waiting", _("Texts that wait for you"), "💬", ("blue", "cyan"), "normal", _("💬 {client} wrote"),
               _("{body}"), _("💬 {client} wrote {count} times"), channels=QUIETLY, kinds=WITH_SLOTS),
    NoticeType("booking_change_waiting", _("Changes that wait for your OK"), "🗓️", ("purple", "pink"), "normal",
               _("🗓️ A change in {system} waits for you"), _("Say whether its time may be offered."),
               _("🗓️ {count} changes wait for you"), kinds=WITH_SLOTS),
    NoticeType("feed_failing", _("Calendars that can't be read"), "🔌", ("gray", "slate"), "high",
               _("🔌 {system} can't be read"),
               _("It failed {failures} times in a row. Cancellations there open nothing."),
               kinds=WITH_SLOTS),
)  # fmt: skip

# Who answers for the business, beside each thing that waits there. `w` has org_id and what the words need.
_TO_MANAGERS = """
    SELECT m.user_id, w.* FROM ({waiting}) w
    JOIN memberships m ON m.org_id = w.org_id AND m.deactivated_at IS NULL AND m.role IN ('owner', 'admin', 'manager')
"""
_TEXTS = """
    SELECT i.org_id, i.id AS subject_id, 'text:' || i.id AS dedupe_key, 'text:' || i.consumer_id AS group_key,
        coalesce(nullif(p.name, ''), i.from_phone) AS client, left(i.body, 160) AS body,
        '/inbox/' || i.consumer_id AS action_url
    FROM inbound_messages i
    LEFT JOIN consumer_profiles p ON p.org_id = i.org_id AND p.consumer_id = i.consumer_id
    WHERE i.needs_review AND i.org_id IS NOT NULL AND i.consumer_id IS NOT NULL
        AND i.created_at BETWEEN now() - interval '1 day' AND now() - interval '10 seconds'
"""
_CHANGES = """
    SELECT d.org_id, d.id AS subject_id, 'change:' || d.id AS dedupe_key, s.name AS system,
        '/settings/booking-systems/' || s.id AS action_url
    FROM booking_deliveries d JOIN booking_systems s ON s.org_id = d.org_id AND s.id = d.booking_system_id
    WHERE d.outcome IN ('waiting_approval', 'waiting_staff') AND d.created_at > now() - interval '1 day'
"""
_FEEDS = """
    SELECT s.org_id, s.id AS subject_id, s.name AS system, s.failures,
        '/settings/booking-systems/' || s.id AS action_url,
        'feed:' || s.id || ':' || coalesce(s.read_at::text, '') AS dedupe_key
    FROM booking_systems s WHERE s.failures >= 12
"""


def tell_booking(slot: Any, kind: str, facts: Any) -> None:
    """Managers hear of every booking, staff of their own; not who did it. `kind` as for the team's texts."""
    words = {
        "client": facts.client or str(_("A client")), "staff": facts.staff,
        "time": text_time(facts.starts_at, facts.time_zone),
    }  # fmt: skip
    notify(
        _responsible(slot), TYPES[kind], values=words, action_url=f"/slots/{slot.id}", subject_kind="slot",
        subject_id=slot.id, org_id=slot.org_id, expires_at=facts.starts_at,
    )  # fmt: skip


def tell_import_done(batch: Any) -> None:
    """Whoever brought the list in has gone on to other things by now."""
    if batch.created_by is not None:
        notify(
            [batch.created_by], "list_import_done", values={"filename": batch.filename, "rows": batch.row_count},
            action_url=f"/waiting-list/imports/{batch.id}", subject_kind="list_import", subject_id=batch.id,
            dedupe_key=f"import:{batch.id}:{batch.run}",
        )  # fmt: skip


@job("tell_of_waiting")
def tell_of_waiting() -> None:
    """Texts that nobody read, changes that want an OK, calendars that fail: each told once. Runs as the system."""
    for type_name, waiting in (
        ("text_waiting", _TEXTS),
        ("booking_change_waiting", _CHANGES),
        ("feed_failing", _FEEDS),
    ):
        notify_selected(type_name, _TO_MANAGERS.format(waiting=waiting))


def _responsible(slot: Any) -> Sequence[UUID]:
    theirs = (
        select(StaffMember.user_id)
        .join(Slot, (Slot.org_id == StaffMember.org_id) & (Slot.staff_member_id == StaffMember.id))
        .where(Slot.org_id == slot.org_id, Slot.id == slot.id)
        .scalar_subquery()
    )
    managers = (Role.OWNER.value, Role.ADMIN.value, Role.MANAGER.value)
    found = db.session.scalars(
        select(Membership.user_id).where(
            Membership.org_id == slot.org_id, Membership.deactivated_at.is_(None),
            or_(Membership.role.in_(managers), Membership.user_id == theirs),
        )
    )  # fmt: skip
    return [user_id for user_id in found if user_id != current_actor().user_id]


def register() -> None:
    register_types(*_TYPES)
    register_subject("slot", "slots")
    schedule("tell_of_waiting", cron="* * * * *", job="tell_of_waiting")
