"""Every request on the list gets an outcome, and every reason is the right one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from nexapp.slots.matching import REASONS
from nexapp.slots.opening import free_slot, open_slot
from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]
ZONE = ZoneInfo("America/New_York")


def at_ten(days: int = 3) -> datetime:
    """10:00 in the business's zone."""
    day = now().astimezone(ZONE) + timedelta(days=days)
    return day.replace(hour=10, minute=0, second=0, microsecond=0).astimezone(UTC)


def opened(shop: Shop, acting: Acting, slot_id: UUID) -> UUID:
    with acting(shop.owner):
        open_slot(slot_id)
    return slot_id


def test_who_wants_any_time_is_offered_it(shop: Shop, acting: Acting) -> None:
    request_id = shop.person("Ana Ruiz", phone="+16465550101")
    slot_id = shop.slot(at_ten())
    with acting(shop.owner):
        result = open_slot(slot_id)
    assert (result.texted, result.skipped, result.held_back) == (1, {}, 0)
    assert shop.reason(slot_id, request_id) is None
    phone, body, status = shop.texts()[0]
    assert (phone, status) == ("+16465550101", "queued")
    assert "Downtown Dental" in body
    assert "10:00 AM ET" in body
    assert "/c/" in body


def test_the_text_holds_the_link_of_its_offer(shop: Shop, acting: Acting) -> None:
    from nexapp.slots.tokens import hash_token

    shop.people(3)
    opened(shop, acting, shop.slot())
    rows = shop.sql(
        "SELECT m.body, f.token_hash, m.expires_at = s.starts_at, f.message_id = m.id FROM slot_offers f"
        " JOIN messages m ON m.subject_id = f.id JOIN slots s ON s.id = f.slot_id"
    )
    assert len(rows) == 3
    for body, token_hash, expires, linked in rows:
        assert hash_token(body.split("/c/")[1].split()[0]) == bytes(token_hash)
        assert expires
        assert linked


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"status": "paused"}, "paused"),
        ({"ends_on": (now().astimezone(ZONE) - timedelta(days=1)).date()}, "lapsed"),
        ({"ends_on": (now().astimezone(ZONE) + timedelta(days=1)).date()}, "outside_window"),
        ({"starts_on": (now().astimezone(ZONE) + timedelta(days=9)).date()}, "outside_window"),
        ({"opted_out_at": now()}, "opted_out"),
        ({"consent": False}, "no_consent"),
        ({"minutes_needed": 45}, "too_short"),
        ({"minutes_needed": 30}, None),
        ({"ends_on": (now().astimezone(ZONE) + timedelta(days=3)).date()}, None),
        ({"status": "paused", "paused_until": now().astimezone(ZONE).date()}, None),
    ],
)
def test_wishes_and_consent(shop: Shop, acting: Acting, columns: dict[str, object], reason: str | None) -> None:
    request_id = shop.person(**columns)
    slot_id = opened(shop, acting, shop.slot(at_ten()))
    assert shop.reason(slot_id, request_id) == reason
    assert len(shop.texts()) == (reason is None)


def test_staff_and_service_wishes(shop: Shop, acting: Acting) -> None:
    other_service = new_id()
    shop.insert("services", id=other_service, org_id=shop.org_id, name="Whitening")
    staff = shop.person(staff_member_id=shop.other_staff_id)
    service = shop.person(service_id=other_service)
    right = shop.person(staff_member_id=shop.staff_id, service_id=shop.service_id)
    slot_id = opened(shop, acting, shop.slot(at_ten(), service_id=shop.service_id))
    assert [shop.reason(slot_id, r) for r in (staff, service, right)] == ["other_staff", "other_service", None]
    plain = opened(shop, acting, shop.slot(at_ten(4)))
    assert shop.reason(plain, service) is None, "a slot without a service suits any wish"


