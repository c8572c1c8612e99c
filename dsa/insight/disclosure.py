"""Small numbers in published tables. One rule: no number from 1 to 4 is shown, and none can be found by subtraction."""

from collections.abc import Sequence

LEAST = 5


def hide_small(counts: Sequence[int], *, least: int = LEAST) -> list[int | None]:
    """A column of counts whose total may be known, with None for what is not shown.

    Numbers from 1 to ``least`` - 1 are hidden. Where that hides less than ``least`` in all, or one number alone, the
    smallest of those shown go too, so that taking the rest from the total tells nothing.
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < least}
    if hidden:
        others = sorted((place for place in range(len(counts)) if place not in hidden), key=lambda at: (counts[at], at))
        others = [at for at in others if counts[at]] + [at for at in others if not counts[at]]
        while others and (len(hidden) < 2 or sum(counts[place] for place in hidden) < least):
            hidden.add(others.pop(0))
    return [None if place in hidden else count for place, count in enumerate(counts)]


def share_of(part: int, whole: int, *, least: int = LEAST) -> float | None:
    """``part`` of ``whole`` as a share; None where the part, or what is left of the whole, is small but not nothing."""
    rest = whole - part
    if whole < least or 0 < part < least or 0 < rest < least:
        return None
    return part / whole
