"""How long something takes, from what has ended and what has not. One rule: what is still open counts for as long as it
has lasted; leaving it out would make every time look shorter than it is.
"""

from collections.abc import Sequence


def time_by_which_half_are_done(ended: Sequence[int], still_open: Sequence[int]) -> int | None:
    """The time by which half are done, by the product-limit estimate; None while fewer than half are.

    ``ended`` are whole durations in any one unit, which is the result's too; ``still_open`` is how long those have
    lasted that have not ended.
    """
    at_risk = len(ended) + len(still_open)
    left = 1.0
    for time in sorted(set(ended) | set(still_open)):
        done = sum(one == time for one in ended)
        if done:
            left *= 1 - done / at_risk
            if left <= 0.5:
                return time
        at_risk -= done + sum(one == time for one in still_open)
    return None
