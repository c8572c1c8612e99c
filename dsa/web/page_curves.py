"""Curves of shares over months as numbers for an SVG template. One rule: like every chart it stands beside its table.

Lines go in steps, because a share changes only when something happens; points are worked out here, the template prints.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsa.insight.survival import Floats

WIDTH, HEIGHT = 760, 330
LEFT, BOTTOM, TOP = 60, 40, 24
POINTS = 240  # more steps than pixels cannot be told apart


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its points, its look (a class) and its words for the key."""

    points: str
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Curves:
    """A chart of curves. ``bands`` are (points, look) of intervals."""

    title: str
    describes: str
    width: int
    height: int
    left: int
    bottom: int
    right: int
    top: int
    lines: tuple[Line, ...]
    bands: tuple[tuple[str, str], ...]
    months: tuple[Tick, ...]
    shares: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A curve to draw: days, shares of 1 after each, its interval (empty: none), its look and words."""

    days: Floats
    shares: Floats
    low: Floats
    high: Floats
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days and shares as places on the picture."""

    last: float

    def x(self, day: float) -> float:
        return round(LEFT + min(day, self.last) / self.last * (WIDTH - LEFT - 10), 1)

    def y(self, share: float) -> float:
        return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)

    def steps(self, days: Floats, shares: Floats) -> list[tuple[float, float]]:
        kept = days <= self.last
        days, shares = days[kept], shares[kept]
        if len(days) > POINTS:
            some = np.unique(np.linspace(0, len(days) - 1, POINTS).astype(int))
            days, shares = days[some], shares[some]
        found, before = [(self.x(0), self.y(0))], 0.0
        for day, share in zip(days.tolist(), shares.tolist(), strict=True):
            found += [(self.x(day), self.y(before)), (self.x(day), self.y(share))]
            before = share
        return found

    def band(self, one: Series) -> str:
        return _joined([*self.steps(one.days, one.low), *reversed(self.steps(one.days, one.high))])


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{one:g},{other:g}" for one, other in points)


def curves(title: str, describes: str, series: Sequence[Series], *, months: int, days_a_month: int) -> Curves:
    """The chart over so many months of so many days."""
    months = max(1, months)
    scale = _Scale(float(months * days_a_month))
    every = max(1, -(-months // 12))
    return Curves(
        title,
        describes,
        WIDTH,
        HEIGHT,
        LEFT,
        HEIGHT - BOTTOM,
        WIDTH - 10,
        TOP,
        tuple(Line(_joined(scale.steps(one.days, one.shares)), one.look, one.words) for one in series),
        tuple((scale.band(one), one.look) for one in series if len(one.low)),
        tuple(Tick(scale.x(month * days_a_month), str(month)) for month in range(0, months + 1, every)),
        tuple(Tick(scale.y(share), f"{round(100 * share)}") for share in (0, 0.25, 0.5, 0.75, 1.0)),
    )
