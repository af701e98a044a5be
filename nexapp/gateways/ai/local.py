"""The local provider: rules, no network, the same answer each time."""

from __future__ import annotations

from nexapp.gateways.ai import Detail, Draft, Facts, Slide
from nexapp.gateways.ai.contacts import read_contact
from nexapp.gateways.ai.decks import outline_deck
from nexapp.gateways.ai.messages import draft_message


class LocalAi:
    def read_contact(self, text: str, country: str) -> list[Detail]:
        return read_contact(text, country)

    def draft_message(self, facts: Facts, tone: str) -> Draft:
        return draft_message(facts, tone)

    def outline_deck(self, facts: Facts) -> list[Slide]:
        return outline_deck(facts)
