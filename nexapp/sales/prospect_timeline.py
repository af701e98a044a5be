"""Everything that happened with one prospect, in one line of time, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import text

from nexapp.sales.models import Prospect
from nexapp.spine.db import db
from nexapp.spine.web.templating import money

PAGE = 30
SOURCES: dict[str, str] = {
    "event": """
        SELECT id, created_at AS at, user_id, kind, details, NULL AS body, NULL::timestamptz AS edited_at
        FROM prospect_events WHERE org_id = :org_id AND prospect_id = :prospect_id
    """,
    "note": """
        SELECT id, created_at AS at, author_id AS user_id, 'note' AS kind, '{}'::jsonb AS details, body, edited_at
        FROM prospect_notes WHERE org_id = :org_id AND prospect_id = :prospect_id AND deleted_at IS NULL
    """,
    "activity": """
        SELECT id, at, user_id, kind, details, details->>'words' AS body, NULL::timestamptz AS edited_at
        FROM activities WHERE org_id = :org_id AND prospect_id = :prospect_id AND kind <> 'pipeline_add'
            AND details->>'message' IS NULL
    """,
    "file": """
        SELECT p.id, p.created_at AS at, p.created_by AS user_id, 'file' AS kind,
            '{}'::jsonb AS details, i.filename AS body, NULL::timestamptz AS edited_at
        FROM prospects p JOIN prospect_imports i ON i.org_id = p.org_id AND i.id = p.import_id
        WHERE p.org_id = :org_id AND p.id = :prospect_id
    """,
    "follow_up": """
        SELECT id, coalesce(done_at, sent_at, created_at) AS at, owner_id AS user_id, status AS kind,
            jsonb_build_object('due_at', due_at) AS details, message AS body, NULL::timestamptz AS edited_at
        FROM follow_ups WHERE org_id = :org_id AND prospect_id = :prospect_id
    """,
    "message": """
        SELECT id, created_at AS at, created_by AS user_id, channel AS kind,
            jsonb_build_object('status', status, 'subject', subject) AS details, body, NULL::timestamptz AS edited_at
        FROM messages WHERE org_id = :org_id AND subject_kind = 'prospect' AND subject_id = :prospect_id
    """,
    "inbound": """
        SELECT id, created_at AS at, NULL::uuid AS user_id, 'inbound' AS kind, '{}'::jsonb AS details, body,
            NULL::timestamptz AS edited_at
        FROM inbound_messages WHERE org_id = :org_id AND from_phone = :phone
    """,
}
"""By name, a SELECT of id, at, user_id, kind, details, body, edited_at. Other areas add theirs with `add_source`."""

_ONE = """
    SELECT * FROM (SELECT '{name}' AS source, s.* FROM ({select}) s
    WHERE CAST(:before AS timestamptz) IS NULL OR (s.at, s.id) < (CAST(:before AS timestamptz), CAST(:last AS uuid))
    ORDER BY s.at DESC, s.id DESC LIMIT :most) AS {name}
"""
KINDS = {
    ("event", "added"): ("user-plus", lazy_gettext("Added")),
    ("file", "file"): ("upload", lazy_gettext("Added by a file")),
    ("event", "changed"): ("pencil", lazy_gettext("Details changed")),
    ("event", "stage"): ("arrow-right", lazy_gettext("Stage changed")),
    ("event", "owner"): ("user-share", lazy_gettext("Given to somebody else")),
    ("event", "locked"): ("lock", lazy_gettext("Locked")),
    ("event", "unlocked"): ("lock-open", lazy_gettext("Unlocked")),
    ("event", "deleted"): ("trash", lazy_gettext("Put into the trash")),
    ("event", "restored"): ("arrow-back-up", lazy_gettext("Taken out of the trash")),
    ("event", "imported"): ("upload", lazy_gettext("Changed by a file")),
    ("event", "import_undone"): ("arrow-back-up", lazy_gettext("The file's changes taken back")),
    ("event", "email_stopped"): ("mail-off", lazy_gettext("Asked not to get e-mail")),
    ("event", "email_wanted"): ("mail", lazy_gettext("Wants to get e-mail again")),
    ("event", "score"): ("chart-line", lazy_gettext("Score changed")),
    ("note", "note"): ("note", lazy_gettext("Note")),
    ("activity", "call"): ("phone", lazy_gettext("Call")),
    ("activity", "meeting"): ("calendar", lazy_gettext("Meeting")),
    ("activity", "reply"): ("message", lazy_gettext("They replied")),
    ("activity", "email"): ("mail", lazy_gettext("E-mail")),
    ("activity", "text"): ("message", lazy_gettext("Text")),
    ("activity", "note"): ("note", lazy_gettext("Noted")),
    ("activity", "scan"): ("scan", lazy_gettext("Scanned")),
    ("activity", "ai_message"): ("sparkles", lazy_gettext("Message drafted")),
    ("activity", "pitch_deck"): ("presentation", lazy_gettext("Pitch deck made")),
    ("activity", "follow_up_sent"): ("send", lazy_gettext("Follow-up sent")),
    ("activity", "mission_completed"): ("target", lazy_gettext("Mission completed")),
    ("follow_up", "pending"): ("clock", lazy_gettext("Follow-up planned")),
    ("follow_up", "snoozed"): ("clock-pause", lazy_gettext("Follow-up snoozed")),
    ("follow_up", "sent"): ("bell", lazy_gettext("Follow-up is due")),
    ("follow_up", "done"): ("circle-check", lazy_gettext("Follow-up done")),
    ("follow_up", "cancelled"): ("ban", lazy_gettext("Follow-up cancelled")),
    ("message", "sms"): ("message", lazy_gettext("Text")),
    ("message", "email"): ("mail", lazy_gettext("E-mail")),
    ("inbound", "inbound"): ("message", lazy_gettext("They texted")),
}
FIELDS = {
    "name": lazy_gettext("name"), "company": lazy_gettext("company"), "role": lazy_gettext("role"),
    "email": lazy_gettext("e-mail address"), "phone": lazy_gettext("phone"), "location": lazy_gettext("place"),
    "source": lazy_gettext("where they came from"), "value_cents": lazy_gettext("value"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    id: UUID
    at: datetime
    source: str
    icon: str
    title: str
    text: str
    by: str
    user_id: UUID | None
    state: str | None = None
    due_at: datetime | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    entries: Sequence[Entry]
    next: str | None


def add_source(name: str, select: str) -> None:
    """Another table that a prospect's story is told from, in the form of `SOURCES`."""
    SOURCES[name] = select


