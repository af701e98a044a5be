"""People who sign in."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.errors import AccountClosed
from nexapp.identity.models import User
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.ids import new_id


def create_user(
    phone: str,
    name: str = "",
    *,
    email: str | None = None,
    is_platform_admin: bool = False,
    time_zone: str | None = None,
) -> User:
    """The user of an E.164 number, made if the number is new; a known one stays as it is. Runs as the system."""
    fresh = db.session.scalar(
        insert(User)
        .values(
            id=new_id(), phone=phone, name=name, email=email, is_platform_admin=is_platform_admin, time_zone=time_zone
        )
        .on_conflict_do_nothing(index_elements=["phone"])
        .returning(User.id)
    )  # fmt: skip
    if fresh is not None:
        audit.record("user.created", "user", fresh)
    return db.session.scalars(select(User).where(User.phone == phone)).one()


def admit(phone: str) -> User:
    """The person whose number was just proven. Raises `AccountClosed` for one who may not come in."""
    user = create_user(phone)
    if user.deactivated_at is not None:
        raise AccountClosed(_("This account was closed. Ask the people who run NexApp to open it again."))
    return user


def get_user(user_id: UUID) -> User:
    return db.session.get_one(User, user_id)
