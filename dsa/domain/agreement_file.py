"""An agreement described in a file (CONTRACTS section 2): its answers, what is assumed, and the corrections to come.

One rule: a correction changes exactly the place that its path names, and says why.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dsa.domain.answers import Mistake, read_answers
from dsa.domain.definition import did_you_mean, kind_of
from dsa.domain.errors import BadInput
from dsa.domain.form import Form
from dsa.domain.parties import Answers, Party, parties_of, rows_of
from dsa.domain.rules import FACTS, RULES
from dsa.domain.values import fixed_date, tidy

KEYS = ("title", "sources", "answers", "assumed", "corrections", "facts")
DATE_FACTS = ("today", "issued", "last_signature", "last_data_change")
LIST_FACTS = ("approvers", "role_holders", "absences", "agreements", "attachments")
MAX_ITEMS = 500

_STEP = re.compile(r"\.?([A-Za-z0-9_\-]+)|\[(\d{1,4})\]|\[([a-z0-9_]+)=([^\[\]]{1,120})\]")


@dataclass(frozen=True, slots=True)
class Correction:
    """What a drafter must put right: the place, the new value (None takes it away), the reason, and the rule."""

    path: str
    value: Any
    reason: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class AgreementFile:
    """A file that could be read. `mistakes` are answers that cannot be right; they do not stop the reading."""

    title: str
    sources: tuple[str, ...]
    answers: dict[str, Any]
    parties: tuple[Party, ...]
    assumed: tuple[str, ...]
    corrections: tuple[Correction, ...]
    facts: Mapping[str, Any]
    mistakes: tuple[Mistake, ...]


def read_agreement_file(form: Form, data: object) -> AgreementFile:
    """The agreement that parsed JSON describes; raises BadInput with every problem of its frame."""
    if not isinstance(data, Mapping):
        raise BadInput("An agreement file is a set of keys and values, not %(kind)s.", kind=kind_of(data))
    problems = [f'"{str(key)[:60]}" is not a key of an agreement file.{did_you_mean(str(key)[:60], KEYS)}'
                for key in data if key not in KEYS]  # fmt: skip
    answers = data.get("answers")
    if not isinstance(answers, Mapping):
        problems.append('"answers" is missing or is not a set of answers by question.')
    title = data.get("title")
    if not isinstance(title, str) or not title.strip():
        problems.append('"title" is missing or is not text.')
    sources, assumed = _texts(data, "sources", problems), _texts(data, "assumed", problems)
    corrections = tuple(_corrections(data.get("corrections"), problems))
    facts = _facts(data.get("facts"), problems)
    if problems:
        raise BadInput("%(problems)s", problems=" ".join(problems[:20]))
    found, mistakes = reread(form, {"title": title, **dict(answers or {})})
    unknown = tuple(_unknown_assumptions(form, assumed))
    return AgreementFile(
        tidy(str(title)), sources, found, parties_of(found), assumed, corrections, facts, (*mistakes, *unknown)
    )


def reread(form: Form, raw: Answers) -> tuple[dict[str, Any], tuple[Mistake, ...]]:
    """Answers read as the form has them, with everything wrong; parties are read first, as others refer to them."""
    folded = _folded(form, raw)
    parties, _ = read_answers(form, {"parties": folded.get("parties")})
    return read_answers(form, folded, parties=parties_of(parties))


def _folded(form: Form, raw: Answers) -> dict[str, Any]:
    """Answers that the form holds in a column of a table (`held_in`) moved there, by the `id` of the row."""
    found = dict(raw)
    for question in form.questions():
        given = found.pop(question.key, None) if question.held_in else None
        if not isinstance(given, Mapping):
            continue
        table, _, column = question.held_in.partition(".")
        rows = [dict(row) for row in rows_of(found.get(table))]
        for row in rows:
            if row.get("id") in given and column not in row:
                row[column] = given[row["id"]]
        found[table] = rows
    return found


def _texts(data: Mapping[str, Any], key: str, problems: list[str]) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        problems.append(f'"{key}" should be a list of texts.')
        return ()
    return tuple(tidy(item) for item in value[:MAX_ITEMS])


def _unknown_assumptions(form: Form, assumed: Iterable[str]) -> Iterable[Mistake]:
    for path in assumed:
        key = re.split(r"[.\[]", path)[0]
        if form.question(key) is None:
            known = [question.key for question in form.questions()]
            yield Mistake("assumed", f'"{path[:80]}" is assumed, but is not a question.{did_you_mean(key, known)}')


def _corrections(value: object, problems: list[str]) -> Iterable[Correction]:
    if value is None:
        return
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        problems.append('"corrections" should be a list of corrections.')
        return
    for number, item in enumerate(value):
        place = f"corrections[{number}]"
        if not isinstance(item, Mapping):
            problems.append(f"{place} should have a path, a value and a reason.")
            continue
        problems += [f'{place} has "{key}", which is not known.' for key in item
                     if key not in ("path", "value", "reason", "rule")]  # fmt: skip
        path, reason, rule = item.get("path"), item.get("reason"), item.get("rule", "")
        if not isinstance(path, str) or not _steps(path):
            problems.append(f'{place} needs a "path" such as data_items[2].why.')
        elif "value" not in item:
            problems.append(f'{place} needs a "value" (null takes the answer away).')
        elif not isinstance(reason, str) or not reason.strip():
            problems.append(f'{place} needs a "reason".')
        elif rule and rule not in RULES:
            problems.append(f'{place} names the rule "{str(rule)[:20]}", which does not exist.')
        else:
            yield Correction(path, item["value"], tidy(reason), str(rule or ""))


def _facts(value: object, problems: list[str]) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.append('"facts" should be a set of keys and values.')
        return {}
    for key, fact in value.items():
        if key not in FACTS:
            problems.append(f'facts has "{str(key)[:60]}", which is not known.{did_you_mean(str(key)[:60], FACTS)}')
        elif key in DATE_FACTS and not fixed_date(fact):
            problems.append(f'facts.{key} should be a date such as "2026-11-23".')
        elif key in LIST_FACTS and not (isinstance(fact, list) and all(isinstance(one, Mapping) for one in fact)):
            problems.append(f"facts.{key} should be a list of records.")
        elif key == "sign_off_requested" and not isinstance(fact, bool):
            problems.append(f"facts.{key} should be true or false.")
        elif key == "author" and not isinstance(fact, str):
            problems.append(f"facts.{key} should be text.")
    return dict(value)


def _steps(path: str) -> list[str | int | tuple[str, str]]:
    """The steps of a path: keys, row numbers, and (column, value) pairs that find a row. Empty where malformed."""
    steps: list[str | int | tuple[str, str]] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if not found or (at == 0) != (not found[0].startswith((".", "["))):
            return []
        if found[1]:
            steps.append(found[1])
        else:
            steps.append(int(found[2]) if found[2] else (found[3], found[4]))
        at = found.end()
    return steps if len(steps) <= 8 else []


def apply_corrections(answers: Answers, corrections: Sequence[Correction]) -> dict[str, Any]:
    """New answers with every correction made, in order; raises BadInput where a path leads nowhere."""
    found = copy.deepcopy(dict(answers))
    for correction in corrections:
        _apply(found, correction)
    return found


def _apply(answers: dict[str, Any], correction: Correction) -> None:
    steps = _steps(correction.path)
    if not steps:
        raise BadInput("“%(path)s” is not a path such as data_items[2].why.", path=correction.path[:80])
    here: Any = answers
    for step, after in pairwise(steps):
        here = _descend(here, step, after, correction)
    _put(here, steps[-1], correction)


def _descend(here: Any, step: Any, after: Any, correction: Correction) -> Any:
    if isinstance(step, str) and isinstance(here, dict):
        if step not in here and isinstance(after, str):
            here[step] = {}
        if step in here:
            return here[step]
    position = _position(here, step)
    if position is not None:
        return here[position]
    raise _nowhere(correction, step)


def _put(here: Any, step: Any, correction: Correction) -> None:
    if isinstance(step, str) and isinstance(here, dict):
        if correction.value is None:
            here.pop(step, None)
        else:
            here[step] = correction.value
        return
    position = _position(here, step)
    if position is not None and correction.value is None:
        del here[position]
    elif position is not None:
        here[position] = correction.value
    elif isinstance(here, list) and step == len(here) and correction.value is not None:
        here.append(correction.value)
    else:
        raise _nowhere(correction, step)


def _position(here: Any, step: Any) -> int | None:
    """The row that a step means: by number, or the first whose column has the value."""
    if not isinstance(here, list):
        return None
    if isinstance(step, int):
        return step if step < len(here) else None
    if isinstance(step, tuple):
        column, wanted = step
        rows = enumerate(here)
        return next((n for n, row in rows if isinstance(row, dict) and str(row.get(column)) == wanted), None)
    return None


def _nowhere(correction: Correction, step: Any) -> BadInput:
    shown = f"{step[0]}={step[1]}" if isinstance(step, tuple) else str(step)
    return BadInput(
        "The correction of “%(path)s” leads nowhere: there is no “%(step)s” there.",
        path=correction.path[:120], step=shown[:60],
    )  # fmt: skip
