"""`dsa journey`: an agreement described in a file, taken to its signed PDF. One rule: judged first, written last."""

import dataclasses
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsa.cli.opening import cannot_run, settings_from_environment
from dsa.config import BadSettings, Settings
from dsa.domain.errors import BadInput, Problem

if TYPE_CHECKING:
    from dsa.domain.form import Form
    from dsa.domain.rules import Body
    from dsa.timekeeping.clock import SimulatedClock


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", "into", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where to write.")
def command(file: Path, into: Path) -> None:
    """Take the agreement in FILE through its whole workflow as demonstration people.

    Writes the signed PDF, its content, the evidence, the timeline and the root certificate. Everything that is signed
    carries the mark EXAMPLE.
    """
    settings = settings_from_environment()
    if settings.env == "production":
        cannot_run(BadSettings(["A journey signs examples, so it is refused when DSA_ENV=production. Unset DSA_ENV."]))
    try:
        click.echo(_run(dataclasses.replace(settings, demo=True, signer="inside"), file, into))
    except BadSettings as bad:
        cannot_run(bad)
    except Problem as problem:
        click.echo(f"{file.name}: {problem}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(
            f"{into}: nothing could be written there ({(error.strerror or 'unknown reason').lower()}).", err=True
        )
        sys.exit(1)


def _run(settings: Settings, file: Path, into: Path) -> str:
    from dsa.composition import open_context, publish_definitions
    from dsa.demo import journey_files
    from dsa.demo.journey import Journey, plan
    from dsa.demo.pace import Pace, start_before
    from dsa.domain.agreement_file import read_agreement_file
    from dsa.domain.json_reading import read_json
    from dsa.persistence import migrating
    from dsa.services import journeying
    from dsa.timekeeping.calendar import calendar_for
    from dsa.timekeeping.clock import SimulatedClock

    data = read_json(_bytes(file))
    form, bodies = _form()
    planned = plan(form, read_agreement_file(form, data), bodies, today=_now().date())
    into.mkdir(parents=True, exist_ok=True)
    calendar = calendar_for(planned.lead.nation or "ENG")
    clock = SimulatedClock(start_before(_now(), planned.days, calendar))
    ctx = dataclasses.replace(open_context(settings, clock=clock), simulated=True)
    migrating.upgrade(ctx.database)
    publish_definitions(ctx)
    journey = Journey(
        ctx, clock, form, planned, lambda sentence: click.echo(sentence, err=True), Pace(clock, calendar),
        finish=lambda: _to_now(clock),
    )  # fmt: skip
    reference = journey.run()
    outcome = journeying.outcome(ctx, reference)
    root = (settings.data_dir / "root.pem").read_bytes()
    written = journey_files.write(
        outcome, name=file.stem, into=into, root=root, refusal=journey.refusal, sources=planned.file.sources
    )
    ctx.database.close()
    return written.line()


def _form() -> tuple["Form", tuple["Body", ...]]:
    from dsa.adapters.definitions import load_bodies, load_form
    from dsa.domain.definition import DefinitionError
    from dsa.resources import workflows_dir

    try:
        return load_form(workflows_dir() / "forms" / "agreement.yaml"), load_bodies(workflows_dir() / "bodies.yaml")
    except DefinitionError as error:
        raise BadSettings([f"The form cannot be used: {one.sentence}" for one in error.problems]) from error


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise BadInput("this file cannot be read (%(why)s).", why=why) from error


def _now() -> datetime:
    return datetime.now(UTC)


def _to_now(clock: "SimulatedClock") -> None:
    now = _now()
    if now > clock.now():
        clock.advance_to(now)
