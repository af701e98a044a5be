"""Why a merchant's step is refused. What a claim page refuses is in `claim_errors`."""

from __future__ import annotations

from flask_babel import gettext as _

from nexapp.spine.errors import BadInput, Conflict, Forbidden
from nexapp.spine.wall_times import TimeDoesNotExist as TimeDoesNotExist
from nexapp.spine.wall_times import TimeHappensTwice as TimeHappensTwice


class SlotChanged(Conflict):
    """The state a merchant's step needs is gone. Nothing was changed."""

    code = "slot_changed"

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or _("This slot has changed meanwhile. The page now shows how it stands."))


class TooLateToOffer(Conflict):
    """The start is nearer than the business's shortest notice."""

    code = "too_late_to_offer"

    def __init__(self, notice_minutes: int) -> None:
        super().__init__(
            _(
                "This slot starts in less than %(minutes)s minutes, so nobody is texted any more.",
                minutes=notice_minutes,
            )
        )


class NotYourSlot(Forbidden):
    """Staff see every slot and change their own."""

    code = "not_your_slot"

    def __init__(self) -> None:
        super().__init__(_("You can change only your own slots. A manager can change this one."))


class SlotOverlaps(BadInput):
    """The staff member has another slot at that time."""

    code = "slot_overlaps"
