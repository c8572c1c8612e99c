"""What counting working time costs, beside ``numpy.busday_count``. One rule: both count the same, or nothing is said.

Interleaved rounds in one run, processor time, the median of each. NumPy gets its calendar prebuilt: its best case.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import numpy as np

from dsa.timekeeping.calendar import CountingRule, calendar_for
from dsa.timekeeping.nations import bank_holidays

INTERVALS = 1_000_000
SCALARS = 20_000
ROUNDS = 7


def workday_costs() -> dict[str, float]:
    """Nanoseconds an interval: ``days`` and ``minutes`` of a million at once, ``numpy`` for the same days, and
    ``one`` for a single interval in working minutes. Raises RuntimeError where the counts differ."""
    calendar = calendar_for("ENG")
    rng = np.random.default_rng(1)
    first = np.datetime64("2016-01-01") + rng.integers(0, 3_000, INTERVALS)
    last = first + rng.integers(0, 700, INTERVALS)
    begins = first.astype("datetime64[m]") + rng.integers(0, 1_440, INTERVALS)
    ends = last.astype("datetime64[m]") + rng.integers(0, 1_440, INTERVALS)
    busy = np.busdaycalendar(holidays=sorted(bank_holidays("ENG")))
    ours = calendar.working_days_many(first, last, rule=CountingRule.HALF_OPEN)
    if not np.array_equal(ours, np.busday_count(first, last, busdaycal=busy)):
        raise RuntimeError("the two counts differ")
    few = [_pair(begins[k], ends[k]) for k in range(SCALARS)]
    if [calendar.working_minutes(*pair) for pair in few] != list(calendar.working_minutes_many(begins, ends)[:SCALARS]):
        raise RuntimeError("one at a time and all at once differ")

    def one_by_one() -> None:
        for start, end in few:
            calendar.working_minutes(start, end)

    asked: dict[str, tuple[Callable[[], Any], int]] = {
        "days": (lambda: calendar.working_days_many(first, last), INTERVALS),
        "numpy": (lambda: np.busday_count(first, last, busdaycal=busy), INTERVALS),
        "minutes": (lambda: calendar.working_minutes_many(begins, ends), INTERVALS),
        "one": (one_by_one, SCALARS),
    }
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, (ask, count) in asked.items():
            begun = time.process_time()
            ask()
            taken[name].append((time.process_time() - begun) / count * 1e9)
    return {name: median(times) for name, times in taken.items()}


def _pair(start: np.datetime64, end: np.datetime64) -> tuple[datetime, datetime]:
    began = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(began + timedelta(minutes=int(at.astype(np.int64))) for at in (start, end))  # type: ignore[return-value]
