"""Builds the app: the one file that imports every part."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_babel import Babel
from flask_migrate import Migrate
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from nexapp import cli
from nexapp.identity import wiring as identity
from nexapp.messaging import wiring as messaging
from nexapp.notifications import wiring as notifications
from nexapp.operations import wiring as operations
from nexapp.sales import wiring as sales
from nexapp.settings import Settings, load_settings
from nexapp.slots import wiring as slots
from nexapp.spine import access, config, db, events, logs, realtime, sockets, webhooks
from nexapp.spine.web import failures, files, headers, templating, tracing
from nexapp.spine.web.api.openapi import routes as api_routes
from nexapp.spine.web.application import NexFlask, csrf

ROOT = Path(__file__).resolve().parents[1]
LARGEST_REQUEST = 2 * 1024 * 1024
PARTS = (identity, messaging, notifications, slots, sales, operations)
COMMON_JOBS = (events, webhooks)
"""Modules of the spine that register jobs: every process must know them."""


def build(settings: Settings | None = None) -> Flask:
    """Build the app. Raises `settings.ConfigurationError` with every problem of the environment."""
    settings = settings or load_settings()
    app = NexFlask("nexapp", template_folder=str(ROOT / "templates"), static_folder=None)
    _configure(app, settings)
    _install(app, settings)
    for part in PARTS:
        part.register(app)
    app.register_blueprint(api_routes)
    cli.register(app)
    access.refuse_unguarded_routes(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.serves_https,
        PERMANENT_SESSION_LIFETIME=30 * 86400,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        BABEL_DEFAULT_LOCALE="en",
        PROPAGATE_EXCEPTIONS=False,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _install(app: Flask, settings: Settings) -> None:
    logs.configure_logs(settings)
    db.configure(app, settings)
    config.configure_redis(app, settings.redis_url)
    realtime.configure(app, settings.redis_url)
    csrf.init_app(app)
    Htmx(app)
    Babel(app)
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    for layer in (tracing, failures, headers, templating):
        layer.configure(app)
    files.configure(app, str(ROOT / "static"))
    app.extensions["watch_sockets"] = sockets.watch_sessions
