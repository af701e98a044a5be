"""NexApp: tells the right person, at once, about the thing that earns money if somebody acts on it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from nexapp.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app. Raises `settings.ConfigurationError` with every problem of the environment.

    The parts are imported here and not above: the launcher imports `nexapp.local` without them, and the web
    entry patches the standard library before any of them.
    """
    from nexapp.factory import build

    return build(settings)
