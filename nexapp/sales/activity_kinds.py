"""What can be recorded as done, and what it counts for: data that every area of this part reads."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class ActivityKind:
    name: str
    label: LazyString
    icon: str
    counts: bool
    """For streaks."""
    touches: bool
    """Whether the prospect was in touch: the score's recency and the quiet spells begin anew."""


_ALL = (
    ActivityKind("scan", _("Scan"), "scan", counts=True, touches=False),
    ActivityKind("ai_message", _("Message drafted"), "message", counts=True, touches=False),
    ActivityKind("pitch_deck", _("Pitch deck"), "presentation", counts=True, touches=False),
    ActivityKind("pipeline_add", _("Prospect added"), "user-plus", counts=True, touches=False),
    ActivityKind("follow_up_sent", _("Follow-up sent"), "send", counts=True, touches=True),
    ActivityKind("mission_completed", _("Mission completed"), "target", counts=True, touches=False),
    ActivityKind("call", _("Call"), "phone", counts=False, touches=True),
    ActivityKind("meeting", _("Meeting"), "users", counts=False, touches=True),
    ActivityKind("reply", _("Reply"), "message-reply", counts=False, touches=True),
    ActivityKind("email", _("E-mail"), "mail", counts=False, touches=True),
    ActivityKind("text", _("Text"), "message", counts=False, touches=True),
    ActivityKind("note", _("Note"), "note", counts=False, touches=False),
)
KINDS = {kind.name: kind for kind in _ALL}
COUNTING = tuple(kind.name for kind in _ALL if kind.counts)
BY_HAND = ("call", "meeting", "reply", "email", "text")
"""What somebody says that happened: elsewhere, so that nothing here has seen it."""
