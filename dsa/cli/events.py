"""`dsa events export`: the history of every agreement as an event log.

One rule: the file is whole, or it is not there.
"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from dsa.cli.opening import opened, settings_from_environment
from dsa.domain.errors import BadInput

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
        written = _write(out, event_log.log_lines(ctx, None, fmt, reference=reference))
    click.echo(f"{out}: {written:,} characters.")


def _write(out: Path, pieces: Iterable[str]) -> int:
    """Write aside and move into place; returns how many characters."""
    total, aside = 0, None
    try:
        descriptor, aside = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            for piece in pieces:
                total += file.write(piece)
        os.replace(aside, out)
    except OSError as problem:
        raise BadInput("%(file)s cannot be written: %(why)s.", file=str(out), why=problem.strerror) from None
    finally:
        if aside is not None:
            Path(aside).unlink(missing_ok=True)
    return total
