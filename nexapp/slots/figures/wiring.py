"""Registers the figures with the app."""

from __future__ import annotations

from flask import Flask

from nexapp.slots.figures import jobs, models  # noqa: F401 - the tables must be known


def register(_app: Flask) -> None:
    jobs.register()
