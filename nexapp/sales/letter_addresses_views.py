"""The pages behind the link in a letter to a prospect. Opening it changes nothing: programs open links, too."""

from __future__ import annotations

from flask import Response

from nexapp.identity.business_settings import get_business
from nexapp.sales.blueprint import pages
from nexapp.sales.letter_addresses import allow_letters, get_address, read_link, stop_letters
from nexapp.spine.access import link
from nexapp.spine.errors import Gone, NotFound
from nexapp.spine.tenancy import Actor, Role
from nexapp.spine.web.pages import page


def _team_of(token: str) -> Actor | None:
    found = read_link(token)
    return Actor(Role.LINK, found.org_id, None) if found else None


@pages.get("/e/<token>")
@link(_team_of)
def letters(token: str) -> Response:
    return _page(token)


@pages.post("/e/<token>")
@link(_team_of)
def stop_letters_by_link(token: str) -> Response:
    if (found := read_link(token)) is not None:
        stop_letters(found.address_id)
    return _page(token, is_done=True)


@pages.post("/e/<token>/undo")
@link(_team_of)
def allow_letters_by_link(token: str) -> Response:
    if (found := read_link(token)) is not None:
        allow_letters(found.address_id)
    return _page(token)


def _page(token: str, *, is_done: bool = False) -> Response:
    found = read_link(token)
    try:
        address = get_address(found.address_id) if found else None
    except NotFound:
        address = None
    if address is None:
        return page("sales/letters.html", status=Gone.status, address=None)
    return page("sales/letters.html", address=address, team=get_business().name, token=token, is_done=is_done)
