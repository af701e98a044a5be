"""What every page shows of somebody's notices: the number on the bell, before any script has run."""

from __future__ import annotations

from functools import cached_property
from uuid import UUID

from nexapp.identity.businesses import list_places
from nexapp.notifications.queries import count_unread
from nexapp.spine.access import reader
from nexapp.spine.tenancy import current_actor
from nexapp.spine.unit import in_unit


class Bell:
    """Asked for only where the layout shows it."""

    @cached_property
    def unread(self) -> int | None:
        """None where nothing can be asked (an error page): the page's script asks instead."""
        actor = reader()
        if actor is None or actor.user_id is None or not in_unit():
            return None
        return count_unread(actor.user_id)


def provide_bell() -> dict[str, Bell]:
    return {"bell": Bell()}


def other_places() -> dict[UUID, str]:
    """The person's businesses beside the chosen one, by name: a notice of theirs says so."""
    actor = current_actor()
    assert actor.user_id is not None  # noqa: S101 - the views are for signed-in people
    return {place.org_id: place.name for place in list_places(actor.user_id) if place.org_id != actor.org_id}
