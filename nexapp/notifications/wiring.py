"""Registers this part with the app."""

from flask import Flask

# The imports register their tables and their routes.
from nexapp.notifications import models  # noqa: F401
from nexapp.notifications.blueprint import pages


def register(app: Flask) -> None:
    app.register_blueprint(pages)
