"""`flask --app app reset-second-factor`: for an admin who lost the app and the recovery codes."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from nexapp.identity.models import User
from nexapp.identity.phones import parse_phone
from nexapp.identity.second_factors import find_factor, remove_factor
from nexapp.spine.db import db
from nexapp.spine.errors import BadInput
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work


@click.command("reset-second-factor")
@click.argument("phone")
@with_appcontext
def reset_second_factor(phone: str) -> None:
    """Let the person with this number set up an authenticator app again at their next sign-in."""
    try:
        number = parse_phone(phone)
    except BadInput as error:
        raise click.ClickException(error.sentence) from None
    with unit_of_work(SYSTEM):
        user_id = db.session.scalar(select(User.id).where(User.phone == number))
        if user_id is None or find_factor(user_id) is None:
            raise click.ClickException("Nobody with that number has set one up.")
        remove_factor(user_id)
    click.echo("They set up an authenticator app at their next sign-in.")
