"""Notes about prospects. Their author changes and deletes them; managers delete any. Deleting can be undone."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from nexapp.sales.models import Prospect
from nexapp.sales.prospect_models import ProspectNote
from nexapp.sales.prospects import get_prospect, tell
from nexapp.spine import audit
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.errors import Forbidden, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role, current_actor, scoped


def add_note(prospect_id: UUID, body: str, key: UUID | None = None) -> None:
    """By anybody who may change something, also about a colleague's prospect. The same `key` again is the same note."""
    prospect, actor = get_prospect(prospect_id), current_actor()
    row = {"id": key or new_id(), "org_id": prospect.org_id, "prospect_id": prospect.id, "body": body}
    added = db.session.scalar(
        insert(ProspectNote).values(author_id=actor.user_id, **row).on_conflict_do_nothing().returning(ProspectNote.id)
    )
    if added is not None:
        audit.record("note.added", "prospect_note", added)
        tell(prospect.org_id, prospect.id)


def change_note(prospect_id: UUID, note_id: UUID, body: str) -> ProspectNote:
    note = get_own_note(prospect_id, note_id)
    if note.body != body:
        note.body, note.edited_at = body, now()
        audit.record("note.changed", "prospect_note", note.id)
        tell(note.org_id, note.prospect_id)
    return note


def delete_note(prospect_id: UUID, note_id: UUID) -> None:
    note = _take(prospect_id, note_id)
    _refuse_others(note)
    note.deleted_at = now()
    audit.record("note.deleted", "prospect_note", note.id)
    tell(note.org_id, note.prospect_id)


def restore_note(prospect_id: UUID, note_id: UUID) -> None:
    note = _take(prospect_id, note_id, is_deleted=True)
    _refuse_others(note)
    note.deleted_at = None
    audit.record("note.restored", "prospect_note", note.id)
    tell(note.org_id, note.prospect_id)


def get_own_note(prospect_id: UUID, note_id: UUID) -> ProspectNote:
    """Raises `NotFound`, and `Forbidden` for somebody else's."""
    note = _take(prospect_id, note_id)
    if note.author_id != current_actor().user_id:
        raise Forbidden
    return note


def _take(prospect_id: UUID, note_id: UUID, *, is_deleted: bool = False) -> ProspectNote:
    prospect: Prospect = get_prospect(prospect_id)
    note: ProspectNote | None = db.session.scalar(
        scoped(ProspectNote).where(
            ProspectNote.id == note_id, ProspectNote.prospect_id == prospect.id,
            ProspectNote.deleted_at.is_not(None) == is_deleted,
        )
    )  # fmt: skip
    if note is None:
        raise NotFound
    return note


def _refuse_others(note: ProspectNote) -> None:
    actor = current_actor()
    if note.author_id != actor.user_id and not actor.role.at_least(Role.MANAGER):
        raise Forbidden
