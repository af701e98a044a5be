"""People who sign in."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexapp.identity.errors import AccountClosed, EmailTaken
from nexapp.identity.events import EmailChanged
from nexapp.identity.models import Membership, User
from nexapp.spine import audit
from nexapp.spine.db import db
from nexapp.spine.errors import Conflict
from nexapp.spine.events import emit
from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Actor, current_actor


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


def admit_email(email: str) -> User:
    """The person whose mailbox was just proven, made if they are new. Runs as the system."""
    wanted = select(User).where(func.lower(User.email) == email.lower())
    user = db.session.scalar(wanted)
    if user is None:
        fresh = insert(User).values(id=new_id(), email=email, name="").on_conflict_do_nothing().returning(User.id)
        if (made := db.session.scalar(fresh)) is not None:
            audit.record("user.created", "user", made)
        user = db.session.scalars(wanted).one()
    if user.deactivated_at is not None:
        raise AccountClosed(_("This account was closed. Ask the people who run NexApp to open it again."))
    return user


def take_email(user_id: UUID, email: str) -> None:
    """Make a proven address the one that a person signs in with. Raises `EmailTaken`. Runs as the system."""
    other = select(User.id).where(func.lower(User.email) == email.lower(), User.id != user_id)
    if db.session.scalar(other) is not None:
        raise EmailTaken(_("Another account has this address. Sign in with it instead."))
    user = get_user(user_id)
    old, user.email = user.email, email
    db.session.flush()
    audit.record("user.email_changed", "user", user_id)
    if old and old.lower() != email.lower():
        emit(EmailChanged(user_id, old, email))


def change_own_details(name: str, time_zone: str | None, wants_booking_texts: bool | None) -> None:
    """Set what differs of the actor's own. None for the texts: there is no business to get them from."""
    actor = current_actor()
    assert actor.user_id is not None  # noqa: S101 - the view is for signed-in people
    user = get_user(actor.user_id)
    if (user.name, user.time_zone) != (name, time_zone):
        user.name, user.time_zone = name, time_zone
        db.session.flush()
        audit.record("user.changed", "user", user.id, {"fields": ["name", "time_zone"]})
    if wants_booking_texts is not None:
        _want_booking_texts(actor, wants_booking_texts)


def _want_booking_texts(actor: Actor, wanted: bool) -> None:
    changed = db.session.scalar(
        update(Membership)
        .where(
            Membership.org_id == actor.tenant,
            Membership.user_id == actor.user_id,
            Membership.wants_booking_texts != wanted,
        )
        .values(wants_booking_texts=wanted)
        .returning(Membership.id)
    )
    if changed is not None:
        audit.record("membership.changed", "membership", changed, {"fields": ["wants_booking_texts"]})


def remove_email(user_id: UUID) -> None:
    """Sign in by phone alone from now on. Raises `Conflict` for who has no number. Runs as the system."""
    user = get_user(user_id)
    if user.phone is None:
        raise Conflict(_("The address is your only way to sign in."))
    if user.email is not None:
        old, user.email = user.email, None
        db.session.flush()
        audit.record("user.email_removed", "user", user_id)
        emit(EmailChanged(user_id, old, ""))


def get_user(user_id: UUID) -> User:
    return db.session.get_one(User, user_id)
