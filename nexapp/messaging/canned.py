"""Answers that a business gives often."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from nexapp.messaging.inbox_queries import list_canned
from nexapp.messaging.models import CannedReply
from nexapp.messaging.purposes import LENGTHS
from nexapp.messaging.templates import fill_reply
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, NotFound
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

MOST = 100


def add_canned(title: str, body: str) -> UUID:
    """Raises `BadInput` where it can't be filled in, or where the title is taken."""
    _check(body)
    if len(list_canned()) >= MOST:
        raise BadInput(_("There are %(most)s answers already; remove one first.", most=MOST))
    made: UUID | None = db.session.scalar(
        insert(CannedReply)
        .values(id=new_id(), org_id=current_actor().tenant, title=title, body=body)
        .on_conflict_do_nothing()
        .returning(CannedReply.id)
    )
    if made is None:
        raise _taken(title)
    audit.record("canned_reply.added", "canned_reply", made)
    return made


def change_canned(reply_id: UUID, title: str, body: str) -> None:
    """Raises `NotFound`, and `BadInput` as adding does."""
    _check(body)
    reply = get_canned(reply_id)
    others = scoped(CannedReply).where(func.lower(CannedReply.title) == title.lower(), CannedReply.id != reply_id)
    if db.session.scalar(others) is not None:
        raise _taken(title)
    reply.title, reply.body = title, body
    db.session.flush()
    audit.record("canned_reply.changed", "canned_reply", reply_id)


def remove_canned(reply_id: UUID) -> None:
    get_canned(reply_id)
    db.session.execute(
        delete(CannedReply).where(CannedReply.org_id == current_actor().tenant, CannedReply.id == reply_id)
    )
    audit.record("canned_reply.removed", "canned_reply", reply_id)


def get_canned(reply_id: UUID) -> CannedReply:
    found: CannedReply | None = db.session.scalar(scoped(CannedReply).where(CannedReply.id == reply_id))
    if found is None:
        raise NotFound
    return found


def _check(body: str) -> None:
    # As long as a name and a business can be: what was saved must never fail to be filled in.
    fill_reply(body, "n" * LENGTHS["first_name"], "b" * LENGTHS["business"])


def _taken(title: str) -> BadInput:
    sentence = _("There is an answer called “%(title)s” already.", title=title)
    return BadInput(sentence, fields={"title": sentence})
