"""The first text from a business to a person says who it is from and how to get no more.

Asked of the database once for all texts that are queued together. Two that are queued at the same moment may both
introduce the business; none goes without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from nexapp.messaging.purposes import UNSIGNED
from nexapp.messaging.templates import first_text
from nexapp.spine.db import db
from nexapp.spine.tenancy import current_actor

if TYPE_CHECKING:
    from nexapp.messaging.outbox import NewMessage

# What never left, and never will, introduced nobody. `m` is a text of the business to the number.
KNOWN_SQL = "m.channel = 'sms' AND m.purpose <> 'template_test' AND (m.attempts > 0 OR m.status = 'queued')"
_STRANGERS = text(
    f"""
    SELECT DISTINCT n.org_id, n.to_phone, o.name
    FROM unnest(CAST(:orgs AS uuid[]), CAST(:phones AS text[])) AS n (org_id, to_phone)
    JOIN organizations o ON o.id = n.org_id
    WHERE NOT EXISTS (
        SELECT FROM messages m WHERE m.to_phone = n.to_phone AND m.org_id = n.org_id AND {KNOWN_SQL}
    )
    """  # noqa: S608 - a constant from above
)


def introduce(messages: Sequence[NewMessage]) -> None:
    """Change the bodies of those that are the first from their business to their number."""
    named = [(m.org_id or current_actor().org_id, m) for m in messages if m.purpose not in UNSIGNED]
    asked = [(org_id, message) for org_id, message in named if org_id is not None]
    strangers = _strangers(asked)
    for org_id, message in asked:
        # Taken out: of several to the same person, the first one does it.
        business = strangers.pop((org_id, message.to_phone), None)
        if business is not None:
            message.body = first_text(message.body, business)


def _strangers(asked: Sequence[tuple[UUID, NewMessage]]) -> dict[tuple[UUID, str], str]:
    if not asked:
        return {}
    given = {"orgs": [org_id for org_id, _m in asked], "phones": [message.to_phone for _o, message in asked]}
    return {(row.org_id, row.to_phone): row.name for row in db.session.execute(_STRANGERS, given)}
