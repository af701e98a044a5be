"""One call of `nexapp_notify`: how a type and its people are put to the database, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

from flask import g
from sqlalchemy import Row, text

from nexapp.notifications.registry import SUBJECTS, NoticeType
from nexapp.spine.db import db

AT_ONCE = 4000
"""People in one call: enough that its fixed costs don't count, few enough that memory stays flat."""

_GIVEN = text(
    "SELECT m.* FROM nexapp_notify(CAST(:kind AS jsonb), (SELECT array_agg(r) FROM"
    " jsonb_populate_recordset(NULL::nexapp_recipient, CAST(:people AS jsonb)) AS r)) AS m"
)
_SELECTED = """
    WITH picked AS ({select}),
    -- In the order in which everybody takes people's locks, also from one batch to the next.
    numbered AS (
        SELECT to_jsonb(p) AS person, (row_number() OVER (ORDER BY p.user_id) - 1) / {at_once} AS batch FROM picked p
    ),
    batches AS MATERIALIZED (
        SELECT batch, count(*) AS asked, array_agg(jsonb_populate_record(NULL::nexapp_recipient,
            CAST(:defaults AS jsonb) || jsonb_build_object('words', person) || person)) AS people
        FROM numbered GROUP BY batch
    )
    SELECT (SELECT sum(asked) FROM batches) AS asked, n.outcome, count(*) AS people,
        string_agg(n.user_id::text, ',') FILTER (WHERE n.outcome = 'made') AS told,
        jsonb_agg(to_jsonb(n)) FILTER (WHERE n.outcome = 'made' AND (n.phone IS NOT NULL OR b.asked <= {few})) AS shown
    FROM batches b CROSS JOIN LATERAL nexapp_notify(CAST(:kind AS jsonb), b.people) AS n
    GROUP BY b.batch, b.asked, n.outcome
"""
FEW = 200
"""Up to so many are told with their new count; of a crowd each page asks for its own."""


def kind_of(known: NoticeType | None, name: str, priority: str | None, subject_kind: str | None) -> dict[str, Any]:
    """The type as the database asks for it."""
    second = known.second if known else None
    return {
        "name": name, "known": known is not None, "label": str(known.label if known else name),
        "icon": known.icon if known else "", "priority": priority or (known.priority if known else "normal"),
        "tier": known.tier if known else "free", "allowance": known.allowance if known else 0,
        "switch": known.switch_name if known else name, "channels": list(known.channels) if known else [],
        "locked": known is not None and known.locked, "title": pieces(known.title if known else name),
        "body": pieces(known.body if known else ""), "folded": pieces(known.folded if known else ""),
        "second_title": pieces(second.title) if second else [], "second_body": pieces(second.body) if second else [],
        "request_id": g.get("request_id"), **_subject(subject_kind),
    }  # fmt: skip


def without_values(kind: Mapping[str, Any]) -> dict[str, Any]:
    """For whom the values are missing that the words need: the type's name alone, rather than words with holes."""
    return {**kind, "title": [kind["label"]], "body": [], "folded": [], "second_title": [], "second_body": []}


def pieces(template: Any) -> list[str]:
    """A template cut at its places: words and names of values in turn, beginning with words."""
    cut = [piece for words, name, _spec, _how in Formatter().parse(str(template)) for piece in (words, name)]
    return [piece or "" for piece in (cut[:-1] if cut and cut[-1] is None else cut)]


def call_for(kind: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> list[Row[Any]]:
    return list(db.session.execute(_GIVEN, {"kind": json.dumps(kind), "people": json.dumps(people, default=_plain)}))


def call_for_selected(
    kind: Mapping[str, Any], select: str, params: Mapping[str, Any], defaults: Mapping[str, Any]
) -> list[Row[Any]]:
    """A row for each outcome of each batch: how many, whom, and up to `FEW` in full."""
    statement = text(_SELECTED.format(select=select, at_once=AT_ONCE, few=FEW))
    given = {"kind": json.dumps(kind), "defaults": json.dumps(defaults, default=_plain)}
    return list(db.session.execute(statement, {**params, **given}))


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _subject(subject_kind: str | None) -> dict[str, str]:
    known = SUBJECTS.get(subject_kind or "")
    if known is None:
        return {}
    return {"subject_table": known.table, **({"subject_ended": known.ended} if known.ended else {})}
