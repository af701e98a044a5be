"""`flask --app app keys vapid`: the key that signs pushes to browsers."""

import click

from nexapp.gateways.push.vapid import new_private_key
from nexapp.spine.commands import keys


@keys.command("vapid")
def make_vapid_key() -> None:
    """Make a key for pushes to browsers and print it as a setting. It changes nothing by itself."""
    click.echo(f"VAPID_PRIVATE_KEY={new_private_key()}")
    click.echo("Set it beside VAPID_SUBJECT, and keep it: another key ends every browser's subscription.", err=True)
