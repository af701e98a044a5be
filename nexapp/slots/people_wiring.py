"""Registers the business's side of the waiting list: its pages and its jobs."""

from __future__ import annotations

from nexapp.slots import invitations, person_views

PAGES = (person_views,)
"""They add their routes to the blueprint of slots by being imported."""


def register() -> None:
    invitations.register()
