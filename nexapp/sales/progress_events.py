"""What follows, in the same transaction, when prospects are added or moved."""

from __future__ import annotations

from uuid import UUID

from nexapp.sales import achievements, streaks
from nexapp.sales.activities import SIGNAL, record_activity, zone_of
from nexapp.sales.events import ProspectsAdded, StageChanged
from nexapp.sales.prospects import works_here
from nexapp.sales.scoring import THESE, rescore, rescore_prospects, tell_hot
from nexapp.spine.columns import join
from nexapp.spine.events import on
from nexapp.spine.jobs import enqueue, job
from nexapp.spine.realtime import publish
from nexapp.spine.wall_times import today_in

BY_HAND = ("app", "api")


@on(ProspectsAdded, inline=True)
def score_what_was_added(event: ProspectsAdded) -> None:
    """No lock: nobody else sees these rows yet. A file of many counts as one thing done for each part of it."""
    tell_hot(rescore(THESE, cause="added", prospect_ids=join(event.prospect_ids)).crossings)
    if event.user_id is None:
        return
    if event.source in BY_HAND:
        for prospect_id in event.prospect_ids:
            record_activity(event.user_id, "pipeline_add", prospect_id, source=event.source, org_id=event.org_id)
    else:
        # Later: a part of a file must not hold the person's streak while it is written.
        enqueue("count_import", user_id=str(event.user_id), count=len(event.prospect_ids))


@job("count_import")
def count_import(user_id: str, count: int) -> None:
    # Whoever has left meanwhile has nothing to keep up any more.
    if works_here(UUID(user_id)):
        record_activity(UUID(user_id), "pipeline_add", source="import", details={"count": count})


@on(StageChanged, inline=True)
def follow_the_stage(event: StageChanged) -> None:
    """Who is won or lost has no score; the first win is an achievement of whoever moved it there."""
    rescore_prospects([event.prospect_id], cause="stage")
    if event.outcome == "won" and event.user_id:
        today = today_in(zone_of(event.org_id, event.user_id))
        streaks.lock(event.org_id, event.user_id)
        if achievements.award(event.org_id, event.user_id, achievements.FIRST_WON, today):
            publish(f"user:{event.user_id}", SIGNAL)
