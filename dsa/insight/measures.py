"""What an event log says about where the time went: durations, paths, rework, waits, handovers, work in hand.

One rule: every figure follows from the events alone, in hours unless its name says days; quantiles interpolate
linearly. How long cases take with the open ones counted stands apart (`observed.py`).
"""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsa.insight.eventlog import DAY, HOUR, NONE, EventLog, Ints, moment
from dsa.insight.lifecycle import service_times

Floats = NDArray[np.float64]
Figures = dict[str, Any]


class Cases:
    """Where each case begins and ends among the events, and the steps from one event to the next within a case."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.first = np.flatnonzero(np.diff(log.case, prepend=-1))
        self.last = np.append(self.first[1:], len(log)) - 1
        self.start, self.end = log.at[self.first], log.at[self.last]
        same = log.case[1:] == log.case[:-1]
        self.step_from = np.flatnonzero(same)
        self.step_to = self.step_from + 1
        self.step_hours = (log.at[self.step_to] - log.at[self.step_from]) / HOUR

    def __len__(self) -> int:
        return len(self.first)


def measures(log: EventLog) -> Figures:
    """Every figure of the log but those of `observed.py`, under the keys that CONTRACTS 7 names."""
    cases = Cases(log)
    figures: Figures = {
        "sort": "case id, timestamp (UTC), file order (stable)",
        "durations_unit": "hours unless named",
        "percentile": "numpy linear interpolation",
        "events": len(log),
        "cases": len(cases),
        "activities": sorted(log.activities[one] for one in np.unique(log.activity)),
        "n_activities": len(np.unique(log.activity)),
        "first": moment(log.at.min()).isoformat(),
        "last": moment(log.at.max()).isoformat(),
        "resources": len(np.unique(log.resource[log.resource != NONE])),
        "lifecycle": _named_counts(log.lifecycle[log.lifecycle != NONE], log.lifecycles),
        "case_duration_h": _spread((cases.end - cases.start) / HOUR),
        **_variants(cases),
        **_rework(cases),
        "start_activities": _named_counts(log.activity[cases.first], log.activities),
        "end_activities": _named_counts(log.activity[cases.last], log.activities),
        "completions_per_month_by_last_event": _per_month(cases.end),
        "arrivals_per_month_by_first_event": _per_month(cases.start),
        "dfg_top40": _follows(cases, 40),
        "time_since_previous_event_h": _waits(cases, log.activity[cases.step_to]),
        "dwell_until_next_event_h": _waits(cases, log.activity[cases.step_from]),
        "bottleneck_rank_by_total_dwell": _bottlenecks(cases, 10),
        **_handovers(cases, 30),
        "wip_at_month_start": _in_hand(cases),
        "littles_law": _littles_law(cases),
    }
    if (service := service_times(log)) is not None:
        figures["service_time_h"] = {name: _wait(hours) for name, hours in sorted(service.items())}
    return figures


def _spread(hours: Floats) -> Figures:
    p50, p85, p90, p95 = np.quantile(hours, [0.5, 0.85, 0.9, 0.95]).tolist()
    return {"mean": float(hours.mean()), "p50": p50, "p85": p85, "p90": p90, "p95": p95, "max": float(hours.max())}


def _wait(hours: Floats) -> Figures:
    p50, p90 = np.quantile(hours, [0.5, 0.9]).tolist()
    return {"n": len(hours), "p50": p50, "p90": p90, "sum": float(hours.sum())}


def _named_counts(codes: Ints, names: list[str]) -> dict[str, int]:
    """How often each, the most frequent first."""
    numbers, counts = np.unique(codes, return_counts=True)
    found = [(names[number], int(count)) for number, count in zip(numbers, counts, strict=True)]
    return dict(sorted(found, key=lambda one: (-one[1], one[0])))


def _variants(cases: Cases) -> Figures:
    activity = cases.log.activity
    traces = Counter(activity[first : last + 1].tobytes() for first, last in zip(cases.first, cases.last, strict=True))
    names = cases.log.activities
    top = [
        {"cases": count, "trace": [names[one] for one in np.frombuffer(trace, np.int64)]}
        for trace, count in traces.most_common(5)
    ]
    return {"variants": len(traces), "top_variants": top}


def _rework(cases: Cases) -> Figures:
    log = cases.log
    pairs, counts = np.unique(log.case * len(log.activities) + log.activity, return_counts=True)
    repeated = pairs[counts > 1]
    by_activity = _named_counts(repeated % len(log.activities), log.activities)
    share = len(np.unique(repeated // len(log.activities))) / len(cases)
    return {"rework_cases_per_activity": dict(sorted(by_activity.items())), "rework_case_rate": share}


def _months(micros: Ints) -> NDArray[np.datetime64]:
    return micros.astype("datetime64[us]").astype("datetime64[M]")


def _per_month(micros: Ints) -> dict[str, int]:
    months, counts = np.unique(_months(micros), return_counts=True)
    return {str(month): int(count) for month, count in zip(months, counts, strict=True)}


def _grouped(keys: Ints, hours: Floats) -> list[tuple[int, Floats]]:
    """The hours of each key."""
    order = np.argsort(keys, kind="stable")
    found, first = np.unique(keys[order], return_index=True)
    return list(zip(found.tolist(), np.split(hours[order], first[1:]), strict=True)) if len(found) else []


def _follows(cases: Cases, top: int) -> list[Figures]:
    names = cases.log.activities
    keys = cases.log.activity[cases.step_from] * len(names) + cases.log.activity[cases.step_to]
    edges = [
        (names[key // len(names)], names[key % len(names)], hours) for key, hours in _grouped(keys, cases.step_hours)
    ]
    edges.sort(key=lambda edge: (-len(edge[2]), edge[0], edge[1]))
    return [
        {"from": one, "to": other, "count": len(h), "mean_h": float(h.mean()), "median_h": float(np.median(h))}
        for one, other, h in edges[:top]
    ]


def _waits(cases: Cases, activity: Ints) -> Figures:
    names = cases.log.activities
    found = {names[key]: _wait(hours) for key, hours in _grouped(activity, cases.step_hours)}
    return dict(sorted(found.items()))


def _bottlenecks(cases: Cases, top: int) -> list[Figures]:
    names, activity = cases.log.activities, cases.log.activity[cases.step_from]
    total = np.bincount(activity, weights=cases.step_hours, minlength=len(names))
    seen = np.unique(activity)
    whole = float(total.sum()) or 1.0
    ranked = sorted(seen.tolist(), key=lambda one: (-total[one], names[one]))
    return [{"activity": names[one], "share": float(total[one]) / whole} for one in ranked[:top]]


def _handovers(cases: Cases, top: int) -> Figures:
    log = cases.log
    giver, taker = log.resource[cases.step_from], log.resource[cases.step_to]
    known = (giver != NONE) & (taker != NONE)
    size = max(len(log.resources), 1)
    pairs, counts = np.unique(giver[known] * size + taker[known], return_counts=True)
    edges = [
        (log.resources[pair // size], log.resources[pair % size], int(count))
        for pair, count in zip(pairs.tolist(), counts, strict=True)
    ]
    edges.sort(key=lambda edge: (-edge[2], edge[0], edge[1]))
    total = int(known.sum())
    return {
        "handover_of_work_top30": [{"from": a, "to": b, "value": count / total} for a, b, count in edges[:top]],
        "handover_edges": len(edges),
        "handover_counts_top30": [{"from": a, "to": b, "count": count} for a, b, count in edges[:top]],
        "handover_total": total,
        "handover_between_different": sum(count for one, other, count in edges if one != other),
    }


def _in_hand(cases: Cases) -> dict[str, int]:
    """Cases begun before and not ended by each first of a month, between the first event and the last."""
    first, last = int(cases.log.at.min()), int(cases.log.at.max())
    bounds = _months(np.array([first, last]))
    months = np.arange(bounds[0], bounds[1] + 1)
    starts, ends = np.sort(cases.start), np.sort(cases.end)
    found = {}
    for month in months:
        at = int(month.astype("datetime64[us]").astype(np.int64))
        if first < at <= last:
            begun = np.searchsorted(starts, at, side="right")
            found[f"{month}-01"] = int(begun - np.searchsorted(ends, at, side="right"))
    return found


def _littles_law(cases: Cases) -> Figures:
    """L = lambda W over the whole log; the average in hand is swept along the clock, apart from the other two."""
    first, last = int(cases.log.at.min()), int(cases.log.at.max())
    mean_days = float(((cases.end - cases.start) / DAY).mean())
    if first == last:
        return {
            "span_days": 0.0,
            "lambda_per_day": None,
            "mean_W_days": mean_days,
            "lambda_W": None,
            "time_average_WIP": None,
        }
    span = (last - first) / DAY
    clock = np.concatenate([cases.start, cases.end])
    change = np.repeat([1, -1], len(cases))
    order = np.argsort(clock, kind="stable")
    in_hand = np.cumsum(change[order])[:-1]
    average = float((in_hand * np.diff(clock[order])).sum() / (last - first))
    rate = len(cases) / span
    return {
        "span_days": span,
        "lambda_per_day": rate,
        "mean_W_days": mean_days,
        "lambda_W": rate * mean_days,
        "time_average_WIP": average,
    }
