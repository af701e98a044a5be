"""Registers the calendar and the settings that it reads."""

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.slots import adding_views, services_views  # noqa: F401 - they add their routes
from nexapp.slots.calendar import hour_views, move_views, pattern_views  # noqa: F401 - they add their routes
from nexapp.slots.calendar.views import calendar
from nexapp.slots.times import clock_words
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_setting


def register(app: Flask) -> None:
    app.register_blueprint(calendar)
    app.jinja_env.filters["clock"] = clock_words
    add_setting(
        Item(
            _("Services"), "slots.services_page", "list-details", 210, Role.MANAGER, WITH_SLOTS,
            note=_("What you do, how long it takes, what it costs."),
        )
    )  # fmt: skip
    add_setting(
        Item(
            _("Opening hours"), "calendar.hours_page", "clock", 220, Role.MANAGER, WITH_SLOTS,
            note=_("When you are open, and the days that differ."),
        )
    )  # fmt: skip
    add_setting(
        Item(
            _("Blocked times"), "calendar.blocks", "calendar-off", 230, Role.STAFF, WITH_SLOTS,
            note=_("Lunch, holidays, training: times in which nobody can be booked."),
        )
    )  # fmt: skip
