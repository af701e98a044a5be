"""Registers the other booking systems with the app."""

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.slots.booking_systems import calendar_views, handling  # noqa: F401 - they add their routes and jobs
from nexapp.slots.booking_systems.deliveries import forget_old
from nexapp.slots.booking_systems.hooks import blueprint
from nexapp.slots.booking_systems.views import pages
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_setting


@job("forget_booking_deliveries")
def forget_booking_deliveries() -> None:
    forget_old()


def register(app: Flask) -> None:
    app.register_blueprint(pages)
    app.register_blueprint(blueprint)
    schedule("poll_feeds", cron="*/5 * * * *", job="poll_feeds")
    schedule("forget_booking_deliveries", cron="40 4 * * *", job="forget_booking_deliveries")
    add_setting(
        Item(
            _("Booking systems"), "booking_systems.index", "arrows-exchange", 400, Role.MANAGER, WITH_SLOTS,
            note=_("A booking cancelled over there opens its time here."),
        )
    )  # fmt: skip
    add_setting(
        Item(
            _("Calendar addresses"), "booking_systems.calendar_addresses", "calendar-share", 410, Role.STAFF,
            WITH_SLOTS, note=_("Your slots in Google, Apple or Outlook calendars."),
        )
    )  # fmt: skip
