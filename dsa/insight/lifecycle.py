"""Start and complete: how long the work itself took, and one event per piece of work.

One rule: nothing is folded away unless it was asked for, because a log with life-cycle steps counts each activity once
per step.
"""

from collections import defaultdict, deque
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dsa.insight.eventlog import HOUR, NO_START, NONE, EventLog, Ints, Note

Floats = NDArray[np.float64]


def fold_to_complete(log: EventLog) -> EventLog:
    """The log with one event per activity instance: its completion (which keeps its start), and events without a
    life-cycle step.
    """
    kept = _is(log, "complete") | (log.lifecycle == NONE)
    dropped = int((~kept).sum())
    if not dropped or not kept.any():
        return log
    note = Note("folded", "events were folded into the completion of the same piece of work.", dropped)
    return replace(log, started=_starts(log)).only(kept, note)


def service_times(log: EventLog) -> dict[str, Floats] | None:
    """Hours from start to completion, by activity; None where the log does not say both.

    From the start moment of an event where it has one; else each completion takes the earliest start of the same
    activity in the same case that no other completion has taken.
    """
    starts = _starts(log)
    known = starts != NO_START
    if not known.any():
        return None
    hours, activity = (log.at[known] - starts[known]) / HOUR, log.activity[known]
    return {log.activities[one]: hours[activity == one] for one in np.unique(activity)}


def _starts(log: EventLog) -> Ints:
    """When the work that an event completes began; NO_START where that is not known."""
    starting, completing = _is(log, "start"), _is(log, "complete")
    if (log.started != NO_START).any() or not (starting.any() and completing.any()):
        return log.started
    starts = np.full(len(log), NO_START)
    waiting: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
    either = np.flatnonzero(starting | completing)
    columns = (either, *(column[either] for column in (log.case, log.activity, log.at, starting)))
    for place, case, activity, at, is_start in zip(*(column.tolist() for column in columns), strict=True):
        begun = waiting[case, activity]
        if is_start:
            begun.append(at)
        elif begun:
            starts[place] = begun.popleft()
    return starts


def _is(log: EventLog, step: str) -> NDArray[np.bool_]:
    """Which events are this life-cycle step, however it is written."""
    return np.isin(log.lifecycle, [number for number, name in enumerate(log.lifecycles) if name.casefold() == step])
