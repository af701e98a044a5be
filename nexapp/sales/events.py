"""What happens to prospects, for others of this part to act on. What names several ids is handled inline only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ProspectsAdded:
    """`source`: app, api or import; an import tells of a thousand at once."""

    org_id: UUID
    prospect_ids: tuple[UUID, ...]
    user_id: UUID | None
    source: str


@dataclass(frozen=True, slots=True)
class StageChanged:
    """`outcome` of the new stage: open, won or lost."""

    org_id: UUID
    prospect_id: UUID
    user_id: UUID | None
    from_stage_id: UUID
    stage_id: UUID
    outcome: str


@dataclass(frozen=True, slots=True)
class ProspectsDeleted:
    """They are in the trash, and may come back."""

    org_id: UUID
    prospect_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ProspectReplied:
    """They wrote back, or somebody noted that they did. `channel`: text, email, call or other."""

    org_id: UUID
    prospect_id: UUID
    channel: str


@dataclass(frozen=True, slots=True)
class FollowUpClosed:
    """A follow-up that a sequence made is out of the way: done, or cancelled (its step is skipped)."""

    org_id: UUID
    follow_up_id: UUID
    enrolment_id: UUID
    step: int


@dataclass(frozen=True, slots=True)
class FollowUpReopened:
    """The same, taken back."""

    org_id: UUID
    follow_up_id: UUID
    enrolment_id: UUID
    step: int
