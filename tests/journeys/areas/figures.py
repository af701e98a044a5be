"""The figures: full, of days without slots, before the first slot, and two wordings side by side."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant, sql

NAMES = ["figures", "figures_other_days", "figures_none", "figures_teaching", "figures_wordings", "figures_one_wording"]

# A second wording of half the texts, as an earlier version would have written them.
SECOND = """
    WITH made AS (
        INSERT INTO message_templates (id, org_id, purpose, version, body, is_current)
        SELECT gen_random_uuid(), id, 'slot_available', 90, 'Free at {{business}}: {{url}}', false FROM organizations
        WHERE slug = %s RETURNING id, org_id
    )
    UPDATE messages m SET template_id = made.id FROM made
    WHERE m.org_id = made.org_id AND m.purpose = 'slot_available' AND m.id::text < '8'
      AND m.id IN (SELECT message_id FROM slot_offers ORDER BY id LIMIT 1)
"""


def arrange(places: Any, merchant: Any) -> None:
    new = Merchant(places.stack).sign_up("Not Yet Nails")
    sql(places.stack, SECOND, merchant.slug)
    places.add(new, figures_teaching="/analytics", figures_one_wording="/analytics/wordings")
    places.add(
        merchant,
        figures="/analytics?range=ahead",
        figures_other_days="/analytics?from=2026-01-01&to=2099-12-31",
        figures_none="/analytics?from=2020-01-01&to=2020-01-02",
        figures_wordings="/analytics/wordings?range=ahead",
    )
