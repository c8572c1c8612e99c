"""Writes our history as an event log: CSV, XES (IEEE 1849) and OCEL 2.0 JSON, as text in pieces.

One rule: the three say the same events. Rows come agreement by agreement, each in the order of time; a post stands
where other logs put a person, and no name of a person goes out.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

CSV_COLUMNS = (
    "case:concept:name", "concept:name", "time:timestamp", "start_timestamp", "org:resource", "org:group", "org:role",
    "lifecycle:transition", "stage", "reason", "nation", "target_working_days", "owned_working_minutes", "case:parties",
    "case:status", "case:route",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event of one agreement. ``status`` is what it was after the event: "open", or how it ended ("signed")."""

    agreement: str
    activity: str
    at: datetime
    started: datetime | None = None
    post: str = ""
    organisation: str = ""
    role: str = ""
    lifecycle: str = "complete"
    stage: str = ""
    reason: str = ""
    nation: str = ""
    target_working_days: int | None = None
    owned_working_minutes: int | None = None
    parties: tuple[str, ...] = ()
    status: str = "open"
    route: str = ""
    review: str = ""
    document: str = ""


def write_csv(rows: Iterable[EventRow]) -> Iterator[str]:
    """The log as CSV, line by line; a cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    written = io.StringIO()
    writer = csv.writer(written)
    for cells in _csv_rows(rows):
        writer.writerow([_harmless(cell) for cell in cells])
        yield written.getvalue()
        written.seek(0)
        written.truncate()


def _csv_rows(rows: Iterable[EventRow]) -> Iterator[tuple[object, ...]]:
    yield CSV_COLUMNS
    for row in rows:
        yield (
            row.agreement, row.activity, _iso(row.at), _iso(row.started) if row.started else "", row.post,
            row.organisation, row.role, row.lifecycle, row.stage, row.reason, row.nation, row.target_working_days,
            row.owned_working_minutes, "; ".join(row.parties), row.status, row.route,
        )  # fmt: skip


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


_XES_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>
    <string key="lifecycle:transition" value="complete"/>
  </global>
  <classifier name="Activity" keys="concept:name"/>
"""


def write_xes(rows: Iterable[EventRow]) -> Iterator[str]:
    """The log as XES, one agreement at a time."""
    yield _XES_HEAD
    for agreement, events in groupby(rows, key=lambda row: row.agreement):
        yield _xes_trace(agreement, list(events))
    yield "</log>\n"


def _xes_trace(agreement: str, events: list[EventRow]) -> str:
    last = events[-1]
    about = {"concept:name": agreement, "status": last.status, "route": last.route, "parties": "; ".join(last.parties)}
    lines = ["  <trace>", *(f"    {tag}" for tag in _xes_tags(about))]
    for row in events:
        said: dict[str, object] = {
            "concept:name": row.activity, "time:timestamp": row.at, "start_timestamp": row.started,
            "org:resource": row.post, "org:group": row.organisation, "org:role": row.role,
            "lifecycle:transition": row.lifecycle, "stage": row.stage, "reason": row.reason, "nation": row.nation,
            "target_working_days": row.target_working_days, "owned_working_minutes": row.owned_working_minutes,
        }  # fmt: skip
        lines += ["    <event>", *(f"      {tag}" for tag in _xes_tags(said)), "    </event>"]
    return "\n".join([*lines, "  </trace>", ""])


def _xes_tags(said: dict[str, Any]) -> Iterator[str]:
    for key, value in said.items():
        if value is None or value == "":
            continue
        kind, text = "string", str(value)
        if isinstance(value, datetime):
            kind, text = "date", _iso(value)
        elif isinstance(value, int):
            kind = "int"
        yield f'<{kind} key="{key}" value={quoteattr(_NOT_IN_XML.sub(" ", text))}/>'


_OCEL_HEAD = """{"objectTypes":[
{"name":"agreement","attributes":[{"name":"status","type":"string"},{"name":"route","type":"string"}]},
{"name":"organisation","attributes":[]},{"name":"review","attributes":[]},{"name":"document","attributes":[]}],
"events":["""
_OCEL_ATTRIBUTES = ("org:resource", "org:role", "lifecycle:transition", "stage", "reason", "nation")


@dataclass(slots=True)
class _Objects:
    """What the events speak of: collected while they are written, because objects come after them."""

    kinds: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    related: dict[str, dict[tuple[str, str], None]] = field(default_factory=dict)
    event_types: dict[str, None] = field(default_factory=dict)

    def meet(self, row: EventRow) -> list[dict[str, str]]:
        """Remember the objects of an event; its own relationships to them."""
        agreement = f"agreement:{row.agreement}"
        links = [(f"organisation:{row.organisation}", "owner")] if row.organisation else []
        links += [(f"organisation:{party}", "party") for party in row.parties]
        links += [(f"{kind}:{one}", kind) for kind, one in (("review", row.review), ("document", row.document)) if one]
        self.event_types[row.activity] = None
        for one, _ in [(agreement, ""), *links]:
            self.kinds.setdefault(one, one.partition(":")[0])
        self.related.setdefault(agreement, {}).update(dict.fromkeys(link for link in links if link[1] != "owner"))
        self._changed(agreement, "status", row.status, row.at)
        self._changed(agreement, "route", row.route, row.at)
        return [{"objectId": one, "qualifier": why} for one, why in [(agreement, "agreement"), *links]]

    def _changed(self, one: str, name: str, value: str, at: datetime) -> None:
        known = self.attributes.setdefault(one, [])
        before = next((old["value"] for old in reversed(known) if old["name"] == name), "")
        if value != before:
            known.append({"name": name, "time": _iso(at), "value": value})

    def write(self) -> Iterator[str]:
        types = [
            {"name": name, "attributes": [{"name": one, "type": "string"} for one in _OCEL_ATTRIBUTES]}
            for name in self.event_types
        ]
        yield f'],\n"eventTypes":{_json(types)},\n"objects":['
        for number, (one, kind) in enumerate(self.kinds.items()):
            related = [{"objectId": other, "qualifier": why} for other, why in self.related.get(one, {})]
            entry = {"id": one, "type": kind, "attributes": self.attributes.get(one, []), "relationships": related}
            yield f"{',' if number else ''}\n{_json(entry)}"
        yield "]}\n"


def write_ocel(rows: Iterable[EventRow]) -> Iterator[str]:
    """The log as OCEL 2.0 JSON: each event with its agreement, its owner, the parties, its review and document."""
    objects = _Objects()
    yield _OCEL_HEAD
    for number, row in enumerate(rows):
        said = dict(
            zip(
                _OCEL_ATTRIBUTES,
                (row.post, row.role, row.lifecycle, row.stage, row.reason, row.nation),
                strict=True,
            )
        )
        entry = {
            "id": f"event:{number + 1}",
            "type": row.activity,
            "time": _iso(row.at),
            "attributes": [{"name": name, "value": value} for name, value in said.items() if value],
            "relationships": objects.meet(row),
        }
        yield f"{',' if number else ''}\n{_json(entry)}"
    yield from objects.write()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
