"""`dsa demo`: make the demonstration world. One rule: never where there is anything already, never in production."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from dsa.cli.opening import cannot_run, settings_from_environment
from dsa.cli.output import write_file
from dsa.config import BadSettings
from dsa.demo import AGREEMENTS, SEED
from dsa.domain.errors import Refused


@click.command()
@click.option(
    "--agreements", type=click.IntRange(1, 1_000_000), default=AGREEMENTS, show_default=True, help="How many to make."
)
@click.option(
    "--seed", type=click.IntRange(0, 10**9), default=SEED, show_default=True, help="The same seed, the same world."
)
@click.option(
    "--era",
    type=click.Choice(["before", "after", "both"]),
    help="A world of the synthetic model: reviews and signatures one after another, at once, or changed half-way. "
    "Above 1,000 agreements: both.",
)
@click.option(
    "--register",
    "register_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make no world: write a CSV register of so many agreements from before the service, some of its rows dirty, "
    "to be imported on screen.",
)
def command(agreements: int, seed: int, era: str | None, register_file: Path | None) -> None:
    """Make the demonstration world: organisations, people by post, agreements at every stage (synthetic)."""
    if register_file is not None:
        _write_register(register_file, agreements, seed)
        return
    from dsa.demo.filling import Wanted, fill_if_empty
    from dsa.demo.modelled import changes_at
    from dsa.demo.past_fates import changed_at

    began, wanted = time.monotonic(), Wanted(agreements, seed, era)
    try:
        made = fill_if_empty(settings_from_environment(), wanted, says=lambda line: click.echo(line, err=True))
    except BadSettings as bad:
        cannot_run(bad)
    if not made:
        raise Refused("There is something in this installation already. Name an empty DSA_DATA_DIR, or start as it is.")
    click.echo(f"The demonstration world is made ({time.monotonic() - began:.0f} seconds). Start with: make run")
    if wanted.modelled == "both" or (wanted.modelled is None and agreements >= AGREEMENTS):
        day = (changes_at if wanted.modelled else changed_at)(datetime.now(UTC)).date().isoformat()
        click.echo(
            f"Agreements that began from {day} on work the changed way. To compare: /time/how-long?changed_on={day}"
        )


def _write_register(file: Path, rows: int, seed: int) -> None:
    from dsa.demo.register import as_csv, register

    entries = list(register(rows, seed=seed, now=datetime.now(UTC)))
    write_file(file, [as_csv(iter(entries))])
    dirty = sum(bool(entry.dirt) for entry in entries)
    click.echo(f"{file}: {rows} rows, {dirty} of them dirty. To import them: /imports")
