"""Writes one part of a file to the list: a few statements for a thousand rows, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from nexapp.slots.tokens import hash_token, request_token
from nexapp.spine.db import db
from nexapp.spine.ids import new_id
from nexapp.spine.tables.cells import Judged
from nexapp.spine.tables.sorting import Sorted
from nexapp.spine.tenancy import current_actor

MEET = text("""
    SELECT phone, consumer_id FROM nexapp_ensure_consumers(CAST(:ids AS uuid[]), CAST(:phones AS text[]),
        CAST(:zones AS text[]), CAST(:regions AS text[]))
""")
PROFILES = text("""
    INSERT INTO consumer_profiles AS p (org_id, consumer_id, name, email)
    SELECT :org_id, g.id, g.name, g.email
    FROM unnest(CAST(:consumers AS uuid[]), CAST(:names AS text[]), CAST(:emails AS text[])) AS g(id, name, email)
    ON CONFLICT (org_id, consumer_id) DO UPDATE SET
        name = CASE WHEN p.name = '' THEN excluded.name ELSE p.name END, email = coalesce(p.email, excluded.email)
""")
REQUESTS = text("""
    INSERT INTO notify_requests (id, org_id, consumer_id, token_hash, status, source, time_range, ends_on,
        staff_member_id, service_id, minutes_needed, party_size, created_at)
    SELECT g.id, :org_id, g.consumer_id, g.token_hash, 'invited', 'import',
        CASE WHEN g.until IS NULL THEN 'any' ELSE 'dates' END, g.until, g.staff, g.service, g.minutes, g.party_size,
        coalesce(CAST(g.since AS timestamp) AT TIME ZONE :zone, now())
    FROM unnest(CAST(:requests AS uuid[]), CAST(:consumers AS uuid[]), CAST(:hashes AS bytea[]),
        CAST(:untils AS date[]), CAST(:staff AS uuid[]), CAST(:services AS uuid[]), CAST(:minutes AS integer[]),
        CAST(:parties AS integer[]), CAST(:sinces AS date[]))
        AS g(id, consumer_id, token_hash, until, staff, service, minutes, party_size, since)
    ON CONFLICT (org_id, consumer_id) DO NOTHING
    RETURNING id, updated_at::text AS at
""")
INVITE = text("""
    INSERT INTO list_invitations (id, org_id, consumer_id, notify_request_id, import_id, source, attested_by)
    SELECT g.id, :org_id, r.consumer_id, r.id, :import_id, :source, :user_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:requests AS uuid[])) AS g(id, request_id)
    JOIN notify_requests r ON r.org_id = :org_id AND r.id = g.request_id
    ON CONFLICT (org_id, consumer_id) DO NOTHING
""")
RENAME = text("""
    UPDATE consumer_profiles p SET name = coalesce(g.name, p.name), email = coalesce(g.email, p.email)
    FROM unnest(CAST(:consumers AS uuid[]), CAST(:names AS text[]), CAST(:emails AS text[])) AS g(id, name, email)
    WHERE p.org_id = :org_id AND p.consumer_id = g.id
""")
CHANGE = text("""
    UPDATE notify_requests r SET updated_at = now(),
        staff_member_id = coalesce(g.staff, r.staff_member_id), service_id = coalesce(g.service, r.service_id),
        minutes_needed = coalesce(g.minutes, r.minutes_needed), party_size = coalesce(g.party_size, r.party_size),
        ends_on = coalesce(g.until, r.ends_on), starts_on = CASE WHEN g.until IS NULL THEN r.starts_on END,
        time_range = CASE WHEN g.until IS NULL THEN r.time_range ELSE 'dates' END
    FROM unnest(CAST(:requests AS uuid[]), CAST(:untils AS date[]), CAST(:staff AS uuid[]),
        CAST(:services AS uuid[]), CAST(:minutes AS integer[]), CAST(:parties AS integer[]))
        AS g(id, until, staff, service, minutes, party_size)
    WHERE r.org_id = :org_id AND r.id = g.id
    RETURNING r.updated_at::text
""")
BEFORE = ("name", "email", "staff", "service", "minutes", "party_size", "until", "starts", "time_range")


def write_part(found: Sorted, batch: Any, zone: str) -> list[dict[str, Any]]:
    """Write what is added and updated; the outcome of every row of the part, in the file's order.

    `batch` is the import. Who came onto the list since the rows were sorted is there already, and stays as they are.
    """
    outcomes = [*found.outcomes, *_add(found.added, batch, zone), *_update(found.updated)]
    return sorted(outcomes, key=lambda outcome: int(outcome["row"]))


def _add(rows: Sequence[Judged], batch: Any, zone: str) -> list[dict[str, Any]]:
    if not rows:
        return []
    # In one order everywhere: two files at once wait for each other, and never in a circle.
    rows = sorted(rows, key=lambda row: str(row["phone"]))
    org = {"org_id": current_actor().tenant}
    met = {row.phone: row.consumer_id for row in db.session.execute(MEET, _numbers(rows))}
    consumers: list[UUID] = [met[row["phone"]] for row in rows]
    requests = [new_id() for _ in rows]
    names = {"names": [row.get("name", "") for row in rows], "emails": _column(rows, "email")}
    db.session.execute(PROFILES, org | names | {"consumers": consumers})
    hashes = {"hashes": [hash_token(request_token(request_id)) for request_id in requests]}
    given = org | _wished(rows) | hashes | {"requests": requests, "consumers": consumers, "zone": zone}
    written = {row.id: row.at for row in db.session.execute(REQUESTS, given | {"sinces": _column(rows, "since")})}
    _invite(org, batch, [request_id for request_id in requests if request_id in written])
    return [
        {"row": row["row"], "did": "added", "id": str(request_id), "at": written[request_id]}
        if request_id in written
        else {"row": row["row"], "did": "already"}
        for row, request_id in zip(rows, requests, strict=True)
    ]


def _invite(org: dict[str, Any], batch: Any, requests: list[UUID]) -> None:
    told = {"import_id": batch.id, "source": batch.source, "user_id": batch.created_by}
    db.session.execute(INVITE, org | told | {"ids": [new_id() for _ in requests], "requests": requests})


def _update(changed: Sequence[tuple[Any, Judged, dict[str, Any]]]) -> list[dict[str, Any]]:
    if not changed:
        return []
    changed = sorted(changed, key=lambda one: str(one[0].phone))
    people, changes = [one[0] for one in changed], [one[2] for one in changed]
    org = {"org_id": current_actor().tenant}
    names = {"names": _column(changes, "name"), "emails": _column(changes, "email")}
    db.session.execute(RENAME, org | names | {"consumers": [person.consumer_id for person in people]})
    wished = _wished(changes) | {"requests": [person.request_id for person in people]}
    at = db.session.scalars(CHANGE, org | wished).first()
    return [
        {"row": row["row"], "did": "updated", "id": str(person.request_id), "at": at, "before": _as_was(person)}
        for person, row, _changes in changed
    ]


def _as_was(person: Any) -> dict[str, Any]:
    return {name: value for name in BEFORE if (value := getattr(person, name)) is not None}


def _numbers(rows: Sequence[Judged]) -> dict[str, Any]:
    return {
        "ids": [new_id() for _ in rows],
        "phones": _column(rows, "phone"),
        "zones": _column(rows, "zone"),
        "regions": _column(rows, "region"),
    }


def _wished(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "untils": _column(rows, "until"),
        "staff": _column(rows, "staff"),
        "services": _column(rows, "service"),
        "minutes": _column(rows, "minutes"),
        "parties": _column(rows, "party_size"),
    }


def _column(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    return [row.get(name) for row in rows]
