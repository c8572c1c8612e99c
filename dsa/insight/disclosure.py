"""Small numbers in published tables. One rule: no number from 1 to 4 is shown, and none can be found by subtraction."""

from collections.abc import Sequence
from math import ceil

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


def at_least(value: float | None, resting_on: int, *, least: int = LEAST) -> float | None:
    """A length of time; None where fewer than ``least`` lasted so long: it would nearly be that of one of them."""
    return value if resting_on >= least else None


def ages_reached(ages: Sequence[int], share: float, *, least: int = LEAST) -> int | None:
    """The age that ``share`` of all have at most; None where fewer than ``least`` are as old."""
    if not ages:
        return None
    ordered = sorted(ages)
    found = ordered[min(len(ordered) - 1, max(0, ceil(share * len(ordered)) - 1))]
    return found if sum(age >= found for age in ordered) >= least else None


def leave_no_small_rest(shown: Sequence[int | None], whole: int | None, *, least: int = LEAST) -> list[int | None]:
    """Counts of some of the groups of a known ``whole``, with None where what is left of it would be small.

    What is left is all that is not shown: other groups, and groups that are hidden already.
    """
    found = list(shown)
    while whole is not None and any(found):
        rest = whole - sum(count for count in found if count is not None)
        if rest >= least or (rest == 0 and None not in found):
            break
        smallest = min((count, place) for place, count in enumerate(found) if count)
        found[smallest[1]] = None
    return found
