"""Which provider there is: the local one."""

from __future__ import annotations

from nexapp.gateways.ai import AiGateway
from nexapp.gateways.ai.local import LocalAi


def ai_gateway() -> AiGateway:
    return LocalAi()
