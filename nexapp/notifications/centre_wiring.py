"""Registers the bell and the centre with the app."""

from flask import Flask

# The imports register their table and their routes.
from nexapp.notifications import bell_views, centre_change_views, centre_models, centre_views  # noqa: F401
from nexapp.notifications.bell import provide_bell


def register(app: Flask) -> None:
    app.context_processor(provide_bell)
