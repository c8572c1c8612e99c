"""`dsa figures`: the rows behind "Where the time goes". One rule: each can be made again from what happened."""

import sys
import time

import click

from dsa.cli.opening import opened, settings_from_environment


@click.group()
def command() -> None:
    """The figures of where the time goes. The jobs keep them up to date; these are for after a bulk load, or doubt."""


@command.command()
def rebuild() -> None:
    """Make every figure anew, from stays, spells, tasks and requests."""
    from dsa.services import figures

    began = time.monotonic()
    with opened(settings_from_environment()) as ctx:
        counted = figures.rebuild(ctx, says=lambda line: click.echo(line, err=True))
    click.echo(f"{counted} agreements counted ({time.monotonic() - began:.0f} seconds).")


@command.command()
def count() -> None:
    """Count what changed since the last time, as the jobs do."""
    from dsa.services import figures

    with opened(settings_from_environment()) as ctx:
        counted = 0
        while step := figures.refresh(ctx):
            counted += step
    click.echo(f"{counted} agreements counted.")


@command.command()
def verify() -> None:
    """Compare every figure with the rows it is made of; exit 1 where one differs."""
    from dsa.services import figures

    with opened(settings_from_environment()) as ctx:
        differences = figures.verify(ctx)
    for difference in differences:
        click.echo(difference, err=True)
    if differences:
        click.echo("Some figures are wrong. Make them anew with: dsa figures rebuild", err=True)
        sys.exit(1)
    click.echo("Every figure is what the rows say.")
