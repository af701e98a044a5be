"""Which organisations have prospects."""

from __future__ import annotations

from nexapp.identity.kinds import only_for

PART = __name__.rpartition(".")[0]
WITH_PROSPECTS = ("sales",)

refuse_without_prospects = only_for(WITH_PROSPECTS, PART)
