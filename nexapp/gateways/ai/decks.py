"""Outlines of pitch decks, from what is known of the prospect alone: nothing is made up, gaps are asked about."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.gateways.ai import Facts, Slide


def outline_deck(facts: Facts) -> list[Slide]:
    slides = [_cover(facts), _about(facts), _so_far(facts), _proposal(facts), _next_steps(facts)]
    return [slide for slide in slides if slide.lines]


def _cover(facts: Facts) -> Slide:
    for_whom = facts.company or facts.name
    by = [part for part in (facts.sender, facts.sender_company) if part]
    return Slide(_("A proposal for %(name)s", name=for_whom), [*by, _("Prepared for %(name)s", name=facts.name)])


def _about(facts: Facts) -> Slide:
    lines = []
    if facts.role and facts.company:
        lines.append(_("%(name)s, %(role)s at %(company)s", name=facts.name, role=facts.role, company=facts.company))
    elif facts.role or facts.company:
        lines.append(f"{facts.name}, {facts.role or facts.company}")
    if facts.location:
        lines.append(_("Based in %(place)s", place=facts.location))
    lines.append(_("What do you want to get done this quarter?"))
    lines.append(_("What keeps you from it today?"))
    return Slide(_("What we know about you"), lines)


def _so_far(facts: Facts) -> Slide:
    lines = []
    if facts.meetings:
        lines.append(ngettext("We met %(num)s time", "We met %(num)s times", facts.meetings))
    if facts.replies:
        lines.append(ngettext("You wrote to us %(num)s time", "You wrote to us %(num)s times", facts.replies))
    if facts.days_silent is not None:
        days = ngettext("%(num)s day ago", "%(num)s days ago", facts.days_silent)
        lines.append(
            _("We were last in touch today")
            if not facts.days_silent
            else _("We were last in touch %(when)s", when=days)
        )
    return Slide(_("Where we stand"), lines)


def _proposal(facts: Facts) -> Slide:
    lines = [_("Start small: one team, one month"), _("Measure what changes before you decide on more")]
    if facts.value:
        lines.append(_("Volume of the whole: %(value)s", value=facts.value))
    return Slide(_("What we propose"), lines)


def _next_steps(facts: Facts) -> Slide:
    lines = [_("A call of 15 minutes to agree on the goal"), _("A plan in writing within two days")]
    lines.append(_("Your decision, without any hurry"))
    if facts.sender:
        lines.append(_("Your contact: %(name)s", name=facts.sender))
    return Slide(_("Next steps"), lines)
