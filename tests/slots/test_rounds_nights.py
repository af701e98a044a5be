"""The law's night holds whatever a business has set, where the installation keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask

from nexapp.settings import ConfigurationError, load_settings
from nexapp.slots.opening import open_slot
from nexapp.spine.clock import now
from nexapp.spine.tenancy import Actor
from tests.slots.merchant_world import Shop

Acting = Callable[[Actor], AbstractContextManager[None]]


@pytest.fixture
def floor(app: Flask) -> Iterator[None]:
    before = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={"quiet_hours_floor": True})
    yield
    app.extensions["settings"] = before


def zone_at(hour: int) -> str:
    """A zone where it is about that hour now."""
    by_hour = {(now().hour + offset) % 24: f"Etc/GMT{-offset:+}" for offset in range(-11, 13)}
    return by_hour[hour]


@pytest.mark.parametrize(("hour", "held_back"), [(2, 1), (22, 1), (12, 0)])
def test_a_business_cannot_text_in_the_laws_night(
    shop: Shop, acting: Acting, floor: None, hour: int, held_back: int
) -> None:
    shop.sql("UPDATE organizations SET time_zone = %s", zone_at(hour))
    shop.person()
    shop.sql("UPDATE consumers SET time_zone = %s, region = ''", zone_at(hour))
    slot_id = shop.slot(now() + timedelta(days=3))
    with acting(shop.owner):
        assert open_slot(slot_id).held_back == held_back


def test_at_the_local_phone_a_demo_works_at_any_hour(shop: Shop, acting: Acting) -> None:
    shop.sql("UPDATE organizations SET time_zone = %s", zone_at(2))
    shop.person()
    shop.sql("UPDATE consumers SET time_zone = %s, region = ''", zone_at(2))
    slot_id = shop.slot(now() + timedelta(days=3))
    with acting(shop.owner):
        assert open_slot(slot_id).held_back == 0


def test_the_floor_stays_beside_a_real_provider() -> None:
    real = {
        "DATABASE_URL": "postgresql://u:p@localhost/x", "REDIS_URL": "redis://localhost", "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "+12125550100",
    }  # fmt: skip
    assert load_settings(real).keeps_quiet_floor
    with pytest.raises(ConfigurationError, match="QUIET_HOURS_FLOOR"):
        load_settings({**real, "QUIET_HOURS_FLOOR": "0"})
