"""The JSON Schema of agreement files, made from the form.

One rule: it is generated, never edited; a test holds docs/agreement-file.schema.json equal to it.
"""

from __future__ import annotations

from typing import Any

from dsa.domain.form import Form, Question, Shape
from dsa.domain.rules import FACTS

PATHS = (
    "A path names a place in the answers without their section: a question key, then steps. `.name` goes to a named "
    "part (a column, a field, a role, or a party's id), `[2]` to a row by number from 0, `[id=hmrc]` to the first row "
    "whose column has that value. Examples: `onward_sharing`, `dpia.outcome`, `art6_law.hmrc`, `data_items[2].why`, "
    "`parties[id=slc].name`. The number after the last row adds one."
)
DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
RELATIVE = {
    "type": "object",
    "required": ["after"],
    "additionalProperties": False,
    "properties": {
        "after": {"enum": ["last_signature", "start"]},
        "months": {"type": "integer", "minimum": 0},
        "days": {"type": "integer", "minimum": 0},
    },
}


def agreement_file_schema(form: Form) -> dict[str, Any]:
    """The schema of a file that `dsa check` and `dsa journey` take."""
    questions = {one.key: _question(one) for one in form.questions() if not one.system}
    texts = {"type": "array", "items": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Agreement file",
        "description": f"An agreement for form {form.id}, version {form.version}. Generated from the form.",
        "type": "object",
        "required": ["title", "answers"],
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "minLength": 1},
            "sources": {**texts, "description": "Web addresses of what was published."},
            "answers": {"type": "object", "additionalProperties": False, "properties": questions},
            "assumed": {**texts, "description": f"Answers that are not in the sources. {PATHS}"},
            "corrections": {"type": "array", "items": _correction()},
            "facts": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: {"description": f"{says[:1].upper()}{says[1:]}."} for name, says in FACTS.items()},
            },
        },
    }


def _correction() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["path", "value", "reason"],
        "additionalProperties": False,
        "properties": {
            "path": {"type": "string", "description": PATHS},
            "value": {"description": "The new value; null takes the answer away."},
            "reason": {"type": "string", "minLength": 1},
            "rule": {"type": "string", "pattern": "^(R[0-9]{2})?$"},
        },
    }


def _question(question: Question) -> dict[str, Any]:
    shape = _shape(question.shape)
    if question.per_party:
        text = f"{question.wording} By the id of the party, or of its group."
        return {"type": "object", "description": text, "additionalProperties": shape}
    return {"description": question.wording, **shape}


def _shape(shape: Shape) -> dict[str, Any]:
    if shape.type == "table":
        return {"type": "array", "items": _record(shape), "maxItems": shape.max_rows}
    if shape.type == "record":
        return _record(shape)
    if shape.type == "people":
        roles = {option.value: {"type": "string", "description": option.label} for option in shape.options}
        return {"type": "object", "additionalProperties": False, "properties": roles}
    if shape.many or shape.type == "multi":
        return {"type": "array", "items": _one(shape)}
    return _one(shape)


def _one(shape: Shape) -> dict[str, Any]:
    if shape.options:
        return {"enum": [option.value for option in shape.options]}
    if shape.type == "number":
        bounds = {"minimum": shape.minimum or 0}
        return {"type": "integer", **bounds, **({"maximum": shape.maximum} if shape.maximum is not None else {})}
    if shape.type == "yesno":
        return {"type": "boolean"}
    if shape.type == "date":
        return {"anyOf": [DATE, RELATIVE]} if shape.relative else DATE
    if shape.type == "duration":
        return {"type": "string", "pattern": "^P([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?$"}
    if shape.type == "reference":
        parts = {"reference": {"type": "string"}, "version": {"type": "string"}, "link": {"type": "string"}}
        record = {"type": "object", "additionalProperties": False, "properties": {**parts, "date": DATE}}
        return {"anyOf": [{"type": "string"}, record]}
    return {"type": "string", **({"maxLength": shape.max_length} if shape.max_length else {})}


def _record(shape: Shape) -> dict[str, Any]:
    columns = {column.key: {"description": column.label, **_shape(column.shape)} for column in shape.columns}
    return {"type": "object", "additionalProperties": False, "properties": columns}
