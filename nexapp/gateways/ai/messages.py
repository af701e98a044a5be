"""Drafts of messages: what fits the state of things, in one of three tones, from what is known alone."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from nexapp.gateways.ai import Draft, Facts

LONG_AGO = 14


def draft_message(facts: Facts, tone: str) -> Draft:
    if tone == "short":
        return Draft(
            _subject(facts), f"{_greeting(facts, tone)} {_opening(facts)} {_ask(facts, tone)}\n{facts.sender}".strip()
        )
    paragraphs = [_greeting(facts, tone), _opening(facts), _offer(facts), _ask(facts, tone), _close(facts, tone)]
    return Draft(_subject(facts), "\n\n".join(part for part in paragraphs if part))


def _subject(facts: Facts) -> str:
    if facts.company and facts.sender_company:
        return _("%(theirs)s and %(ours)s", theirs=facts.company, ours=facts.sender_company)
    if facts.days_silent is None:
        return _("A short introduction")
    return _("Where we left off")


def _greeting(facts: Facts, tone: str) -> str:
    first = facts.name.split()[0] if facts.name.split() else facts.name
    if tone == "formal":
        return _("Dear %(name)s,", name=facts.name)
    return _("Hi %(name)s,", name=first)


def _opening(facts: Facts) -> str:
    if facts.days_silent is None:
        return _first_words(facts)
    if facts.meetings and facts.days_silent <= LONG_AGO:
        return _("thank you for the time you took when we met. I have thought about what you told me.")
    if facts.replies and facts.days_silent <= LONG_AGO:
        return _("thank you for your answer. It helps me to see what matters to you.")
    if facts.days_silent > LONG_AGO:
        return ngettext(
            "it has been %(num)s day since we were in touch, and I did not want to let it rest.",
            "it has been %(num)s days since we were in touch, and I did not want to let it rest.",
            facts.days_silent,
        )
    return _("I am coming back to my last message.")


def _first_words(facts: Facts) -> str:
    who = facts.sender_company or facts.sender
    if facts.role and facts.company:
        return _("I am writing from %(who)s because you are %(role)s at %(company)s.",
                 who=who, role=facts.role, company=facts.company)  # fmt: skip
    if facts.company:
        return _("I am writing from %(who)s about %(company)s.", who=who, company=facts.company)
    return _("I am writing from %(who)s to introduce myself.", who=who)


def _offer(facts: Facts) -> str:
    if facts.stage and facts.value:
        return _("We are at “%(stage)s”, and I would like to make the next step easy for you.", stage=facts.stage)
    if facts.company:
        return _(
            "I would like to hear what %(company)s wants to get done this quarter, and say honestly whether we help.",
            company=facts.company,
        )
    return _("I would like to hear what you want to get done this quarter, and say honestly whether we help.")


def _ask(facts: Facts, tone: str) -> str:
    if tone == "short":
        return _("Do you have 10 minutes this week?")
    if facts.meetings:
        return _("Would Tuesday or Thursday suit you for the next step?")
    return _("Would 15 minutes on Tuesday or Thursday suit you?")


def _close(facts: Facts, tone: str) -> str:
    word = _("Kind regards") if tone == "formal" else _("Best")
    return "\n".join(part for part in (f"{word},", facts.sender, facts.sender_company) if part)
