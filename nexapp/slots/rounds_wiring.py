"""Registers rounds of offers with the app: the page of several slots, and who moves rounds on."""

from __future__ import annotations

from flask import Flask

from nexapp.slots import rounds, rounds_views, several_views
from nexapp.spine.schedule import schedule

JOBS = (rounds.advance_round, rounds.revive_rounds, rounds.requeue_withdrawn)
PAGES = rounds_views
"""Adds its routes to the pages of slots by being imported."""


def register(app: Flask) -> None:
    app.register_blueprint(several_views.blueprint)
    schedule("revive_rounds", cron="* * * * *", job="revive_rounds")
