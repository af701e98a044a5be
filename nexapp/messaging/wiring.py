"""Registers this part with the app."""

from flask import Flask
from flask_babel import lazy_gettext as _

from nexapp.identity.addresses import WITH_SLOTS

# The imports register their handlers and their routes.
from nexapp.messaging import (  # noqa: F401
    canned_pages,
    codes,
    email_letters,
    inbound,
    inbox_pages,
    push_keys,
    receipts,
    template_pages,
    views,
)
from nexapp.messaging.blueprint import pages
from nexapp.messaging.dispatch import MessageDrain
from nexapp.messaging.email_outbox import QUEUE as EMAILS
from nexapp.messaging.email_sending import EmailDrain
from nexapp.messaging.outbox import QUEUE
from nexapp.messaging.push_sending import QUEUE as PUSHES
from nexapp.messaging.push_sending import PushDrain
from nexapp.spine.jobs import register_drain
from nexapp.spine.tenancy import Role
from nexapp.spine.web.navigation import Item, add_item, add_setting


def register(app: Flask) -> None:
    app.register_blueprint(pages)
    register_drain(QUEUE, MessageDrain())
    register_drain(EMAILS, EmailDrain())
    register_drain(PUSHES, PushDrain(app.extensions["settings"].push_in_flight))
    add_item(Item(_("Inbox"), "messaging.inbox", "inbox", 130, Role.VIEWER, WITH_SLOTS, badge="messaging.inbox_count"))
    for item in _SETTINGS:
        add_setting(item)


_SETTINGS = (
    Item(_("Texts"), "messaging.texts", "message", 50, Role.MANAGER, WITH_SLOTS,
         note=_("What the texts to clients say, with a preview and a test.")),
    Item(_("Ready answers"), "messaging.canned_replies", "messages", 55, Role.MANAGER, WITH_SLOTS,
         note=_("Answers that you give often, ready to insert in the inbox.")),
)  # fmt: skip
