"""`flask --app app seed-demo` and `demo-sign-ins`: every part's demo, in one unit."""

from __future__ import annotations

from collections.abc import Iterator

import click
from flask.cli import with_appcontext
from sqlalchemy import select, text

from nexapp.identity.models import Organization, User
from nexapp.sales.demo.seeding import seed_bell, seed_sales
from nexapp.slots.demo.cast import ADMIN, HOUSES, SALES
from nexapp.slots.demo.houses import seed_house
from nexapp.slots.demo.seeding import is_seeded, seed_people
from nexapp.slots.demo.team import seed_team
from nexapp.spine.config import settings
from nexapp.spine.db import db
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from nexapp.spine.web.templating import national


@click.command("seed-demo")
@click.option("--if-empty", is_flag=True, help="Leave a database alone that has a business already.")
@with_appcontext
def seed_demo(if_empty: bool) -> None:
    """Fill the database with demo people and 90 days of history. Does nothing where they are there already."""
    if settings().production:
        raise click.ClickException("The demo's data is refused in production.")
    with unit_of_work(SYSTEM):
        if if_empty and db.session.scalar(select(Organization.id).limit(1)):
            return
        if is_seeded():
            click.echo("The demo's data is there already.")
            return
        list(seed_parts())
    click.echo("The demo's data is in place.")


def seed_parts() -> Iterator[str]:
    """Fill an empty database, one part after the other; the name of each when it is done. Runs as the system."""
    # The tables have no statistics yet: PostgreSQL would take them for small, and compare every row with every other.
    db.session.execute(text("SET LOCAL enable_nestloop = off"))
    everyone = seed_people()
    seed_team(everyone)
    yield "people"
    for seeded in everyone:
        if seeded.house is not SALES:
            seed_house(seeded)
    yield "slots"
    [team] = [seeded.org_id for seeded in everyone if seeded.house is SALES]
    seed_sales(team)
    yield "sales"
    seed_bell(team)
    yield "notices"


@click.command("demo-sign-ins")
@with_appcontext
def demo_sign_ins() -> None:
    """Print who may sign in: role, name, number."""
    with unit_of_work(SYSTEM):
        known = set(db.session.scalars(select(User.phone)))
    lines = [(m, f"{m.role.value}, {house.name}") for house in HOUSES for m in house.members]
    for member, role in [*lines, (ADMIN, "platform admin")]:
        if member.phone in known:
            click.echo(f"{role:<26} {member.name:<16} {national(member.phone)}")
    if ADMIN.phone in known:
        click.echo(f"The platform admin's second code: {settings().base_url}/dev/authenticator")
