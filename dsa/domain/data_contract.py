"""A data contract to begin from, in the Open Data Contract Standard. One rule: only what the frozen content says.

It names each data set and item with what was agreed of it; servers, types and quality rules are for the parties'
engineers to add.
"""

import re
from collections.abc import Mapping
from typing import Any

from dsa.domain.terms import flat_answers

API_VERSION = "v3.1.0"
_PERIODS = {"Y": "y", "M": "m", "W": "w", "D": "d"}


def data_contract(content: Mapping[str, Any]) -> dict[str, Any]:
    """The contract of a frozen version, as ODCS JSON (which is YAML as well)."""
    answers = flat_answers(content)
    found: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": f"{content['reference']}-{content['version']}",
        "name": str(content["title"]),
        "version": f"{content['version']}.0.0",
        "status": "proposed",
        "description": _described(answers),
        "schema": _schema(answers),
        "slaProperties": _levels(answers),
        "customProperties": [
            {"property": "agreementReference", "value": str(content["reference"])},
            {"property": "classification", "value": str(content.get("classification") or "OFFICIAL")},
            {"property": "parties", "value": [str(party["name"]) for party in content["parties"]]},
        ],
    }
    if answers.get("access_roles"):
        found["roles"] = [{"role": "access", "description": str(answers["access_roles"])}]
    return {key: value for key, value in found.items() if value not in ({}, [])}


def _described(answers: Mapping[str, Any]) -> dict[str, str]:
    named = {"purpose": "aims", "usage": "how_data_helps", "limitations": "prohibited_uses"}
    return {key: str(answers[question]) for key, question in named.items() if answers.get(question)}


def _schema(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = _rows(answers.get("data_items"))
    names = [str(row["name"]) for row in _rows(answers.get("datasets")) if row.get("name")]
    named = dict.fromkeys([*names, *(str(row["dataset"]) for row in items if row.get("dataset"))])
    about = {str(row.get("name")): row for row in _rows(answers.get("datasets"))}
    return [_object(name, about.get(name, {}), [row for row in items if row.get("dataset") == name]) for name in named]


def _object(name: str, row: Mapping[str, Any], items: list[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "logicalType": "object"}
    told = [f"{words}: {row[key]}" for key, words in _ABOUT.items() if row.get(key)]
    if told:
        found["description"] = "; ".join(told)
    if row.get("catalogue_link"):
        found["authoritativeDefinitions"] = [{"url": str(row["catalogue_link"]), "type": "canonicalUrl"}]
    if items:
        found["properties"] = [_property(item) for item in items if item.get("field")]
    return found


_ABOUT = {"source_system": "From", "period": "Period", "geography": "Area", "filter": "Only", "refresh": "Renewed"}


def _property(item: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": str(item["field"]), "logicalType": _logical(str(item.get("format") or ""))}
    found["required"] = bool(item.get("mandatory"))
    told = [str(item[key]) for key in ("description", "why") if item.get(key)]
    if told:
        found["description"] = " - ".join(told)
    if item.get("format"):
        found["physicalType"] = str(item["format"])
    kind = "special category" if item.get("special") else _KINDS.get(str(item.get("identifiability")))
    if kind:
        found["classification"] = kind
    return found


def _logical(written: str) -> str:
    """The standard's type for a format as somebody wrote it; text where it says no other."""
    words = set(re.split(r"\W+", written.lower()))
    return next((kind for kind, names in _LOGICAL.items() if words & names), "string")


_LOGICAL = {
    "date": {"date", "yyyy"}, "integer": {"integer", "int", "whole"}, "boolean": {"boolean", "yesno"},
    "number": {"number", "decimal", "money", "pounds"},
}  # fmt: skip
_KINDS = {"direct": "directly identifying", "quasi": "identifying with other data", "none": "not identifying"}


def _levels(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(answers.get("frequency"), str):
        found.append({"property": "frequency", "value": answers["frequency"]})
    for row in _rows(answers.get("retention")):
        period = str(row.get("period") or "")
        number, unit = period[1:-1], _PERIODS.get(period[-1:])
        if period.startswith("P") and number.isdecimal() and unit:
            level = {"property": "retention", "value": int(number), "unit": unit, "driver": "regulatory"}
            found.append(level | ({"element": str(row["dataset"])} if row.get("dataset") else {}))
    return found


def _rows(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        return [row for rows in value.values() for row in _rows(rows)]
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
