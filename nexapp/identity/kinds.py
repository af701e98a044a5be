"""Parts that only some kinds of organisation have: to the others their pages don't exist, whoever knows the address."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flask import current_app, g, request

from nexapp.spine.access import access_of, principal
from nexapp.spine.errors import NotFound


def only_for(kinds: Collection[str], part: str, but: str | None = None) -> Callable[[], None]:
    """A check before each request: raises `NotFound` at members' pages of the package `part` for other kinds.

    The endpoint `but` leads each person on to their own page.
    """

    def refuse_others() -> None:
        endpoint = request.endpoint
        if endpoint in {None, but} or not str(current_app.view_functions[str(endpoint)].__module__).startswith(
            f"{part}."
        ):
            return
        access = access_of(current_app, str(endpoint))
        if access is None or access.kind != "member":
            return
        found = principal()
        if found is not None and found.org_id is not None and g.get("org_kind", "business") not in kinds:
            raise NotFound

    return refuse_others