@pytest.mark.parametrize(
    ("starts", "ends", "fits"),
    [("10:00", "10:30", True), ("09:00", "12:00", True), ("10:01", "12:00", False), ("09:00", "10:29", False)],
)
def test_a_slot_must_fit_inside_a_window(shop: Shop, acting: Acting, starts: str, ends: str, fits: bool) -> None:
    at = at_ten()
    weekday = at.astimezone(ZONE).weekday()
    request_id, elsewhere = shop.person(), shop.person()
    shop.window(request_id, weekday, starts, ends)
    shop.window(request_id, (weekday + 1) % 7, "00:00", "23:59")
    shop.window(elsewhere, (weekday + 1) % 7, starts, ends)
    slot_id = opened(shop, acting, shop.slot(at))
    assert shop.reason(slot_id, request_id) == (None if fits else "outside_window")
    assert shop.reason(slot_id, elsewhere) == "outside_window"


def test_windows_are_wall_time_on_both_sides_of_a_change_of_the_clocks(shop: Shop, acting: Acting) -> None:
    request_id = shop.person()
    for weekday in range(7):
        shop.window(request_id, weekday, "10:00", "10:30")
    for month in (1, 7):
        year = now().year + 1
        at = datetime(year, month, 12, 10, tzinfo=ZONE).astimezone(UTC)
        slot_id = opened(shop, acting, shop.slot(at))
        assert shop.reason(slot_id, request_id) is None


def test_the_end_of_the_day_fits_and_the_next_day_does_not(shop: Shop, acting: Acting) -> None:
    late = at_ten().astimezone(ZONE).replace(hour=23, minute=30)
    request_id = shop.person()
    shop.window(request_id, late.weekday(), "20:00", "23:59")
    to_midnight = opened(shop, acting, shop.slot(late))
    beyond = opened(shop, acting, shop.slot(late, 60, staff_member_id=shop.other_staff_id))
    assert shop.reason(to_midnight, request_id) is None
    assert shop.reason(beyond, request_id) == "outside_window"


def test_an_own_booking_at_that_time(shop: Shop, acting: Acting) -> None:
    busy = shop.person()
    at = at_ten()
    shop.booked(busy, starts_at=at, staff_member_id=shop.other_staff_id)
    slot_id = opened(shop, acting, shop.slot(at))
    assert shop.reason(slot_id, busy) == "overlap"


