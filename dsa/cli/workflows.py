"""`dsa workflows`: check and draw workflow files. One rule: a file is judged whole; every problem has a line."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from dsa.adapters.definitions import load_form, load_yaml
from dsa.cli.output import write_file
from dsa.domain.definition import DefinitionError, DefinitionProblem
from dsa.domain.workflow import Workflow
from dsa.domain.workflow_drawing import as_mermaid, as_svg
from dsa.domain.workflow_reading import inspect_workflow
from dsa.resources import workflows_dir

Sections = Mapping[str, frozenset[str]]


@click.group()
def command() -> None:
    """Check and draw workflow files."""


@command.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check workflow FILES (by default all that are in use): every problem with its line; exit 1 where there is one."""
    sections = _sections()
    found: list[tuple[Path, Workflow]] = []
    wrong = 0
    for path in files or _shipped():
        workflow, problems = _read(path, sections)
        for problem in problems:
            click.echo(f"{path}:{problem.line or 1}: {problem.message}")
        wrong += len(problems)
        if workflow is not None and not problems:
            found.append((path, workflow))
            click.echo(
                f"{path}: {workflow.title}, version {workflow.version}, {len(workflow.stages)} stages: no problems."
            )
    wrong += _between_files(found)
    if wrong:
        click.echo(f"{wrong} problem{'s' if wrong > 1 else ''} found.", err=True)
        sys.exit(1)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("build"), show_default=True)
def draw(file: Path, out: Path) -> None:
    """Draw the workflow in FILE as Mermaid (NAME.mmd) and as a picture (NAME.svg)."""
    workflow, problems = _read(file, _sections())
    if workflow is None or problems:
        for problem in problems:
            click.echo(f"{file}:{problem.line or 1}: {problem.message}", err=True)
        sys.exit(1)
    for suffix, text in ((".mmd", as_mermaid(workflow)), (".svg", as_svg(workflow))):
        path = out / f"{file.stem}{suffix}"
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            click.echo(f"{path} cannot be written: {error.strerror or 'unknown reason'}.", err=True)
            sys.exit(1)
        write_file(path, [text])
        click.echo(str(path))


def _shipped() -> list[Path]:
    """The workflow files in use: those of the directory that say they have stages, or that cannot be read at all."""
    found = []
    for path in sorted(workflows_dir().glob("*.yaml")):
        try:
            data = load_yaml(path)[0]
        except DefinitionError:
            found.append(path)
            continue
        if isinstance(data, dict) and ("stages" in data or "moves" in data):
            found.append(path)
    if not found:
        click.echo(f"No workflow files are in {workflows_dir()}.", err=True)
        sys.exit(1)
    return found


def _sections() -> Sections:
    """The keys of the sections of each form."""
    found = {}
    for path in sorted((workflows_dir() / "forms").glob("*.yaml")):
        try:
            form = load_form(path)
        except DefinitionError as error:
            for problem in error.problems:
                click.echo(f"{path}:{problem.line or 1}: {problem.message}", err=True)
            click.echo("The form cannot be used, so the workflows were not checked.", err=True)
            sys.exit(1)
        found[path.stem] = frozenset(section.key for section in form.sections)
    return found


def _read(path: Path, forms: Sections) -> tuple[Workflow | None, tuple[DefinitionProblem, ...]]:
    try:
        data, lines = load_yaml(path)
    except DefinitionError as error:
        return None, error.problems
    form = data.get("form") if isinstance(data, dict) else None
    sections = forms.get(form) if isinstance(form, str) else None
    workflow, problems = inspect_workflow(data, lines, sections=sections)
    if isinstance(form, str) and form not in forms:
        problems = (*problems, DefinitionProblem(f'there is no form "{form}".', "form", lines.get(("form",))))
    return workflow, tuple(sorted(problems, key=lambda problem: problem.line or 0))


def _between_files(found: list[tuple[Path, Workflow]]) -> int:
    """Say what two files cannot both claim: the same id, or the same route. Returns how many problems there are."""
    wrong = 0
    seen: dict[str, Path] = {}
    for path, workflow in found:
        for claim in (f'the id "{workflow.id}"', *(f'the route "{route}"' for route in workflow.serves)):
            if claim in seen:
                click.echo(f"{path}:1: {claim} is taken already by {seen[claim]}.")
                wrong += 1
            seen.setdefault(claim, path)
    return wrong
