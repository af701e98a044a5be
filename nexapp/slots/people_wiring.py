"""Registers the business's side of the waiting list: its pages and its jobs."""

from __future__ import annotations

from nexapp.slots import invitations


def register() -> None:
    invitations.register()
