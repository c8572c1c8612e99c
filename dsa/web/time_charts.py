"""Charts of where the time goes, as numbers for an SVG template. One rule: what a colour says, a pattern or a word says
too, and the table beside the chart says all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from dsa.web.page_charts import LOOKS, WIDTH, Part

_ROW = 52


@dataclass(frozen=True, slots=True)
class StackedRow:
    """A bar of parts with its words above it and its length in words at its end."""

    label: str
    y: int
    parts: tuple[Part, ...]
    value: str
    value_x: float


@dataclass(frozen=True, slots=True)
class StackedRows:
    """Bars of one scale under each other. ``key`` is (look, words) for each kind of part, the largest first."""

    title: str
    describes: str
    width: int
    height: int
    rows: tuple[StackedRow, ...]
    key: tuple[tuple[str, str], ...]


def stacked_rows(
    title: str, describes: str, rows: Sequence[tuple[str, Sequence[tuple[str, float]], str]], *, rest: str
) -> StackedRows:
    """Bars of (words, (kind, length) of its parts, length in words). The largest five kinds have a look of their own;
    the others share the last, under the words ``rest``.
    """
    sums: dict[str, float] = {}
    for _, parts, _ in rows:
        for kind, length in parts:
            sums[kind] = sums.get(kind, 0.0) + length
    largest = sorted(sums, key=lambda kind: (-sums[kind], kind))
    own = largest[: LOOKS - 1] if len(largest) > LOOKS else largest
    looks = {kind: str(place) for place, kind in enumerate(own)}
    most = max((sum(length for _, length in parts) for _, parts, _ in rows), default=0.0) or 1.0
    room = WIDTH - 150
    drawn = []
    for number, (label, parts, words) in enumerate(rows):
        x, found = 0.0, []
        for kind, length in parts:
            width = length / most * room
            found.append(Part(round(x, 1), round(max(width, 0.5), 1), looks.get(kind, str(LOOKS - 1)), kind))
            x += width
        drawn.append(StackedRow(label, number * _ROW, tuple(found), words, round(x + 8, 1)))
    key = [(look, kind) for kind, look in looks.items()]
    if len(own) < len(largest):
        key.append((str(LOOKS - 1), rest))
    return StackedRows(title, describes, WIDTH, max(len(rows) * _ROW, 1), tuple(drawn), tuple(key))


@dataclass(frozen=True, slots=True)
class DotRow:
    """A stage: its dots (x, is it past the second line), the two lines (None: not known)."""

    label: str
    y: int
    dots: tuple[tuple[float, bool], ...]
    half_x: float | None
    most_x: float | None


@dataclass(frozen=True, slots=True)
class Dots:
    """Dots on one scale of working days. ``ticks`` are (x, words)."""

    title: str
    describes: str
    width: int
    height: int
    rows: tuple[DotRow, ...]
    ticks: tuple[tuple[float, str], ...]


def dots(
    title: str,
    describes: str,
    rows: Sequence[tuple[str, Sequence[tuple[int, bool]], float | None, float | None]],
) -> Dots:
    """Rows of (words, (days, is it past) of each dot, days of the first line, of the second)."""
    longest = max([d for _, each, _, _ in rows for d, _ in each] + [most or half or 0 for _, _, half, most in rows])
    scale = (WIDTH - 40) / max(longest, 1)

    def at(days: float) -> float:
        return round(10 + days * scale, 1)

    drawn = tuple(
        DotRow(
            label,
            number * _ROW,
            tuple((at(days), past) for days, past in each),
            None if half is None else at(half),
            None if most is None else at(most),
        )
        for number, (label, each, half, most) in enumerate(rows)
    )
    ticks = tuple((at(days), f"{days:g}") for days in _round_steps(float(longest)))
    return Dots(title, describes, WIDTH, len(rows) * _ROW + 24, drawn, ticks)


def _round_steps(longest: float, *, about: int = 5) -> list[float]:
    """Round numbers from 0 up to ``longest``, about so many."""
    rough = max(longest, 1.0) / about
    size = next((step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500) if step >= rough), 1_000)
    return [float(each) for each in range(0, int(longest) + 1, size)]


@dataclass(frozen=True, slots=True)
class ControlLine:
    """Points joined by a line, between limits, on a scale of logarithms marked in days. ``marks``: (y, words)."""

    title: str
    describes: str
    width: int
    height: int
    path: str
    points: tuple[tuple[float, float, bool], ...]
    middle_y: float
    upper_y: float
    lower_y: float
    marks: tuple[tuple[float, str], ...]


def control_line(
    title: str,
    describes: str,
    values: Sequence[float],
    *,
    middle: float,
    lower: float,
    upper: float,
    outside: frozenset[int],
) -> ControlLine:
    """The chart of values (days, above 0) in their order."""
    height, left, least = 260, 60, 1 / 8
    shown = [max(value, least) for value in values]
    low, high = max(min([lower, *shown]), least), max([upper, *shown])
    span = max(log(high) - log(low), 0.1)

    def up(days: float) -> float:
        return round(height - 30 - (log(max(days, least)) - log(low)) / span * (height - 50), 1)

    step = (WIDTH - left - 20) / max(len(shown) - 1, 1)
    points = tuple((round(left + place * step, 1), up(value), place in outside) for place, value in enumerate(shown))
    path = " ".join(f"{x},{y}" for x, y, _ in points)
    marks = tuple((up(days), f"{days:g}") for days in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= days <= high)
    return ControlLine(title, describes, WIDTH, height, path, points, up(middle), up(upper), up(lower), marks)


@dataclass(frozen=True, slots=True)
class Columns:
    """Pairs of columns by week: (x, height, y) of each of the two, and a tick now and then."""

    title: str
    describes: str
    width: int
    height: int
    first: tuple[tuple[float, float, float], ...]
    second: tuple[tuple[float, float, float], ...]
    wide: float
    ticks: tuple[tuple[float, str], ...]
    most: int


def columns(title: str, describes: str, rows: Sequence[tuple[str, int, int]]) -> Columns:
    """Two counts for each of (words, first, second), side by side."""
    height, left = 180, 40
    most = max((max(first, second) for _, first, second in rows), default=0) or 1
    step = (WIDTH - left) / max(len(rows), 1)
    wide = round(step * 0.38, 1)

    def column(place: int, count: int, shift: float) -> tuple[float, float, float]:
        tall = round(count / most * (height - 50), 1)
        return round(left + place * step + shift, 1), tall, round(height - 25 - tall, 1)

    return Columns(
        title,
        describes,
        WIDTH,
        height,
        tuple(column(place, row[1], 0.0) for place, row in enumerate(rows)),
        tuple(column(place, row[2], wide) for place, row in enumerate(rows)),
        wide,
        tuple((round(left + place * step, 1), row[0]) for place, row in enumerate(rows) if place % 5 == 0),
        most,
    )
