"""The order in which texts leave: every lane goes before the next one, and businesses take turns within a lane."""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    CODES = 0
    ANSWERS = 1
    """Confirmations and answers: the person asked for them this minute."""
    REMINDERS = 2
    OFFERS = 3


CODES, ANSWERS, REMINDERS, OFFERS = Lane.CODES, Lane.ANSWERS, Lane.REMINDERS, Lane.OFFERS

UNASKED = REMINDERS
"""From this lane on nobody asked for the text: an opt-out and the spend cap hold it back."""

HEEDING = ("reply", "template_test")
"""Purposes that an opt-out holds back in every lane: written by hand, and nobody waits for them."""

HEEDING_SQL = ", ".join(f"'{purpose}'" for purpose in HEEDING)
