"""Registers the business's side of the waiting list: its pages and its jobs."""

from __future__ import annotations

from nexapp.slots import invitations, person_views, poster_views
from nexapp.slots.importing import batches, views
from nexapp.slots.importing import jobs as import_jobs

PAGES = (person_views, poster_views, views)
"""They add their routes to the blueprint of slots by being imported."""

JOBS = (import_jobs,)


def register() -> None:
    invitations.register()
    batches.register()
