"""`dsa events export`: the history of every agreement as an event log.

One rule: the file is whole, or it is not there.
"""

from pathlib import Path

import click

from dsa.cli.opening import opened, settings_from_environment
from dsa.cli.output import write_file

_FORMATS = ("csv", "xes", "ocel")


@click.group()
def command() -> None:
    """The history of the agreements, for whoever runs the service."""


@command.command()
@click.option("--format", "fmt", type=click.Choice(_FORMATS), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write.")
@click.option("--reference", help="One agreement alone.")
def export(fmt: str, out: Path, reference: str | None) -> None:
    """Write the history as CSV, XES or OCEL 2.0 JSON: posts, no persons, no private notes."""
    from dsa.services import event_log

    with opened(settings_from_environment()) as ctx:
        written = write_file(out, event_log.log_lines(ctx, None, fmt, reference=reference))
    click.echo(f"{out}: {written:,} bytes.")
