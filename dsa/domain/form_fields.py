"""Between an answer and the fields of a web form: what each input is called, and how fields become one answer again.

One rule: names are made of known parts, so a field that the form did not offer is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dsa.domain.form import Question, Shape
from dsa.domain.parties import Party

Fields = Mapping[str, Sequence[str]]  # every value of every field, as a browser sends them
MAX_ROW_NUMBER = 999


def field_name(*parts: str | int) -> str:
    """The name of an input: `start-day`, `art6-hmrc`, `data_items-0-why`, `dpia-outcome`."""
    return "-".join(str(part) for part in parts)


def raw_from_fields(question: Question, fields: Fields, *, parties: Iterable[Party] = ()) -> Any:
    """What a browser sent for a question, in the form that `read_answer` takes; None when it sent nothing."""
    if not question.per_party:
        return _raw(question.shape, fields, question.key)
    found = {}
    for key in _answering_keys(parties):
        part = _raw(question.shape, fields, field_name(question.key, key))
        if part is not None:
            found[key] = part
    return found


def was_sent(question: Question, fields: Fields) -> bool:
    """Whether any field of this question is among those sent (a page may hold only some questions)."""
    return any(name == question.key or name.startswith(f"{question.key}-") for name in fields)


def _answering_keys(parties: Iterable[Party]) -> list[str]:
    """The keys under which parties may answer: their own and their groups'."""
    known = tuple(parties)
    return list(dict.fromkeys([party.key for party in known] + [party.group for party in known if party.group]))


def _raw(shape: Shape, fields: Fields, name: str) -> Any:
    if shape.type == "table":
        return [_parts(shape, fields, field_name(name, number)) for number in _row_numbers(fields, name)]
    if shape.type == "record":
        return _parts(shape, fields, name)
    if shape.type == "people":
        posts = ((option.value, _first(fields, field_name(name, option.value))) for option in shape.options)
        return {role: post for role, post in posts if post}
    if shape.type == "date":
        return _date(shape, fields, name)
    if shape.type == "duration":
        return _first(fields, name) or " ".join(_first(fields, field_name(name, part)) for part in ("number", "unit"))
    if shape.type == "reference":
        return _reference(fields, name)
    if shape.type == "multi" or shape.many:
        return [value for value in fields.get(name, ()) if value]
    return _first(fields, name) or None


def _parts(shape: Shape, fields: Fields, name: str) -> dict[str, Any]:
    found = {column.key: _raw(column.shape, fields, field_name(name, column.key)) for column in shape.columns}
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _row_numbers(fields: Fields, name: str) -> list[int]:
    pattern = re.compile(re.escape(name) + r"-([0-9]{1,3})-")
    numbers = {int(found[1]) for found in map(pattern.match, fields) if found}
    return sorted(number for number in numbers if number <= MAX_ROW_NUMBER)


def _date(shape: Shape, fields: Fields, name: str) -> Any:
    if shape.relative and _first(fields, field_name(name, "when")) == "after":
        unit = _first(fields, field_name(name, "unit"))
        number = _first(fields, field_name(name, "number"))
        event = _first(fields, field_name(name, "after"))
        return {"after": event, **({unit: number} if unit in ("months", "days") and number else {})}
    whole = _first(fields, name)
    parts = {part: _first(fields, field_name(name, part)) for part in ("day", "month", "year")}
    return whole or (parts if any(parts.values()) else None)


def _reference(fields: Fields, name: str) -> Any:
    found: dict[str, Any] = {"reference": _first(fields, name)}
    for part in ("version", "link"):
        found[part] = _first(fields, field_name(name, part))
    day = _date(Shape("date"), fields, field_name(name, "date"))
    kept = {key: value for key, value in {**found, "date": day}.items() if value}
    return kept or None


def _first(fields: Fields, name: str) -> str:
    sent = fields.get(name) or ("",)
    return sent[0]
