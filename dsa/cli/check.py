"""`dsa check`: judge an agreement file. One rule: it reads one file, writes nothing, and always says where."""

import json
import sys
from pathlib import Path

import click

from dsa.adapters.definitions import load_bodies, load_form
from dsa.domain.agreement_file import AgreementFile, read_agreement_file
from dsa.domain.checking import Judgement, judge
from dsa.domain.definition import DefinitionError
from dsa.domain.errors import BadInput
from dsa.domain.file_schema import agreement_file_schema
from dsa.domain.form import Form
from dsa.domain.json_reading import read_json
from dsa.domain.rules import Body
from dsa.resources import workflows_dir


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Write the judgement as JSON.")
@click.option("--schema", is_flag=True, help="Write the JSON Schema of agreement files instead.")
def command(file: Path | None, as_json: bool, schema: bool) -> None:
    """Judge the agreement in FILE: route with reasons, missing answers, findings, reviews needed."""
    try:
        form, bodies = (
            load_form(workflows_dir() / "forms" / "agreement.yaml"),
            load_bodies(workflows_dir() / "bodies.yaml"),
        )
    except DefinitionError as error:
        for problem in error.problems:
            click.echo(f"The form cannot be used: {problem.sentence}", err=True)
        sys.exit(2)
    if schema:
        click.echo(json.dumps(agreement_file_schema(form), ensure_ascii=False, indent=1))
        return
    if file is None:
        click.echo("Name the agreement file to judge: dsa check FILE.json", err=True)
        sys.exit(1)
    sys.exit(_check(file, form, bodies, as_json))


def _check(file: Path, form: Form, bodies: tuple[Body, ...], as_json: bool) -> int:
    try:
        found = read_agreement_file(form, read_json(_bytes(file)))
    except BadInput as problem:
        message = f"{file.name}: {problem}"
        click.echo(json.dumps({"error": message}, ensure_ascii=False, indent=1)) if as_json else None
        click.echo(message, err=True)
        return 1
    judgement = judge(form, found.answers, facts=found.facts, bodies=bodies, mistakes=found.mistakes)
    if as_json:
        click.echo(json.dumps(judgement.as_json(), ensure_ascii=False, indent=1))
    else:
        _tell(found, judgement)
    return 0 if judgement.may_go_forward else 1


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(
            "this file cannot be read (%(why)s).", why=(error.strerror or "unknown reason").lower()
        ) from error


def _tell(found: AgreementFile, judgement: Judgement) -> None:
    """The judgement for a person at a terminal."""
    click.secho(found.title, bold=True)
    click.echo(f"Route: {judgement.tier.route} (assessed as {judgement.tier.level})")
    _list("Why", judgement.tier.reasons)
    _list("Missing answers", [f"{one.field}: {one.question}" for one in judgement.missing])
    _list("Answers that cannot be right", [f"{one.field}: {one.message}" for one in judgement.mistakes])
    for severity, title in (("block", "Stops it"), ("warn", "Worth a look")):
        hits = [one for one in judgement.report.findings if one.severity == severity]
        _list(title, [f"{one.rule} {', '.join(one.fields)}: {one.message}" for one in hits])
    _list("Not checked", [f"{one.rule}: {one.because}" for one in judgement.report.not_run])
    reviews: dict[str, list[str]] = {}
    for need in judgement.gates:
        reviews.setdefault(f"{need.id} {need.role.replace('_', ' ')}", []).append(need.party or "as a whole")
    _list("Reviews needed", [f"{name}: {', '.join(parties)}" for name, parties in reviews.items()])
    click.echo("It can go forward." if judgement.may_go_forward else "It cannot go forward yet.")


def _list(title: str, lines: list[str] | tuple[str, ...]) -> None:
    if lines:
        click.echo(f"\n{title} ({len(lines)})")
        for line in lines:
            click.echo(f"  - {line}")
