"""Charts as numbers for an SVG template. One rule: every chart has a title, a description and its table beside it.

Widths are worked out here; the template only prints them, with classes instead of styles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 760
LABEL = 200
ROW = 44
LOOKS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stacked bar: where it begins, how wide it is, its look, and its words for a pointer."""

    x: float
    width: float
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Stacked:
    """One bar of parts side by side. ``key`` is (look, words) for each owner, in order of appearance."""

    title: str
    describes: str
    width: int
    parts: tuple[Part, ...]
    key: tuple[tuple[str, str], ...]


def stacked(title: str, describes: str, spells: Sequence[tuple[str, float, bool, str]]) -> Stacked:
    """A bar of spells in their order: (owner, length, is waiting, words). Waiting has one look, whoever is awaited."""
    total = sum(length for _, length, _, _ in spells) or 1.0
    looks: dict[str, str] = {}
    parts, x = [], 0.0
    for owner, length, waiting, words in spells:
        look = "waiting" if waiting else looks.setdefault(owner, str(min(len(looks), LOOKS - 1)))
        width = length / total * WIDTH
        if width > 0:
            parts.append(Part(round(x, 1), round(max(width, 0.5), 1), look, words))
        x += width
    key = [(look, owner) for owner, look in looks.items()]
    return Stacked(title, describes, WIDTH, tuple(parts), tuple(key))


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart: its words above, the bar, the target's mark (None: no target) and the value in words."""

    label: str
    y: int
    width: float
    look: str
    target_x: float | None
    value: str
    value_x: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars against targets."""

    title: str
    describes: str
    width: int
    height: int
    bars: tuple[Bar, ...]


def bars(title: str, describes: str, rows: Sequence[tuple[str, float | None, float | None, str]]) -> Bars:
    """Bars of (words, value or None, target or None, value in words); those over their target look late."""
    most = max((max(value or 0.0, target or 0.0) for _, value, target, _ in rows), default=0.0) or 1.0
    room = WIDTH - 160
    drawn = []
    for number, (label, value, target, words) in enumerate(rows):
        width = round((value or 0.0) / most * room, 1)
        late = value is not None and target is not None and value > target
        mark = None if target is None else round(target / most * room, 1)
        after = max(width, mark or 0.0) + 8
        drawn.append(Bar(label, number * ROW, width, "late" if late else "", mark, words, round(after, 1)))
    return Bars(title, describes, WIDTH, len(rows) * ROW, tuple(drawn))
