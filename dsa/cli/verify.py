"""``dsa verify FILE.pdf``: check a signed agreement, offline and without the database.

One rule: it trusts the root certificate that it is given, or the one in ``DSA_DATA_DIR``, and never one in or beside
the file.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from dsa.adapters.certificates import EXAMPLE_MARK
from dsa.adapters.pdf_layout import moment
from dsa.adapters.verification import LARGEST, Verdict, verify
from dsa.adapters.verification_trust import Signed
from dsa.domain.errors import BadInput
from dsa.domain.stamps import LOCAL, level_told

_LARGEST_LOG = 1_024 * 1_024 * 1_024
_SHOW_PROGRESS_FROM = 12  # signatures; below that it is done before anybody looks
_KINDS = {
    "seal": "Sealed",
    "person": "Signed",
    "outside": "Signed outside this service,",
    "timestamp": "Time stamp",
}


@click.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--root", type=click.Path(path_type=Path), help="The root certificate to trust (DER, or PEM with one or several)."
)
@click.option("--stamp-roots", type=click.Path(path_type=Path), help="Roots trusted to say the time (PEM), beside it.")
@click.option("--log", type=click.Path(path_type=Path), help="The full log of the agreement (JSON Lines).")
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), help="A checkpoint that somebody kept, or checkpoints.txt."
)
@click.option("--json", "as_json", is_flag=True, help="Write the verdict as JSON.")
def command(
    file: Path, root: Path | None, stamp_roots: Path | None, log: Path | None, checkpoint: Path | None, as_json: bool
) -> None:
    """Check the signed agreement in FILE: is it unchanged and ours; who signed; is it in force.

    Works without a network and without the database. Exit 0 only if it is genuine and every check holds.
    """
    try:
        found = verify(
            _read(file),
            roots=_roots(root),
            progress=None if as_json else _progress,
            log=_lines(log),
            checkpoint=None if checkpoint is None else _text(checkpoint),
            stamp_roots=_clocks(stamp_roots, root),
        )
    except BadInput as problem:
        if not as_json:
            raise
        click.echo(json.dumps(_refusal(str(problem)), indent=2))
        sys.exit(1)
    click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False) if as_json else _told(found, file))
    sys.exit(0 if found.ok else 1)


def _read(path: Path, *, most: int = LARGEST) -> bytes:
    try:
        if path.stat().st_size > most:
            size = most // 1_048_576
            raise BadInput("%(file)s is larger than %(size)s MB, and nothing of this service is.", file=path, size=size)
        return path.read_bytes()
    except OSError as error:
        raise BadInput("%(file)s cannot be read: %(why)s.", file=path, why=error.strerror or error) from error


def _roots(given: Path | None) -> list[bytes]:
    if given is not None:
        return [_read(given)]
    here = Path(os.environ.get("DSA_DATA_DIR") or "var")
    return [_read(here / name) for name in ("root.pem", "root-earlier.pem") if (here / name).exists()]


def _clocks(given: Path | None, root: Path | None) -> list[bytes]:
    """The roots that are trusted to say the time: those given, or those of the data directory with its own root."""
    if given is not None:
        return [_read(given)]
    kept = Path(os.environ.get("DSA_DATA_DIR") or "var") / "stamp-roots.pem"
    return [_read(kept)] if root is None and kept.exists() else []


def _text(path: Path) -> str:
    try:
        text = _read(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("%(file)s is not text, so it is no checkpoint.", file=path) from error
    between = text.replace("\r\n", "\n").split("\n----\n")  # a whole mail may have been saved
    return between[1] if len(between) > 2 else text


def _lines(path: Path | None) -> list[Mapping[str, Any]] | None:
    if path is None:
        return None
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(_read(path, most=_LARGEST_LOG).splitlines(), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput("Line %(line)s of %(file)s is not JSON.", line=number, file=path) from error
        if not isinstance(event, dict):
            raise BadInput("Line %(line)s of %(file)s is not an event.", line=number, file=path)
        events.append(event)
    return events


def _progress(done: int, of: int) -> None:
    if of >= _SHOW_PROGRESS_FROM and sys.stderr.isatty():
        click.echo(f"\rchecked {done} of {of} signatures", nl=done == of, err=True)


def _refusal(sentence: str) -> dict[str, Any]:
    check = {"check": "file", "ok": False, "says": sentence}
    return {"verdict": "not_ours", "example": False, "level": None, "signatures": [], "checks": [check]}


def _told(found: Verdict, file: Path) -> str:
    lines = [EXAMPLE_MARK, ""] if found.example else []
    lines += [f"{file.name}: {found.headline}"]
    if found.reference:
        lines.append(f"{found.title} ({found.reference}, version {found.version})")
    lines += ["", "1  Is it unchanged and ours?", f"   {found.headline}"]
    lines += ["", "2  Who signed, when, with what authority?", f"   {found.answers['who_signed']}"]
    for each in found.signatures:
        lines += _signature(each)
    lines += ["", "3  Is it in force?", f"   {found.answers['in_force']}", "", "What was checked:"]
    lines += [f"   {'ok' if check.ok else 'NO'}  {check.says}" for check in found.checks]
    return "\n".join(map(_one_line, lines))


def _one_line(text: str) -> str:
    """A line of the answer, whatever the file says: no text of a stranger's may move the cursor or begin a new line."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _signature(each: Signed) -> list[str]:
    """A signature, a seal or a time stamp: a line that names it, and one for each thing that is known of it."""
    when = moment(each.at.isoformat()) if each.at else "at an unknown time"
    doubt = "" if each.trusted else f" - NOT CONFIRMED: {each.because}"
    lines = [f"   {_KINDS[each.kind]} {each.signed_when or when}: {each.post}, {each.organisation}{doubt}"]
    levels = level_told(each.level_when_signed or "", each.level or "") if each.kind != "seal" else each.level
    stamper = f"{each.stamped_by} ({LOCAL})" if each.stamped_locally else each.stamped_by or "nobody"
    own = each.kind == "timestamp"  # it names itself
    said = [
        ("Statement", each.statement),
        ("Authority", each.authority),
        ("Recorded", f"{when}, by the service" if each.signed_when else ""),
        ("Confirmed by", each.confirmed_by),
        ("Authenticated by", each.authentication if each.kind == "person" else ""),
        ("Account vouched for by", each.account_vouched_for_by),
        ("Level of the service's seal" if each.signed_when else "Level", levels),
        ("Clock", LOCAL if own and each.stamped_locally else ""),
        ("Time stamped by", "" if own else stamper),
    ]
    return [*lines, *(f"      {label}: {words}" for label, words in said if words)]
