"""`dsa db upgrade`: create or migrate the database. One rule: it is the only command that people run for that."""

import click

from dsa.cli.opening import settings_from_environment


@click.group("db")
def command() -> None:
    """Create or migrate the database."""


@command.command("upgrade")
def upgrade() -> None:
    """Bring the database to this release, and publish the workflow and form files that are new."""
    from dsa.composition import open_context, publish_definitions
    from dsa.persistence import migrating

    ctx = open_context(settings_from_environment())
    before = migrating.current(ctx.database)
    migrating.upgrade(ctx.database)
    after = migrating.current(ctx.database)
    click.echo(f"The database is at migration {after}." if before == after else f"Migrated from {before} to {after}.")
    for published in publish_definitions(ctx):
        click.echo(f"Published: {published}")
    ctx.database.close()
