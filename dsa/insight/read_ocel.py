"""Reads event logs in OCEL 2.0 JSON: events that belong to several objects at once.

One rule: a case is one object of one type, chosen by name, never by guess; an event that belongs to several objects of
that type counts in each.
"""

from typing import Any, BinaryIO

from dsa.domain.errors import BadInput, Problem
from dsa.insight.eventlog import Columns, EventLog, LogBuilder
from dsa.insight.json_stream import JsonStream

OUR_TYPE = "agreement"


def read_ocel(stream: BinaryIO, *, columns: Columns, name: str, case_type: str | None = None) -> EventLog:
    """The log in ``stream``, with the objects of ``case_type`` as its cases.

    Without ``case_type``: the type "agreement", or the only type there is. The stream is read twice, because events may
    stand before their objects. BadInput that names file and line where it cannot be read.
    """
    reading = JsonStream(stream)
    try:
        builder = LogBuilder()
        cases = _cases(reading, builder, case_type)
        stream.seek(0)
        reading = JsonStream(stream)
        _events(reading, builder, cases, columns)
        return builder.build()
    except Problem as problem:
        raise BadInput("%(file)s, line %(line)s: %(why)s", file=name, line=reading.line, why=str(problem)) from None


def _cases(reading: JsonStream, builder: LogBuilder, case_type: str | None) -> dict[str, int]:
    """The objects that are cases, with their numbers in the log."""
    of_type: dict[str, list[str]] = {}
    states: dict[str, str] = {}
    seen: set[str] = set()
    for key, entry in reading.members():
        if key == "objects":
            one, kind = _text(entry, "id", of="An object"), _text(entry, "type", of="An object")
            if one in seen:
                raise BadInput("A second object has the id “%(id)s”. Give each its own.", id=one[:80])
            seen.add(one)
            of_type.setdefault(kind, []).append(one)
            if state := _last_attribute(entry, "status"):
                states[one] = state
        elif key == "objectTypes":
            of_type.setdefault(_text(entry, "name", of="A type of objects"), [])
    chosen = of_type[_chosen(of_type, case_type)]
    cases = {one: builder.cases[one] for one in chosen}
    for one in chosen:
        if one in states:
            builder.status(cases[one], states[one])
    return cases


def _chosen(of_type: dict[str, list[str]], case_type: str | None) -> str:
    if case_type is not None and case_type in of_type:
        return case_type
    if case_type is None and OUR_TYPE in of_type:
        return OUR_TYPE
    if case_type is None and len(of_type) == 1:
        return next(iter(of_type))
    raise BadInput(
        "It has objects of these types: %(types)s. Say with --case which of them is the case.",
        types=", ".join(sorted(of_type))[:500] or "none",
    )


def _events(reading: JsonStream, builder: LogBuilder, cases: dict[str, int], columns: Columns) -> None:
    seen: set[str] = set()
    for key, entry in reading.members():
        if key != "events":
            continue
        one = _text(entry, "id", of="An event")
        if one in seen:
            raise BadInput("A second event has the id “%(id)s”. Give each its own.", id=one[:80])
        seen.add(one)
        attributes = _attributes(entry)
        for related in dict.fromkeys(_related(entry)):
            if related in cases:
                builder.add(
                    cases[related],
                    activity=_text(entry, "type", of="An event"),
                    time=_text(entry, "time", of="An event"),
                    resource=attributes.get(columns.resource),
                    lifecycle=attributes.get(columns.lifecycle),
                    start=attributes.get(columns.start),
                )


def _related(event: dict[str, Any]) -> list[str]:
    related = event.get("relationships") or []
    if not isinstance(related, list):
        raise BadInput("The relationships of an event are a list.")
    return [_text(one, "objectId", of="A relationship") for one in related]


def _attributes(entry: dict[str, Any]) -> dict[str, str]:
    return {_text(one, "name", of="An attribute"): str(one.get("value") or "") for one in _attribute_list(entry)}


def _last_attribute(entry: dict[str, Any], name: str) -> str | None:
    """What an attribute of an object was at last: they change, each value with its time."""
    values = [
        (str(one.get("time", "")), str(one.get("value", "")))
        for one in _attribute_list(entry)
        if one.get("name") == name
    ]
    return max(values)[1] if values else None


def _attribute_list(entry: dict[str, Any]) -> list[dict[str, Any]]:
    attributes = entry.get("attributes") or []
    if not isinstance(attributes, list) or not all(isinstance(one, dict) for one in attributes):
        raise BadInput("Attributes are a list of objects with name and value.")
    return attributes


def _text(entry: Any, key: str, *, of: str) -> str:
    """A text that must be there."""
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, str) or not value:
        raise BadInput("%(of)s has no “%(key)s”.", of=of, key=key)
    return value
