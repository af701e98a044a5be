"""Commands for who runs the installation: lost second factors, and keys of the API that belong to no business."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from nexapp.identity.api_keys import PLATFORM_SCOPES, list_platform_keys, make_key, revoke_platform_key
from nexapp.identity.models import User
from nexapp.identity.phones import parse_phone
from nexapp.identity.second_factors import find_factor, remove_factor
from nexapp.spine.commands import keys
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


@keys.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(PLATFORM_SCOPES), help="Repeat it. Default: all.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it lasts. Default: until it is revoked.")
@with_appcontext
def create_key(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key for running the installation, such as starting jobs, and print it once.

    Example: flask --app app keys create "nightly cron" --scope jobs:run
    """
    with unit_of_work(SYSTEM):
        made = make_key(name, "service", list(scopes or PLATFORM_SCOPES), days)
    click.echo(made.secret)


@keys.command("list")
@with_appcontext
def list_keys() -> None:
    """Print the installation's keys: how each begins, its name and scopes, when it was used last."""
    with unit_of_work(SYSTEM):
        found = list_platform_keys()
    for key in found:
        used = f"{key.last_used_at:%Y-%m-%d %H:%M} UTC" if key.last_used_at else "never used"
        click.echo(f"{key.hint}…  {key.name}  {' '.join(key.scopes)}  {used}")


@keys.command("revoke")
@click.argument("hint")
@with_appcontext
def revoke_key(hint: str) -> None:
    """Take back the key that begins with HINT, its first ten characters."""
    with unit_of_work(SYSTEM):
        if not revoke_platform_key(hint):
            raise click.ClickException("There is no key in use that begins so.")
    click.echo("The key opens nothing any more.")
