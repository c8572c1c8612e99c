"""``dsa audit``: the log over every agreement's events. One rule: checking changes nothing, and says where.

``verify`` recomputes the log and every history; ``export`` writes what an outsider needs to check one agreement.
"""

import json
import sys
from pathlib import Path

import click

from dsa.cli.opening import opened, settings_as_kept
from dsa.cli.output import write_file
from dsa.domain.checkpoints import BadNote
from dsa.domain.errors import BadInput


@click.group()
def command() -> None:
    """Check the audit log; write out the full log of an agreement."""


@command.command("verify")
@click.option("--checkpoint", "files", type=click.Path(path_type=Path), multiple=True,
              help="A checkpoint that was kept elsewhere, or a copy of checkpoints.txt.")  # fmt: skip
@click.option("--log-only", is_flag=True, help="Leave out the replay of each agreement's history.")
@click.option("--json", "as_json", is_flag=True, help="Write what was found as JSON.")
def verify(files: tuple[Path, ...], log_only: bool, as_json: bool) -> None:
    """Recompute the whole log against events, checkpoints and histories. Exit 0 only if everything holds."""
    from dsa.services import audit_checking

    with opened(settings_as_kept()) as ctx:
        try:
            found = audit_checking.check_log(
                ctx, held=[_text(path) for path in files], progress=None if as_json else _progress
            )
        except BadNote as problem:
            raise BadInput(str(problem)) from problem
        histories = [] if log_only else list(audit_checking.check_histories(ctx))
    wrong = [*found.problems, *(f"{reference}: {says}" for reference, told in histories for says in told)]
    if as_json:
        shape = {"leaves": found.leaves, "root": found.root, "checkpoints": found.checkpoints}
        shape |= {"waiting": found.waiting, "histories": len(histories), "problems": wrong}
        click.echo(json.dumps(shape, indent=2))
    else:
        click.echo(f"{found.leaves} leaves, root {found.root}")
        click.echo(f"{found.checkpoints} checkpoints compared, {len(histories)} histories replayed")
        for says in wrong:
            click.echo(f"NO  {says}")
        click.echo("Something does not hold." if wrong else "Everything holds.")
    sys.exit(1 if wrong else 0)


@command.command("export")
@click.argument("reference")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where to write the log (JSON Lines).")
def export(reference: str, out: Path) -> None:
    """Write the full log of the agreement REFERENCE, for `dsa verify --log`."""
    from dsa.composition import signer_beside
    from dsa.services import audit_log, log_export

    settings = settings_as_kept()
    with opened(settings) as ctx, signer_beside(settings):
        audit_log.keep_log(ctx, due=True)
        data = log_export.full_log_of(ctx, reference)
    write_file(out, [data])
    click.echo(f"Wrote {out}")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise BadInput("%(file)s cannot be read: %(why)s.", file=path, why=error.strerror or error) from error
    except UnicodeDecodeError as error:
        raise BadInput("%(file)s is not text, so it is no checkpoint.", file=path) from error


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rrecomputed {done} of {of} leaves", nl=done == of, err=True)
