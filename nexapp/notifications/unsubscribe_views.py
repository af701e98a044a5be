"""The pages behind the link that every e-mail of a notice carries."""

from __future__ import annotations

from flask import Response

from nexapp.notifications.blueprint import pages
from nexapp.notifications.unsubscribe import Subscription, gets_them, read_token, resubscribe, unsubscribe
from nexapp.spine.access import link
from nexapp.spine.errors import Gone
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.web.pages import page


def _person_of(token: str) -> Actor | None:
    found = read_token(token)
    return Actor(Role.LINK, None, found.user_id) if found else None


@pages.get("/u/<token>")
@link(_person_of)
def subscription(token: str) -> Response:
    return _page(token)


@pages.post("/u/<token>")
@link(_person_of)
def stop_emails(token: str) -> Response:
    if (found := read_token(token)) is not None and gets_them(found):
        unsubscribe(found)
    return _page(token, is_done=True)


@pages.post("/u/<token>/undo")
@link(_person_of)
def get_emails_again(token: str) -> Response:
    if (found := read_token(token)) is not None:
        resubscribe(found)
    return _page(token)


def _page(token: str, *, is_done: bool = False) -> Response:
    found: Subscription | None = read_token(token)
    if found is None:
        return page("notifications/unsubscribe.html", status=Gone.status, found=None)
    return page(
        "notifications/unsubscribe.html", found=found, token=token, is_on=gets_them(found), is_done=is_done,
        is_digest=found.name == "digest",
    )  # fmt: skip
