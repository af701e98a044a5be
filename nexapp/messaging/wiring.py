"""Registers this part with the app."""

from flask import Flask

# The imports register their handlers.
from nexapp.messaging import codes, inbound, receipts  # noqa: F401
from nexapp.messaging.dispatch import MessageDrain
from nexapp.messaging.outbox import QUEUE
from nexapp.messaging.views import blueprint
from nexapp.spine.jobs import register_drain


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
    register_drain(QUEUE, MessageDrain())
