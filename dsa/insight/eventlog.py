"""An event log in columns: who did what in which case, and when. What the readers fill and the measures read.

One rule: events are in the order of case, moment (UTC), place in the file; equal moments keep the order of the file.
Moments are whole microseconds since 1970, UTC, so that a million events fit in some tens of megabytes.
"""

from array import array
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dsa.domain.errors import BadInput

Ints = NDArray[np.int64]
NONE = -1  # no resource, no life-cycle step, no status
NO_START = np.iinfo(np.int64).min
HOUR, DAY = 3_600_000_000, 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns (CSV) or attributes (XES) of a log are called; the names of ANALYTICS are the standard ones."""

    case: str = "case:concept:name"
    activity: str = "concept:name"
    time: str = "time:timestamp"
    start: str = "start_timestamp"
    resource: str = "org:resource"
    lifecycle: str = "lifecycle:transition"
    status: str = "case:status"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the figures must know: a code for programs, a sentence for people, how many it touches."""

    code: str
    message: str
    count: int


@dataclass(frozen=True, slots=True)
class EventLog:
    """The events of a log; every array has one entry per event, in the order of the module's rule."""

    case_ids: list[str]
    activities: list[str]
    resources: list[str]
    lifecycles: list[str]
    case: Ints
    activity: Ints
    at: Ints
    started: Ints
    resource: Ints
    lifecycle: Ints
    open_cases: frozenset[int] | None
    """Numbers of the cases that the log itself calls open; None where it says nothing about that."""
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.at)

    def only(self, kept: NDArray[np.bool_], *notes: Note) -> "EventLog":
        """The log with the ``kept`` events; cases left without any are left out of every figure."""
        cases, case = np.unique(self.case[kept], return_inverse=True)
        numbers = {int(old): new for new, old in enumerate(cases)}
        still_open = None if self.open_cases is None else {numbers[one] for one in self.open_cases if one in numbers}
        return replace(
            self,
            case_ids=[self.case_ids[one] for one in cases],
            case=case.astype(np.int64),
            activity=self.activity[kept],
            at=self.at[kept],
            started=self.started[kept],
            resource=self.resource[kept],
            lifecycle=self.lifecycle[kept],
            open_cases=None if still_open is None else frozenset(still_open),
            notes=(*self.notes, *notes),
        )


def moment(micros: int) -> datetime:
    """The UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(micros))


class Codes(dict[str, int]):
    """Texts numbered in the order of their first appearance: ``codes[text]`` is the number."""

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self)
        return number


@dataclass(slots=True)
class LogBuilder:
    """Collects events as a reader meets them, compactly, and makes the log of them."""

    cases: Codes = field(default_factory=Codes)
    activities: Codes = field(default_factory=Codes)
    resources: Codes = field(default_factory=Codes)
    lifecycles: Codes = field(default_factory=Codes)
    counts: Counter[str] = field(default_factory=Counter)
    open_cases: set[int] = field(default_factory=set)
    says_status: bool = False
    case: "array[int]" = field(default_factory=lambda: array("q"))
    activity: "array[int]" = field(default_factory=lambda: array("q"))
    at: "array[int]" = field(default_factory=lambda: array("q"))
    started: "array[int]" = field(default_factory=lambda: array("q"))
    resource: "array[int]" = field(default_factory=lambda: array("q"))
    lifecycle: "array[int]" = field(default_factory=lambda: array("q"))

    def add(
        self,
        case: int,
        *,
        activity: str | None,
        time: str | None,
        resource: str | None = None,
        lifecycle: str | None = None,
        start: str | None = None,
    ) -> None:
        """One event of case number ``case``; BadInput, without a place, where its activity or time cannot be read."""
        if not activity:
            raise BadInput("An event has no activity. Say for each event what was done.")
        if not time:
            raise BadInput("An event has no time. Say for each event when it was.")
        self.at.append(self.read_time(time))
        self.case.append(case)
        self.activity.append(self.activities[activity])
        self.resource.append(self.resources[resource] if resource else NONE)
        self.lifecycle.append(self.lifecycles[lifecycle] if lifecycle else NONE)
        self.started.append(self.read_time(start) if start else NO_START)

    def status(self, case: int, text: str) -> None:
        """What the log says about the state of a case: "open" (or running, active, in progress), or anything else."""
        self.says_status = True
        if text.strip().casefold().replace("_", " ") in ("open", "running", "active", "in progress"):
            self.open_cases.add(case)
        else:
            self.open_cases.discard(case)

    def read_time(self, text: str) -> int:
        """Microseconds since 1970 of ISO 8601 text; without an offset it is taken as UTC, and that is counted."""
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = _with_slashes(text)
        if at.tzinfo is None:
            self.counts["dates_only" if len(text.strip()) <= 10 else "naive_times"] += 1
            at = at.replace(tzinfo=UTC)
        if not 1700 <= at.year <= 2200:
            raise BadInput("“%(text)s” is too far from today to be right. Correct the date.", text=text[:40])
        return round(at.timestamp() * 1e6)

    def build(self) -> EventLog:
        """The log, in order; BadInput where there was no event at all."""
        if not self.at:
            raise BadInput("There is no event in it.")
        case, at = np.array(self.case, np.int64), np.array(self.at, np.int64)
        order = np.lexsort((at, case))
        log = EventLog(
            case_ids=list(self.cases),
            activities=list(self.activities),
            resources=list(self.resources),
            lifecycles=list(self.lifecycles),
            case=case[order],
            activity=np.array(self.activity, np.int64)[order],
            at=at[order],
            started=np.array(self.started, np.int64)[order],
            resource=np.array(self.resource, np.int64)[order],
            lifecycle=np.array(self.lifecycle, np.int64)[order],
            open_cases=frozenset(self.open_cases) if self.says_status else None,
        )
        with_events = np.zeros(len(log.case_ids), bool)
        with_events[log.case] = True
        empty = int((~with_events).sum())
        said = (*_notes(self.counts), Note("empty_cases", "cases without any event were left out.", empty))
        return log.only(np.ones(len(log), bool), *(note for note in said if note.count))


_SAYS = {
    "naive_times": "times do not say their offset from UTC; they were read as UTC.",
    "dates_only": "events have a date and no time of day; waits shorter than a day cannot be known from them.",
    "unnamed_cases": "cases have no name; they were numbered by their place in the file.",
}


def _notes(counts: Counter[str]) -> list[Note]:
    return [Note(code, _SAYS[code], counts[code]) for code in _SAYS if counts[code]]


def _with_slashes(text: str) -> datetime:
    """2012/10/09 14:50 can be read one way only; 09/10/2012 cannot, and is not guessed."""
    try:
        if text[4:5] == text[7:8] == "/":
            return datetime.fromisoformat(text[:10].replace("/", "-") + text[10:])
    except ValueError:
        pass
    raise BadInput(
        "“%(text)s” is not a time that can be read in one way only. Write it as 2026-11-23T09:30:00+00:00.",
        text=text[:40],
    )
