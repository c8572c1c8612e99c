"""How long cases take as it could be known on a date: Kaplan-Meier with the cases then open counted.

One rule: a case whose last event lies after the date is open on the date, and counts for the time it has lasted; its
later events are not looked at.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsa.insight.eventlog import DAY, NONE, EventLog, Note, moment
from dsa.insight.measures import Cases
from dsa.insight.survival import survival_curve

Floats = NDArray[np.float64]
RULE = (
    "case started <= T; ended if last event <= T; "
    "duration = last event - first event if ended else T - first event; days"
)
_AT_DAYS = (1, 7, 14, 30, 60, 90, 180, 365)
NANO = 1000  # in a microsecond
_FAR = 20 * 365 * DAY


def observed_at_half_and_most(log: EventLog) -> list[dict[str, Any]]:
    """The curve as seen when half, and when 80 %, of the cases had started."""
    cases = Cases(log)
    return [observed(cases, at=int(np.quantile(cases.start * NANO, share))) for share in (0.5, 0.8)]


def observed(cases: Cases, *, at: int) -> dict[str, Any]:
    """The curve as seen at ``at`` (nanoseconds since 1970, UTC), in days; None for what was not reached."""
    started = cases.start * NANO <= at
    start, end = cases.start[started] * NANO, cases.end[started] * NANO
    ended = end <= at
    if cases.log.open_cases is not None:
        ended &= ~np.isin(cases.log.case[cases.first][started], list(cases.log.open_cases))
    days = (np.where(ended, end, at) - start) / (DAY * NANO)
    curve = survival_curve(days, ended)
    reached = {name: curve.reached(share) for name, share in (("median", 0.5), ("p75", 0.75), ("p85", 0.85))}
    return {
        "observed_at": _stamp(at),
        "rule": RULE,
        "cases": len(days),
        "open": int((~ended).sum()),
        **{f"{name}_d": one.value for name, one in reached.items()},
        "naive_median_completed_d": float(np.median(days[ended])) if ended.any() else None,
        "S_at": {str(day): curve.share_going_on(day) for day in _AT_DAYS},
        "ageing_wip_d": _ages(days[~ended]),
        "at_risk": {name: one.at_risk for name, one in reached.items()},
        "median_interval_d": [reached["median"].low, reached["median"].high],
    }


def _stamp(nanos: int) -> str:
    """The moment to the nanosecond where it falls between two microseconds, as a quantile of starts may."""
    text = moment(nanos // NANO).isoformat(timespec="microseconds")
    if nanos % NANO:
        return text.replace("+00:00", f"{nanos % NANO:03d}+00:00")
    return moment(nanos // NANO).isoformat()


def _ages(days: Floats) -> dict[str, float | None]:
    if not len(days):
        return {"p50": None, "p85": None, "max": None}
    p50, p85 = np.quantile(days, [0.5, 0.85]).tolist()
    return {"p50": p50, "p85": p85, "max": float(days.max())}


_OF_ONE = {
    "equal_times": "event has the same moment as the one before; their order in the file decided.",
    "far_dates": "event lies more than 20 years from the middle of the log: is its date right?",
}


def warnings(log: EventLog, *, folded: bool) -> list[Note]:
    """What a reader must know before believing the figures, the reader's notes first."""
    cases = Cases(log)
    equal = int(((log.at[1:] == log.at[:-1]) & (log.case[1:] == log.case[:-1])).sum())
    far = int((np.abs(log.at - np.median(log.at)) > _FAR).sum())
    found = [
        *log.notes,
        Note("equal_times", "events have the same moment as the one before; their order in the file decided.", equal),
        Note("far_dates", "events lie more than 20 years from the middle of the log: are their dates right?", far),
    ]
    found = [
        replace(one, message=_OF_ONE[one.code]) if one.count == 1 and one.code in _OF_ONE else one for one in found
    ]
    steps = {log.lifecycles[one].casefold() for one in np.unique(log.lifecycle) if one != NONE}
    if len(steps) > 1 and not folded:
        says = "kinds of life-cycle steps are in it, each an event; --fold complete keeps one per piece of work."
        found.append(Note("life_cycle", says, len(steps)))
    return [one for one in found if one.count] + _selection(cases)


def _selection(cases: Cases) -> list[Note]:
    """A log of closed cases only hides how long the others are taking. Some logs say which are open; in others a case
    looks unfinished where it stopped at a step that most go on from and where fewer than one in twenty stop.
    """
    log = cases.log
    if log.open_cases:
        return []
    closed = (
        "no case in it is open. A log taken by date of closure leaves out the slow ones: with it every forecast and "
        "every survival figure comes out too short. Take the log by date of start, with the open cases in it."
    )
    if log.open_cases is not None:
        return [Note("no_open_cases", closed, 0)]
    ends = np.bincount(log.activity[cases.last], minlength=len(log.activities))
    passes = np.bincount(log.activity, minlength=len(log.activities))
    unusual = (ends * 2 < passes) & (ends * 20 < len(cases))
    unfinished = int(unusual[log.activity[cases.last]].sum())
    if not unfinished:
        return [Note("no_open_cases", closed, 0)]
    says = (
        "cases stopped at a step that most go on from and may be open; the log does not say which are. "
        "Here every case counts as ended at its last event."
    )
    return [Note("open_unknown", says, unfinished)]
