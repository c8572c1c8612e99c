"""Reads event logs in XES (IEEE 1849) as a stream.

One rule: the file is data and nothing else: a document type, an entity, deep nesting or an endless value is refused,
and no more than one event's attributes are held at a time.
"""

from typing import BinaryIO
from xml.parsers import expat

from dsa.domain.errors import BadInput, Problem
from dsa.insight.eventlog import Columns, EventLog, LogBuilder

CHUNK = 1 << 18
LONGEST_TOKEN = 1 << 24  # bytes the parser may hold back while one tag has not ended
DEEPEST = 64
_LOG, _TRACE, _EVENT, _ATTRIBUTE = 1, 2, 3, 4  # depths in the document


def read_xes(stream: BinaryIO, *, columns: Columns, name: str) -> EventLog:
    """The log in ``stream``; BadInput that names file and line where it is not XES or an event cannot be read."""
    reading = _Reading(columns)
    try:
        reading.feed(stream)
        return reading.builder.build()
    except expat.ExpatError as problem:
        place = {"file": name, "line": problem.lineno, "why": expat.ErrorString(problem.code)}
        raise BadInput("%(file)s, line %(line)s: this is not XML (%(why)s).", **place) from None
    except Problem as problem:
        place = {"file": name, "line": reading.parser.CurrentLineNumber, "why": str(problem)}
        raise BadInput("%(file)s, line %(line)s: %(why)s", **place) from None


class _Reading:
    """The state between two tags: how deep, in which trace, and what the present event has said so far."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.builder = LogBuilder()
        self.depth = 0
        self.prefix = ""
        self.trace: dict[str, str] = {}
        self.case = -1
        self.event: dict[str, str] | None = None
        self.in_trace = False
        self.parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.buffer_size = CHUNK

    def feed(self, stream: BinaryIO) -> None:
        fed, parser = 0, self.parser
        while chunk := stream.read(CHUNK):
            fed += len(chunk)
            parser.Parse(chunk, False)
            if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                raise BadInput("One value is longer than 16 MB. An event log holds short values.")
        parser.Parse(b"", True)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth = depth = self.depth + 1
        if depth == _ATTRIBUTE:
            if self.event is not None:
                try:  # the way of nearly every element of a large file: no call more than needed
                    self.event[attributes["key"]] = attributes["value"]
                except KeyError:
                    _keep(self.event, attributes)
        elif depth == _EVENT:
            if self.in_trace:
                self._in_trace(tag, attributes)
        elif depth == _TRACE:
            if tag == self.prefix + "trace":
                self.in_trace, self.trace, self.case = True, {}, -1
        elif depth == _LOG:
            self._root(tag)
        elif depth > DEEPEST:
            raise BadInput("Attributes are nested more than %(deep)s deep.", deep=DEEPEST)

    def end(self, tag: str) -> None:
        depth = self.depth
        self.depth = depth - 1
        if depth == _EVENT:
            if self.event is not None:
                self._add(self.event)
                self.event = None
        elif depth == _TRACE and self.in_trace:
            self._number_case()
            self.in_trace = False

    def _root(self, tag: str) -> None:
        if tag.rpartition(":")[2] != "log":
            raise BadInput("The file begins with <%(tag)s>; an XES file begins with <log>.", tag=tag[:40])
        self.prefix = tag[: -len("log")]

    def _in_trace(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == self.prefix + "event":
            self._number_case()
            self.event = {}
        elif "key" in attributes:
            _keep(self.trace, attributes)
            if self.case >= 0:
                self._status()

    def _number_case(self) -> None:
        """A trace gets its number at its first event, or at its end where it has none."""
        if self.case >= 0:
            return
        cases, wanted = self.builder.cases, self.columns.case
        name = self.trace.get(wanted) or self.trace.get(wanted.removeprefix("case:"))
        if not name:
            self.builder.counts["unnamed_cases"] += 1
            name = f"trace {len(cases) + 1}"
        if name in cases:
            raise BadInput(
                "A second trace is called “%(name)s”. Give each case its own name, or put its events into one trace.",
                name=name[:80],
            )
        self.case = cases[name]
        self._status()

    def _status(self) -> None:
        wanted = self.columns.status
        status = self.trace.get(wanted) or self.trace.get(wanted.removeprefix("case:"))
        if status:
            self.builder.status(self.case, status)

    def _add(self, event: dict[str, str]) -> None:
        columns, said = self.columns, event.get
        self.builder.add(
            self.case,
            activity=said(columns.activity),
            time=said(columns.time),
            resource=said(columns.resource),
            lifecycle=said(columns.lifecycle),
            start=said(columns.start),
        )


def _keep(where: dict[str, str], attributes: dict[str, str]) -> None:
    try:
        where[attributes["key"]] = attributes["value"]
    except KeyError:
        if "key" not in attributes:
            raise BadInput("An attribute has no key.") from None  # lists and containers have a key and no value


def _refuse_document_type(name: str, system: str | None, public: str | None, has_subset: bool) -> None:
    raise BadInput("The file declares a document type. An XES file needs none: remove the <!DOCTYPE ...> part.")
