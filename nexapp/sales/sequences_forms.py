"""A sequence as it is typed: its name, what ends it, and its steps one below the other."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Form, FormField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, ValidationError

from nexapp.identity.fields import AtMost, Named, WholeNumberField, one_line, readable
from nexapp.sales import sequence_wording
from nexapp.sales.sequences import LONGEST_WAIT, MOST_STEPS, SequenceDraft, StepDraft
from nexapp.sales.when import NINE
from nexapp.spine.errors import BadInput
from nexapp.spine.web.forms import PageForm, Rows

CHANNEL_WORDS = {"text": _("Text"), "email": _("E-mail"), "call": _("Call"), "other": _("Something else")}


class _Worded:
    """Validator: words that can be filled in."""

    field_flags = {"required": True, "maxlength": sequence_wording.LONGEST_BODY}

    def __call__(self, _form: Any, field: Any) -> None:
        try:
            sequence_wording.check(field.data or "")
        except BadInput as error:
            raise ValidationError(error.sentence) from None


class StepForm(Form):  # type: ignore[misc]
    wait_days = WholeNumberField(_("Days to wait"), least=0, most=LONGEST_WAIT, default="2")
    at_time = TimeField(_("Time"), [InputRequired(_("Enter the time, such as 09:30."))], default=NINE)
    channel = SelectField(_("By"), [InputRequired()], choices=list(CHANNEL_WORDS.items()))
    subject = StringField(_("Subject"), [AtMost(150)], filters=[one_line])
    body = TextAreaField(_("Words"), [_Worded()], filters=[readable])


class SequenceForm(PageForm):
    name = StringField(_("Name"), [Named(_("Give the sequence a name."), 80)], filters=[one_line])
    stops_on_reply = BooleanField(_("Stop when they reply"), default=True)
    stops_on_stage = BooleanField(_("Stop when they move to another stage"), default=True)
    steps = Rows(FormField(StepForm), min_entries=1, max_entries=MOST_STEPS)

    def draft(self) -> SequenceDraft:
        steps = tuple(
            StepDraft(
                step.wait_days.number or 0, step.at_time.data.replace(second=0, microsecond=0), step.channel.data,
                step.body.data, step.subject.data or "",
            )
            for step in (entry.form for entry in self.steps)
        )  # fmt: skip
        return SequenceDraft(self.name.data, steps, bool(self.stops_on_reply.data), bool(self.stops_on_stage.data))

    def add_step(self) -> None:
        if len(self.steps) < MOST_STEPS:
            self.steps.append_entry({"wait_days": "2", "at_time": NINE, "channel": "text"})

    def remove_step(self, number: int) -> None:
        """Those below it move up; the last one stays."""
        kept = [entry.data for place, entry in enumerate(self.steps) if place != number]
        if kept and len(kept) < len(self.steps):
            while len(self.steps):
                self.steps.pop_entry()
            for data in kept:
                self.steps.append_entry(data)
