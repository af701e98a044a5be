"""Which organisations have slots."""

from __future__ import annotations

from nexapp.identity.addresses import WITH_SLOTS
from nexapp.identity.kinds import only_for

PART = __name__.rpartition(".")[0]
SENDS_ON = "slots.home"
"""The start page: it leads each person to their own."""

refuse_without_slots = only_for(WITH_SLOTS, PART, but=SENDS_ON)
