"""Fills one house of the demo: its history, its week, its list, its calendar and its figures."""

from __future__ import annotations

from nexapp.slots.demo.booking_systems import seed_booking_systems
from nexapp.slots.demo.calendar import seed_calendar
from nexapp.slots.demo.cast import BARBERS, DENTAL
from nexapp.slots.demo.claims import seed_claims
from nexapp.slots.demo.figures import seed_figures
from nexapp.slots.demo.history import seed_history
from nexapp.slots.demo.messages import seed_messages
from nexapp.slots.demo.rounds import seed_asking
from nexapp.slots.demo.seeding import Seeded
from nexapp.slots.demo.waiting_list import seed_invited
from nexapp.slots.demo.week import FEW, PLANS, seed_week

PLANNED = {DENTAL.slug: PLANS, BARBERS.slug: FEW}


def seed_house(seeded: Seeded) -> None:
    if not seeded.house.people:
        return
    seed_history(seeded)
    seed_week(seeded, PLANNED[seeded.house.slug])
    for seed in (
        seed_claims, seed_invited, seed_asking, seed_calendar, seed_messages, seed_figures, seed_booking_systems,
    ):  # fmt: skip
        seed(seeded)