def test_other_businesses_show_as_limits_only(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    at = at_ten()
    busy, tired, rested = shop.person(), shop.person(), shop.person()
    for mine in (busy, tired, rested):
        consumer_id = shop.consumer_of(mine)
        shop.insert("consumer_profiles", org_id=other_shop.org_id, consumer_id=consumer_id)
    elsewhere = other_shop.slot(at, status="booked", booked_consumer_id=shop.consumer_of(busy), booked_at=now())
    for number in range(3):
        slot = other_shop.slot(at + timedelta(days=number + 1), status="open", round=1)
        shop.insert(
            "slot_offers", id=new_id(), org_id=other_shop.org_id, slot_id=slot, round=1,
            consumer_id=shop.consumer_of(tired), token_hash=new_id().bytes,
        )  # fmt: skip
    shop.insert(
        "slot_offers", id=new_id(), org_id=other_shop.org_id, slot_id=elsewhere, round=1,
        consumer_id=shop.consumer_of(rested), token_hash=new_id().bytes, created_at=now() - timedelta(days=2),
    )  # fmt: skip
    slot_id = opened(shop, acting, shop.slot(at))
    assert [shop.reason(slot_id, r) for r in (busy, tired, rested)] == ["limits", "limits", None]


def test_at_most_three_offers_a_day(shop: Shop, acting: Acting) -> None:
    request_id = shop.person()
    slots = []
    for number in range(4):
        slots.append(opened(shop, acting, shop.slot(at_ten(3 + number))))
        shop.sql("UPDATE messages SET status = 'sent', attempts = 1, sent_at = now()")
    assert [shop.reason(slot, request_id) for slot in slots] == [None, None, None, "limits"]


def test_what_was_withdrawn_counts_for_nothing(shop: Shop, acting: Acting) -> None:
    request_id = shop.person()
    for number in range(3):
        slot_id = opened(shop, acting, shop.slot(at_ten(3 + number)))
        shop.sql("UPDATE messages SET status = 'sent', attempts = 1, sent_at = now() WHERE status = 'queued'")
    shop.sql("UPDATE messages SET status = 'cancelled', attempts = 0, sent_at = NULL WHERE id IN"
             " (SELECT message_id FROM slot_offers WHERE slot_id = %s)", slot_id)  # fmt: skip
    assert shop.reason(opened(shop, acting, shop.slot(at_ten(9))), request_id) is None


def test_who_freed_it_is_not_offered_it_again_in_any_later_round(shop: Shop, acting: Acting) -> None:
    freed, other = shop.person("Freed"), shop.person("Other")
    slot_id = shop.booked(freed)
    with acting(shop.owner):
        result = free_slot(slot_id)
    assert (result.round, result.texted, result.skipped) == (2, 1, {"freed_it": 1})
    opened(shop, acting, slot_id)
    assert [shop.reason(slot_id, r) for r in (freed, other)] == ["freed_it", None]


def test_an_offer_of_this_round_is_not_made_twice(shop: Shop, acting: Acting) -> None:
    request_id = shop.person()
    slot_id = shop.slot()
    shop.offer(slot_id, request_id, round_number=1)
    opened(shop, acting, slot_id)
    assert shop.reason(slot_id, request_id) == "already_offered"
    assert shop.texts() == []


def quiet_now(shop: Shop) -> datetime:
    """Quiet hours from an hour ago for two more; when they end."""
    # Added before it is a time of the wall: on the night of a clock change two hours there are one or three.
    began, ends = ((now() + timedelta(hours=hours)).astimezone(ZONE) for hours in (-1, 2))
    ends = ends.replace(second=0, microsecond=0)
    shop.sql(
        "UPDATE organizations SET quiet_starts = %s, quiet_ends = %s WHERE id = %s",
        began.time(), ends.time(), shop.org_id,
    )  # fmt: skip
    return ends


def test_quiet_hours_hold_the_text_until_they_end(shop: Shop, acting: Acting) -> None:
    ends = quiet_now(shop)
    request_id = shop.person()
    slot_id = shop.slot(now() + timedelta(hours=30))
    with acting(shop.owner):
        result = open_slot(slot_id)
    assert (result.texted, result.held_back) == (1, 1)
    assert shop.reason(slot_id, request_id) is None
    send_at = shop.value("SELECT send_at FROM messages")
    assert send_at >= ends
    assert shop.value("SELECT send_at FROM slot_matches") == send_at


def test_quiet_hours_also_hold_for_somebody_whose_pause_ended_tonight(shop: Shop, acting: Acting) -> None:
    ends = quiet_now(shop)
    request_id = shop.person(status="paused", paused_until=now().astimezone(ZONE).date())
    slot_id = opened(shop, acting, shop.slot(ends + timedelta(hours=5)))
    assert shop.reason(slot_id, request_id) is None
    assert shop.value("SELECT send_at > now() FROM messages")


def test_quiet_hours_skip_when_the_start_is_too_near(shop: Shop, acting: Acting) -> None:
    quiet_now(shop)
    request_id = shop.person()
    slot_id = opened(shop, acting, shop.slot(now() + timedelta(hours=2, minutes=30)))
    assert shop.reason(slot_id, request_id) == "quiet_hours"
    assert shop.texts() == []


def evening_in(shop: Shop, minutes: int) -> tuple[datetime, datetime]:
    """Quiet hours from so many minutes from now, for two hours."""
    begins = (now() + timedelta(minutes=minutes)).astimezone(ZONE).replace(second=0, microsecond=0)
    ends = begins + timedelta(hours=2)
    shop.sql(
        "UPDATE organizations SET quiet_starts = %s, quiet_ends = %s WHERE id = %s",
        begins.time(), ends.time(), shop.org_id,
    )  # fmt: skip
    return begins, ends


NIGHT = "SELECT sleeps_from, sleeps_until, expires_at FROM messages"


def test_a_text_knows_the_night_that_follows(shop: Shop, acting: Acting) -> None:
    begins, ends = evening_in(shop, 60)
    shop.person()
    at = now() + timedelta(hours=30)
    opened(shop, acting, shop.slot(at))
    assert shop.sql(NIGHT) == [(begins, ends, at)]


def test_a_text_held_until_the_morning_knows_the_night_after_it(shop: Shop, acting: Acting) -> None:
    ends = quiet_now(shop)
    shop.person()
    opened(shop, acting, shop.slot(now() + timedelta(hours=30)))
    [(sleeps_from, sleeps_until, _)] = shop.sql(NIGHT)
    assert timedelta(hours=20) < sleeps_from - ends < timedelta(hours=23)
    assert timedelta(hours=23) <= sleeps_until - ends <= timedelta(hours=25)


@pytest.mark.parametrize(("after_night", "in_time"), [(59, False), (60, True)])
def test_a_text_that_would_be_too_late_in_the_morning_is_worth_sending_until_the_evening(
    shop: Shop, acting: Acting, after_night: int, in_time: bool
) -> None:
    begins, ends = evening_in(shop, 60)
    shop.person()
    at = ends + timedelta(minutes=after_night)
    opened(shop, acting, shop.slot(at))
    assert shop.sql(NIGHT) == [(begins, ends, at if in_time else begins)]


def test_who_left_has_no_outcome_and_no_text(shop: Shop, acting: Acting) -> None:
    shop.person(status="left")
    opened(shop, acting, shop.slot())
    assert shop.sql("SELECT * FROM slot_matches") == []


def test_another_business_list_is_never_texted(shop: Shop, other_shop: Shop, acting: Acting) -> None:
    other_shop.people(3)
    with acting(shop.owner):
        assert open_slot(shop.slot()).texted == 0
    assert shop.sql("SELECT count(*) FROM messages") == [(0,)]


def test_every_reason_has_words(app: object) -> None:
    from nexapp.slots.reasons import reason_words

    with shop_context(app):
        for reason in REASONS:
            assert reason_words(reason) != reason.replace("_", " ") or reason == "paused"


def shop_context(app: object) -> AbstractContextManager[object]:
    return app.test_request_context()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.slow
def test_ten_thousand_people_are_gone_through_by_a_job(
    shop: Shop, acting: Acting, statements: list[str], run_jobs: Callable[[], None]
) -> None:
    crowd(shop, 10_000)
    slot_id = shop.slot()
    with acting(shop.owner):
        result = open_slot(slot_id)
    assert (result.listed, result.texted) == (10_000, 0)
    assert len(statements) < 30, "the merchant doesn't wait for the list"
    statements.clear()
    run_jobs()
    assert shop.value("SELECT count(*) FROM messages") == 10_000
    assert shop.value("SELECT count(*) FROM slot_matches WHERE outcome = 'offered'") == 10_000
    assert shop.sql("SELECT state, fitting FROM slot_rounds WHERE slot_id = %s", slot_id) == [("done", 10_000)]
    assert len(statements) < 50, "a few statements, whatever the length of the list"


def crowd(shop: Shop, people: int) -> None:
    shop.sql(
        "INSERT INTO consumers (id, phone, time_zone, region) SELECT gen_random_uuid(), '+1646' || (2000000 + n),"
        " 'America/New_York', 'US-NY' FROM generate_series(1, %s) n", people,
    )  # fmt: skip
    shop.sql(
        "INSERT INTO consumer_profiles (org_id, consumer_id, name) SELECT %s, id, 'Ana' FROM consumers", shop.org_id
    )
    shop.sql(
        "INSERT INTO consents (id, org_id, consumer_id, kind, wording, source) SELECT gen_random_uuid(), %s, id,"
        " 'waiting_list', 'Yes', 'public_page' FROM consumers", shop.org_id,
    )  # fmt: skip
    shop.sql(
        "INSERT INTO notify_requests (id, org_id, consumer_id, token_hash) SELECT gen_random_uuid(), %s, id,"
        " sha256(phone::bytea) FROM consumers", shop.org_id,
    )  # fmt: skip
    shop.sql("ANALYZE consumers, consumer_profiles, consents, notify_requests")
