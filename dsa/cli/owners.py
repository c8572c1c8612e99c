"""``dsa owners FILE.jsonl``: who owned the elapsed time of agreements in a file, along the critical path.

One rule: every line is read and worked out before anything is written; answers in the file (``expected``, minutes) are
not looked at.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from dsa.domain.errors import BadInput, Problem
from dsa.timekeeping.attribution import Step, attribute
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.instants import read_instant

_TEXTS = ("stage", "org", "nation", "reason", "start", "end")


@click.command("owners")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Who owned the elapsed time of each agreement in FILE (JSON Lines).

    \b
    Each line: {"id", "steps": [{"id", "stage", "org", "nation", "reason", "start", "end", "preds"}]}.
    Times are ISO 8601 with an offset; "preds" are the ids of the steps that a step waited for.

    Other keys are ignored.
    """
    found = [json.dumps(answer) for answer in answers(file)]
    click.echo("".join(line + "\n" for line in found), nl=False)


def answers(file: Path) -> list[dict[str, Any]]:
    """One answer per line of the file; BadInput, naming file and line, where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("%(file)s is not text in UTF-8. Save it as UTF-8.", file=file.name) from None
    except OSError as problem:
        raise BadInput("%(file)s cannot be read: %(why)s.", file=file.name, why=problem.strerror) from None
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(_answer(line))
        except Problem as problem:
            place = {"file": file.name, "line": number, "why": str(problem)}
            raise BadInput("%(file)s, line %(line)s: %(why)s", **place) from None
    if not found:
        raise BadInput("%(file)s holds no agreement. Give one to a line.", file=file.name)
    return found


def _answer(line: str) -> dict[str, Any]:
    agreement = _parsed(line)
    listed = agreement.get("steps")
    if not isinstance(listed, list) or not isinstance(agreement.get("id"), str | int):
        raise BadInput("An agreement needs an “id” and a list of “steps”.")
    steps = [_step(number, step) for number, step in enumerate(listed, 1)]
    result = attribute(steps, calendar_of=lambda step: calendar_for(step.nation))
    return {
        "id": agreement["id"],
        "critical_path": list(result.critical_path),
        "owned_working_minutes_by_org": result.by(lambda step: step.owner),
        "by_stage": result.by(lambda step: step.stage),
        "by_reason": result.by(lambda step: step.reason),
        "total_owned_working_minutes": result.total_working_minutes,
        "sum_of_all_step_working_minutes": result.all_steps_working_minutes,
    }


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        agreement = json.loads(line)
    except json.JSONDecodeError as problem:
        where = {"why": problem.msg, "column": problem.colno}
        raise BadInput("This is not JSON (%(why)s, column %(column)s).", **where) from None
    except (ValueError, RecursionError):
        raise BadInput("This JSON holds a number too long or lists too deep to read.") from None
    if not isinstance(agreement, dict):
        raise BadInput("Each line must be one JSON object, in { and }.")
    return agreement


def _step(number: int, value: object) -> Step:
    if not isinstance(value, dict):
        raise BadInput("Step number %(number)s is not an object, in { and }.", number=number)
    for key in _TEXTS:
        if not isinstance(value.get(key), str) or not value[key]:
            raise BadInput("Step number %(number)s needs “%(key)s”, as text.", number=number, key=key)
    predecessors = value.get("preds", [])
    if not _is_id(value.get("id")) or not isinstance(predecessors, list) or not all(map(_is_id, predecessors)):
        raise BadInput("Step number %(number)s needs an “id”, and in “preds” a list of ids.", number=number)
    return Step(
        id=value["id"],
        stage=value["stage"],
        owner=value["org"],
        nation=value["nation"],
        reason=value["reason"],
        started_at=_instant(number, value["start"]),
        ended_at=_instant(number, value["end"]),
        predecessors=tuple(predecessors),
    )


def _instant(number: int, text: str) -> datetime:
    try:
        return read_instant(text)
    except Problem as problem:
        raise BadInput("Step number %(number)s: %(why)s", number=number, why=str(problem)) from None


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
