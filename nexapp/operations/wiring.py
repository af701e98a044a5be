"""Registers this part with the app."""

from flask import Flask

from nexapp.operations import health_views  # noqa: F401 - its routes
from nexapp.operations.blueprint import pages


def register(app: Flask) -> None:
    app.register_blueprint(pages)
