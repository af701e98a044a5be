"""A business's own wordings: each change is a version that stays, one of them or the default is in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.accounts import get_user
from nexapp.identity.business_settings import get_business
from nexapp.identity.models import User
from nexapp.messaging.lanes import ANSWERS
from nexapp.messaging.models import Message, MessageTemplate
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.messaging.previews import samples
from nexapp.messaging.purposes import PURPOSES
from nexapp.messaging.templates import check, find_current, of_body
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput, Conflict, NotFound, TooMany
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import current_actor, scoped

TESTS_AN_HOUR = 10


def list_own() -> dict[str, MessageTemplate]:
    """The wordings in use that aren't the default, by purpose."""
    rows = db.session.scalars(scoped(MessageTemplate).where(MessageTemplate.is_current))
    return {row.purpose: row for row in rows}


def list_versions(purpose: str) -> Sequence[Any]:
    """Every version, the latest first, with who made it and how many texts it wrote."""
    texts = (
        select(func.count())
        .where(Message.org_id == MessageTemplate.org_id, Message.template_id == MessageTemplate.id)
        .scalar_subquery()
    )
    return db.session.execute(
        select(
            MessageTemplate.id, MessageTemplate.version, MessageTemplate.body, MessageTemplate.is_current,
            MessageTemplate.created_at, User.name.label("author"), texts.label("texts"),
        )
        .outerjoin(User, User.id == MessageTemplate.created_by)
        .where(MessageTemplate.org_id == current_actor().tenant, MessageTemplate.purpose == purpose)
        .order_by(MessageTemplate.version.desc())
        .limit(50)
    ).all()  # fmt: skip


def version_in_use(purpose: str) -> int:
    """Its number; 0 is the default."""
    found = find_current(purpose, current_actor().tenant)
    return found.version if found else 0


def save_wording(purpose: str, body: str, seen: int) -> int | None:
    """Make it the one in use: the new version's number, None where nothing had changed.

    Raises `BadInput` where it can't be filled in, `Conflict` where somebody changed the version `seen` meanwhile.
    """
    check(body, purpose)
    found = find_current(purpose, current_actor().tenant)
    if (found.version if found else 0) != seen:
        raise Conflict(_("Somebody saved another wording meanwhile. Yours is kept below; theirs is in use."))
    if body == (found.body if found else str(PURPOSES[purpose].default)):
        return None
    return _write(purpose, body)


def use_version(purpose: str, template_id: UUID) -> int:
    """Use an earlier version again: as it is, so that its figures go on. Raises `NotFound`."""
    wanted = db.session.scalar(
        scoped(MessageTemplate).where(MessageTemplate.id == template_id, MessageTemplate.purpose == purpose)
    )
    if wanted is None:
        raise NotFound
    check(wanted.body, purpose)
    _retire(purpose)
    db.session.execute(update(MessageTemplate).where(MessageTemplate.id == wanted.id).values(is_current=True))
    audit.record("wording.used", "message_template", wanted.id, {"purpose": purpose, "version": wanted.version})
    version: int = wanted.version
    return version


def use_default(purpose: str) -> bool:
    """False where the default was in use already."""
    if not _retire(purpose):
        return False
    audit.record("wording.reset", "message_template", None, {"purpose": purpose})
    return True


def send_test(purpose: str, body: str) -> str:
    """Text the filled-in wording to the asker's own number, which is given back.

    Raises `BadInput` where it can't be filled in or there is no number, `TooMany` after ten in an hour.
    """
    check(body, purpose)
    actor = current_actor()
    assert actor.user_id is not None  # noqa: S101 - a member asks
    phone = get_user(actor.user_id).phone
    if phone is None:
        raise BadInput(_("Your account has no mobile number to send a test to."))
    if db.session.scalar(select(func.nexapp_opted_out(cast(phone, Text)))):
        raise BadInput(_("Your own number opted out of texts. Text START to us from it first."))
    _heed_limit(phone)
    business = get_business()
    text = of_body(purpose, body).render(samples(purpose, business))
    queue_messages(
        [NewMessage(to_phone=phone, body=text, purpose="template_test", lane=ANSWERS, created_by=actor.user_id)]
    )
    return phone


def _heed_limit(phone: str) -> None:
    sent = db.session.scalar(
        select(func.count()).where(
            Message.to_phone == phone, Message.purpose == "template_test", Message.org_id == current_actor().tenant,
            Message.created_at > func.now() - func.make_interval(0, 0, 0, 0, 1),
        )
    )  # fmt: skip
    if (sent or 0) >= TESTS_AN_HOUR:
        raise TooMany(_("That were %(most)s tests within an hour. Try again later.", most=TESTS_AN_HOUR))


def _write(purpose: str, body: str) -> int:
    actor = current_actor()
    last = select(func.coalesce(func.max(MessageTemplate.version), 0)).where(
        MessageTemplate.org_id == actor.tenant, MessageTemplate.purpose == purpose
    )
    _retire(purpose)
    row = db.session.execute(
        insert(MessageTemplate)
        .values(
            id=new_id(), org_id=actor.tenant, purpose=purpose, body=body, created_by=actor.user_id,
            version=last.scalar_subquery() + 1, is_current=True,
        )
        .on_conflict_do_nothing()
        .returning(MessageTemplate.id, MessageTemplate.version)
    ).first()  # fmt: skip
    if row is None:
        raise Conflict(_("Somebody saved another wording meanwhile. Yours is kept below; theirs is in use."))
    audit.record("wording.saved", "message_template", row.id, {"purpose": purpose, "version": row.version})
    return int(row.version)


def _retire(purpose: str) -> bool:
    done = db.session.execute(
        update(MessageTemplate)
        .where(
            MessageTemplate.org_id == current_actor().tenant, MessageTemplate.purpose == purpose,
            MessageTemplate.is_current,
        )
        .values(is_current=False)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return bool(done.rowcount)  # type: ignore[attr-defined]
