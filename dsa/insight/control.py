"""Has it changed, or does it only vary: an XmR chart on log days.

One rule: limits come from the logarithms of the times, because times are lopsided: on raw days such a chart calls one
ordinary point in 27 unusual, on log days one in 160. The chart is drawn in days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from dsa.domain.errors import BadInput

BASELINE = 20  # points the limits rest on, at the least
RUN = 8  # points in a row on one side of the middle
_SIGMAS = 2.66  # times the mean moving range: three standard deviations of a point
_ROUNDING = 1e-9
_SHORTEST = 1 / 480  # a working minute: no time is shorter, and a logarithm needs one


@dataclass(frozen=True, slots=True)
class ControlChart:
    """The middle and the limits in days, and the points (by position) that are no ordinary variation."""

    middle: float
    lower: float
    upper: float
    baseline: int
    outside: tuple[int, ...]
    runs: tuple[range, ...]
    points: int
    ends_above: bool

    @property
    def reading(self) -> str:
        """What the chart says, as an identifier: "steady", "slower", "faster" or "unusual_points".

        A run that reaches the last point says how things are now; single points outside the limits do not.
        """
        if self.runs and self.runs[-1].stop == self.points:
            return "slower" if self.ends_above else "faster"
        return "unusual_points" if self.outside or self.runs else "steady"


def control_chart(days: Sequence[float], *, baseline: int | None = None) -> ControlChart:
    """The chart of ``days`` in the order they ended; limits from the first ``baseline`` points (all, where None).

    BadInput where the baseline has fewer than 20 points: limits from fewer move too much to be believed.
    """
    values = np.log(np.maximum(np.asarray(days, dtype=float), _SHORTEST))
    size = len(values) if baseline is None else baseline
    if size < BASELINE or len(values) < size:
        raise BadInput(
            "A control chart needs at least %(needed)s ended cases; there are %(got)s.",
            needed=max(BASELINE, size),
            got=len(values),
        )
    middle = float(values[:size].mean())
    reach = _SIGMAS * float(np.abs(np.diff(values[:size])).mean())
    outside = tuple(np.flatnonzero(np.abs(values - middle) > reach + _ROUNDING).tolist())
    low, mid, high = np.exp([middle - reach, middle, middle + reach]).tolist()
    return ControlChart(
        middle=mid,
        lower=low,
        upper=high,
        baseline=size,
        outside=outside,
        runs=_runs(values - middle),
        points=len(values),
        ends_above=bool(values[-1] > middle),
    )


def _runs(deviations: np.ndarray) -> tuple[range, ...]:
    """Stretches of at least RUN points on one side; a point on the middle belongs to neither."""
    found, at = [], 0
    for side, points in groupby(np.where(np.abs(deviations) > _ROUNDING, np.sign(deviations), 0).tolist()):
        length = len(list(points))
        if side and length >= RUN:
            found.append(range(at, at + length))
        at += length
    return tuple(found)


def medians(days: Sequence[float], *, periods: Sequence[int]) -> list[tuple[int, float, int]]:
    """(week, median days, how many), for a stage busy enough to be drawn by weeks; ``periods`` numbers them."""
    numbers, values = np.asarray(periods), np.asarray(days, dtype=float)
    if len(numbers) != len(values):
        raise BadInput("There must be one period for each duration.")
    return [
        (int(one), float(np.median(values[numbers == one])), int((numbers == one).sum())) for one in np.unique(numbers)
    ]
