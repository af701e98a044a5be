"""Watched calendars: read every five minutes, compared with what was known, and careful about what is missing.

Reading holds no connection to the database: the address comes from a look-up, and the unit's transaction begins when
the answer is there.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from nexapp.identity.models import Organization
from nexapp.slots.booking_systems.calendar_reading import Reading, read_calendar
from nexapp.slots.booking_systems.deliveries import tell_pages
from nexapp.slots.booking_systems.errors import FeedFailed
from nexapp.slots.booking_systems.feed_changes import Comparison, compare, take
from nexapp.slots.booking_systems.fetching import Fetched, fetch
from nexapp.slots.booking_systems.handling import lock_system
from nexapp.slots.booking_systems.models import FEED, BookingSystem
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.db import db, lookup
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.tenancy import Actor, Role, current_actor

QUEUE = "slow"
EVERY_SECONDS = 300
TIRED_AFTER = 12
"""Failures in a row."""


@job("poll_feeds")
def poll_feeds() -> None:
    """Queue the reading of every feed, each as its own business's; twice in a period is once. Runs as the system."""
    feeds = db.session.execute(
        select(BookingSystem.id, BookingSystem.org_id)
        .join(Organization, Organization.id == BookingSystem.org_id)
        .where(BookingSystem.kind == FEED, Organization.suspended_at.is_(None), _is_worth_it())
    ).all()
    period = int(time.time()) // EVERY_SECONDS
    for feed in feeds:
        enqueue(
            "poll_feed", actor=Actor(Role.SYSTEM, feed.org_id), unique_key=f"poll_feed:{feed.id}:{period}",
            booking_system_id=feed.id,
        )  # fmt: skip


def _is_worth_it() -> Any:
    """A feed that failed for an hour is tried once an hour."""
    is_due = BookingSystem.checked_at < func.now() - func.make_interval(0, 0, 0, 0, 1)
    return (BookingSystem.failures < TIRED_AFTER) | is_due


def read_now(booking_system_id: UUID) -> None:
    enqueue("poll_feed", booking_system_id=booking_system_id)


@job("poll_feed", queue=QUEUE, retries=())
def poll_feed(booking_system_id: str) -> None:
    """Read one feed and act on what changed. Its failures are shown to the business; they are no error of ours."""
    feed_id = UUID(booking_system_id)
    feed = lookup("SELECT * FROM nexapp_booking_feed(:id)", id=feed_id)
    if feed is None or feed.org_id != current_actor().tenant:
        return
    asked_at = now()
    try:
        fetched = fetch(
            feed.url, etag=feed.etag, last_modified=feed.last_modified, private_hosts=settings().private_feed_hosts
        )
        _take(feed_id, feed.url, fetched, asked_at)
    except FeedFailed as failure:
        _note_failure(feed_id, failure.code)
    tell_pages()


def start_over(booking_system_id: UUID) -> None:
    """Take the feed as it is now: what is missing from it opens nothing, and counts as cancelled."""
    _change(booking_system_id, first_read_at=None, etag=None, last_modified=None, failure=None, failures=0)
    read_now(booking_system_id)


def _take(feed_id: UUID, url: str, fetched: Fetched, asked_at: datetime) -> None:
    at = now()
    zone = db.session.scalar(select(Organization.time_zone).where(Organization.id == current_actor().tenant))
    # Worked out before the lock: a large calendar takes its time.
    reading = None if fetched.body is None else read_calendar(fetched.body, str(zone), at)
    system = lock_system(feed_id)
    if system is None or system.url != url:
        return
    if system.read_at is not None and system.read_at > asked_at:
        # Another reading of it was quicker: what this one saw is of before.
        return
    if reading is not None:
        _compare(system, reading, at)
        validators = {
            "etag": fetched.etag,
            "last_modified": fetched.last_modified,
            "unreadable": len(reading.unreadable),
        }
        _change(feed_id, **validators)
    first = {} if system.first_read_at else {"first_read_at": at}
    _change(feed_id, read_at=at, checked_at=at, failure=None, failures=0, **first)


def _compare(system: Any, reading: Reading, at: datetime) -> None:
    found: Comparison = compare(system, reading, at)
    take(system, found, at)


def _note_failure(feed_id: UUID, code: str) -> None:
    # What the last good reading left stays; the next one asks for the whole file.
    _change(feed_id, checked_at=now(), failure=code, failures=BookingSystem.failures + 1, etag=None, last_modified=None)


def _change(feed_id: UUID, **values: Any) -> None:
    db.session.execute(
        update(BookingSystem)
        .where(BookingSystem.org_id == current_actor().tenant, BookingSystem.id == feed_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
