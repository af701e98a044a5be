"""The letters that identity asks for: links to sign in, to confirm an address, into a team; and news of an account.

Each is written in the asker's transaction, so that no link exists without its letter and no job's row keeps a token.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy import func, update

from nexapp.identity.events import EmailChanged, EmailLinkMade, TeamInvitationMade
from nexapp.messaging.email_outbox import NewEmail, queue_email
from nexapp.messaging.lanes import REMINDERS
from nexapp.messaging.models import Message
from nexapp.messaging.outbox import NewMessage, queue_messages
from nexapp.spine.clock import now
from nexapp.spine.db import db
from nexapp.spine.events import on

LINK_MINUTES = 15
INVITED_FOR = timedelta(days=7)


@on(EmailLinkMade, inline=True)
def send_link(event: EmailLinkMade) -> None:
    """Not worth sending once the link has lapsed."""
    is_sign_in = event.purpose == "sign_in"
    subject = _("Your link to sign in to NexApp") if is_sign_in else _("Confirm your address for NexApp")
    lines = [
        _("Open this link and tap the button. It works once, for %(minutes)d minutes.", minutes=LINK_MINUTES),
        _("You didn't ask for it? Nothing happens unless you open it."),
    ]
    button = _("Sign in") if is_sign_in else _("Confirm the address")
    queue_email(
        NewEmail(
            to=event.email, subject=subject, purpose=f"{event.purpose}_link", subject_kind="email_link",
            subject_id=event.link_id, expires_at=now() + timedelta(minutes=LINK_MINUTES),
            **_letter(lines, event.url, button),
        )
    )  # fmt: skip


@on(TeamInvitationMade, inline=True)
def send_invitation(event: TeamInvitationMade) -> None:
    """By text or by e-mail. A number that opted out gets no text: an invitation is nothing it asked for."""
    said = (
        _("%(inviter)s invites you to the team of %(business)s on NexApp.", inviter=event.inviter,
          business=event.business)
        if event.inviter
        else _("You are invited to the team of %(business)s on NexApp.", business=event.business)
    )  # fmt: skip
    if event.phone:
        _text_invitation(event, said)
        return
    lines = [said, _("The link works once, for 7 days, and for you alone.")]
    queue_email(
        NewEmail(
            to=event.email or "", subject=_("Join the team of %(business)s", business=event.business),
            purpose="team_invitation", subject_kind="team_invitation", subject_id=event.invitation_id,
            org_id=event.org_id, expires_at=now() + INVITED_FOR, **_letter(lines, event.url, _("See the invitation")),
        )
    )  # fmt: skip


@on(EmailChanged, inline=True)
def tell_old_address(event: EmailChanged) -> None:
    """So that nobody's account is taken over by a new address unseen."""
    lines = [
        _("Your NexApp account is no longer opened by this address."),
        _("That wasn't you? Sign in by your phone number, and sign out everywhere under “Your account”."),
    ]
    queue_email(
        NewEmail(
            to=event.old_email, subject=_("Your address for signing in was changed"), purpose="email_changed",
            subject_kind="user", subject_id=event.user_id, **_letter(lines),
        )
    )  # fmt: skip


def _text_invitation(event: TeamInvitationMade, said: str) -> None:
    body = _("%(said)s Join: %(url)s Reply STOP to get no texts.", said=said, url=event.url)
    [written] = queue_messages(
        [
            NewMessage(
                to_phone=event.phone or "", body=body, purpose="team_invitation", lane=REMINDERS, org_id=event.org_id,
                subject_kind="team_invitation", subject_id=event.invitation_id, expires_at=now() + INVITED_FOR,
            )
        ]
    )  # fmt: skip
    _hold_back_if_opted_out(written)


def _hold_back_if_opted_out(message_id: UUID) -> None:
    # The queue asks after the business's own people; a number that is none of them may have said STOP elsewhere.
    db.session.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == "queued", func.nexapp_opted_out(Message.to_phone))
        .values(status="suppressed", error="The person opted out.")
    )


def _letter(lines: list[str], url: str | None = None, button: str | None = None) -> dict[str, Any]:
    shown = {"lines": lines, "url": url, "button": button}
    return {"text": render_template("email/letter.txt", **shown), "html": render_template("email/letter.html", **shown)}
