"""Two businesses with a row in every table, each marked in every text, so that a leak can be seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from nexapp.slots.tokens import claim_token, hash_token, request_token
from nexapp.spine.ids import new_id

from . import areas

Sql = Callable[..., list[Any]]
SHARED_PHONE = "+12125550199"


@dataclass
class Tenant:
    mark: str
    ids: dict[str, UUID] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> UUID:
        return self.ids[name]


def build(sql: Sql, mark: str, area: str, *, first_release: bool = False) -> Tenant:
    """Insert one row into every table for a business whose texts all carry `mark`; or into the first release's only."""
    tenant = Tenant(mark)
    for table, row in _rows(tenant, mark, area, [] if first_release else areas.AREAS):
        if table != "locations" or not first_release:
            insert(sql, table, row)
    sql(
        "UPDATE slots SET status = 'held', held_by_offer_id = %s, held_consumer_id = %s,"
        " held_until = now() + interval '1 hour' WHERE id = %s",
        tenant["offer"], tenant["consumer"], tenant["slot"],
    )  # fmt: skip
    return tenant


def insert(sql: Sql, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(row)
    places = ", ".join(["%s"] * len(row))
    values = [json.dumps(v) if isinstance(v, dict) else v for v in row.values()]
    sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", *values)


def _rows(t: Tenant, mark: str, area: str, parts: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in (
        "org", "user", "membership", "session", "code", "staff", "service", "location", "consumer", "consent",
        "request", "window", "slot", "draft", "booked", "offer", "event", "message", "message_event", "inbound",
        "template", "job", "webhook", "error", "audit",
    ):  # fmt: skip
        t.ids[name] = new_id()
    for part in parts:
        t.ids |= {name: new_id() for name in part.NAMES}
    t.values = {"session_token": f"session-{mark}", "slug": mark.lower(), "phone": f"+1{area}5550101"}
    yield from _people(t, mark, area)
    yield from _business(t, mark)
    yield from _slots(t, mark)
    yield from _traffic(t, mark, area)
    for part in parts:
        yield from part.rows(t, mark, area)


def _people(t: Tenant, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, user = t["org"], t["user"]
    yield (
        "organizations",
        {"id": org, "name": f"{mark} Salon", "slug": t.values["slug"], "time_zone": "America/New_York"},
    )
    yield "users", {"id": user, "phone": t.values["phone"], "name": f"{mark} Owner"}
    yield "memberships", {"id": t["membership"], "org_id": org, "user_id": user, "role": "owner"}
    yield "user_sessions", {
        "id": t["session"], "token_hash": hashlib.sha256(t.values["session_token"].encode()).digest(),
        "user_id": user, "org_id": org, "expires_at": "2100-01-01", "idle_seconds": 10**8, "user_agent": mark,
    }  # fmt: skip
    yield "verification_codes", {
        "id": t["code"], "org_id": org, "phone": t.values["phone"], "prefix": area, "purpose": "waiting_list",
        "payload": {"name": mark}, "code_hash": mark, "expires_at": "2100-01-01",
    }  # fmt: skip
    yield "consumers", {
        "id": t["consumer"], "phone": f"+1{area}5550102", "time_zone": "America/New_York", "region": "US-NY",
    }  # fmt: skip


def _business(t: Tenant, mark: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, consumer = t["org"], t["consumer"]
    yield "staff_members", {"id": t["staff"], "org_id": org, "user_id": t["user"], "display_name": f"{mark} Stylist"}
    yield "locations", {"id": t["location"], "org_id": org, "name": f"{mark} Branch"}
    yield "services", {"id": t["service"], "org_id": org, "name": f"{mark} Cut"}
    yield "consumer_profiles", {"org_id": org, "consumer_id": consumer, "name": f"{mark} Client"}
    yield "consents", {
        "id": t["consent"], "org_id": org, "consumer_id": consumer, "kind": "waiting_list", "wording": mark,
        "source": "public_page",
    }  # fmt: skip
    yield "notify_requests", {
        "id": t["request"], "org_id": org, "consumer_id": consumer,
        "token_hash": hash_token(request_token(t["request"])),
        "source": mark,
    }  # fmt: skip
    yield "notify_windows", {
        "id": t["window"], "org_id": org, "notify_request_id": t["request"], "weekday": 1, "starts": "09:00",
        "ends": "17:00",
    }  # fmt: skip
    yield "message_templates", {
        "id": t["template"], "org_id": org, "purpose": "reminder", "version": 1, "body": f"{mark} {{{{time}}}}",
    }  # fmt: skip


def _slots(t: Tenant, mark: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org, staff = t["org"], t["staff"]
    common = {"org_id": org, "staff_member_id": staff, "note": f"{mark} note", "round": 1}
    yield "slots", common | {
        "id": t["slot"], "starts_at": "2099-01-05 15:00Z", "ends_at": "2099-01-05 15:30Z", "status": "open",
        "public_token": f"topic-{mark}",
    }  # fmt: skip
    yield "slots", common | {
        "id": t["draft"], "starts_at": "2099-01-06 15:00Z", "ends_at": "2099-01-06 15:30Z", "status": "draft",
        "public_token": f"topic-draft-{mark}",
    }  # fmt: skip
    yield "slots", common | {
        "id": t["booked"], "starts_at": "2099-01-07 15:00Z", "ends_at": "2099-01-07 15:30Z", "status": "booked",
        "public_token": f"topic-booked-{mark}", "booked_name": f"{mark} Client", "booked_at": "2026-01-01Z",
        "booked_consumer_id": t["consumer"],
    }  # fmt: skip
    yield "slot_offers", {
        "id": t["offer"], "org_id": org, "slot_id": t["slot"], "round": 1, "consumer_id": t["consumer"],
        "notify_request_id": t["request"], "token_hash": hash_token(claim_token(t["offer"])),
    }  # fmt: skip
    yield "slot_matches", {
        "org_id": org, "slot_id": t["slot"], "round": 1, "notify_request_id": t["request"],
        "consumer_id": t["consumer"], "outcome": "skipped", "reason": mark,
    }  # fmt: skip
    yield "slot_events", {
        "id": t["event"], "org_id": org, "slot_id": t["slot"], "round": 1, "kind": "opened", "details": {"mark": mark},
    }  # fmt: skip


def _traffic(t: Tenant, mark: str, area: str) -> Iterator[tuple[str, dict[str, Any]]]:
    org = t["org"]
    yield "messages", {
        "id": t["message"], "org_id": org, "consumer_id": t["consumer"], "lane": 3, "purpose": "slot_available",
        "subject_kind": "slot_offer", "subject_id": t["offer"], "to_phone": f"+1{area}5550102", "body": f"{mark} text",
        "segments": 1, "status": "delivered", "provider_sid": f"SM{mark}",
    }  # fmt: skip
    yield "message_events", {
        "id": t["message_event"], "org_id": org, "message_id": t["message"], "kind": "sent", "details": {"mark": mark},
    }  # fmt: skip
    yield "inbound_messages", {
        "id": t["inbound"], "org_id": org, "provider_sid": f"IN{mark}", "from_phone": f"+1{area}5550102",
        "to_phone": "+15005550006", "body": mark, "handled_as": "other",
    }  # fmt: skip
    yield "background_jobs", {
        "id": t["job"], "org_id": org, "actor_role": "owner", "queue": "default", "name": "handle_event",
        "arguments": {"mark": mark}, "status": "succeeded", "unique_key": mark,
    }  # fmt: skip
    yield "webhook_events", {"id": t["webhook"], "source": "test", "external_id": mark, "payload": {"mark": mark}}
    yield "system_errors", {
        "id": t["error"], "fingerprint": mark, "kind": "job_error", "severity": "low", "message": mark, "org_id": org,
    }  # fmt: skip
    yield "audit_entries", {
        "id": t["audit"], "org_id": org, "role": "owner", "action": mark, "subject_kind": "slot",
    }  # fmt: skip


def rows_of(sql: Sql, table: str, tenant: Tenant) -> list[str]:
    """The rows of one business as JSON texts, as the owner of the database sees them."""
    found = [row[0] for row in sql(f"SELECT row_to_json(t)::text FROM {table} t ORDER BY 1")]
    return [text for text in found if _belongs(text, tenant)]


def _belongs(text: str, tenant: Tenant) -> bool:
    owner = json.loads(text).get("org_id")
    if owner is not None:
        return bool(owner == str(tenant["org"]))
    return tenant.mark in text or any(str(value) in text for value in tenant.ids.values())


def checksums(sql: Sql, tables: list[str], tenant: Tenant) -> dict[str, str]:
    return {t: hashlib.sha256("\n".join(rows_of(sql, t, tenant)).encode()).hexdigest() for t in tables}