def get_story(prospect: Prospect | Any, currency: str, before: str | None = None, most: int = PAGE) -> Story:
    """A page of the story; `before` is the cursor of the page before it."""
    at, last = _cursor(before)
    about = {"org_id": prospect.org_id, "prospect_id": prospect.id, "phone": prospect.phone, "before": at, "last": last}
    each = " UNION ALL ".join(_ONE.format(name=name, select=select) for name, select in SOURCES.items())
    question = (
        f"SELECT x.*, u.name AS by FROM ({each}) x LEFT JOIN users u ON u.id = x.user_id"  # noqa: S608 - our own SELECTs
        " ORDER BY x.at DESC, x.id DESC LIMIT :most"
    )
    rows = db.session.execute(text(question), about | {"most": most + 1}).all()
    owners = _owners(rows)
    entries = [_entry(row, currency, owners) for row in rows[:most]]
    more = f"{entries[-1].at.isoformat()}_{entries[-1].id}" if len(rows) > most else None
    return Story(entries, more)


def _entry(row: Any, currency: str, owners: dict[str, str]) -> Entry:
    icon, title = KINDS.get((row.source, row.kind), ("point", row.kind.replace("_", " ").capitalize()))
    due = row.details.get("due_at")
    return Entry(
        id=row.id, at=row.at, source=row.source, icon=icon, title=_title(row, str(title)),
        text=_words(row, currency, owners), by=row.by or "", user_id=row.user_id,
        state=row.details.get("status") if row.source == "message" else None,
        due_at=datetime.fromisoformat(due) if due else None, edited_at=row.edited_at,
    )  # fmt: skip


def _title(row: Any, usual: str) -> str:
    if row.source == "event" and row.kind == "stage":
        return _("%(before)s → %(after)s", before=row.details.get("from", ""), after=row.details.get("to", ""))
    if row.source == "event" and row.kind == "score" and "to" in row.details:
        return _("Score %(before)s → %(after)s", before=row.details.get("from", 0), after=row.details["to"])
    return usual


def _words(row: Any, currency: str, owners: dict[str, str]) -> str:
    details = row.details
    if row.source != "event":
        return (f"{details['subject']}\n" if details.get("subject") else "") + (row.body or "")
    if row.kind == "owner":
        to = details.get("to")
        return _("Now %(name)s's.", name=owners.get(to, _("somebody"))) if to else _("Now nobody's.")
    if row.kind == "stage" and details.get("reason"):
        return _("Because: %(reason)s", reason=details["reason"])
    if fields := details.get("fields"):
        names = ", ".join(str(FIELDS.get(name, name)) for name in fields)
        return f"{details['words']}: {names}" if details.get("words") else names
    if "value_cents" in details:
        return money(details["value_cents"], currency)
    return str(details.get("words", ""))


def _owners(rows: Sequence[Any]) -> dict[str, str]:
    """Names of those whom the story says it was given to."""
    wanted = {
        row.details["to"] for row in rows if row.source == "event" and row.kind == "owner" and row.details.get("to")
    }
    if not wanted:
        return {}
    names = text("SELECT id, name FROM users WHERE id = ANY(CAST(:ids AS uuid[]))")
    return {str(row.id): row.name for row in db.session.execute(names, {"ids": sorted(wanted)})}


def _cursor(written: str | None) -> tuple[datetime | None, UUID | None]:
    at, _between, last = (written or "").rpartition("_")
    try:
        moment, row_id = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None, None
    return (moment, row_id) if moment.tzinfo else (None, None)
