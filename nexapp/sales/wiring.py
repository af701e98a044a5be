"""Registers this part with the app."""

from flask import Flask

# The imports register their tables and their routes.
from nexapp.sales import (  # noqa: F401
    api_wiring,
    follow_ups_wiring,
    models,
    notices,
    progress_wiring,
    prospects_wiring,
    rhythm_wiring,
)
from nexapp.sales.blueprint import pages
from nexapp.sales.kinds import refuse_without_prospects


def register(app: Flask) -> None:
    notices.register()
    app.before_request(refuse_without_prospects)
    prospects_wiring.register()
    progress_wiring.register()
    rhythm_wiring.register()
    follow_ups_wiring.register()
    app.register_blueprint(pages)
