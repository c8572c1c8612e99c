"""How long something takes, from counts. One rule: what is still open counts for as long as it has lasted, as in the
curves of ``survival``; here they are read off counts by whole durations, which is all that a kept figure has.
"""

from collections.abc import Mapping, Sequence

_TINY = 1e-12  # products of fractions do not come out round


def reached_by(
    ended: Mapping[int, int], still_open: Mapping[int, int], shares: Sequence[float]
) -> list[tuple[int | None, int]]:
    """For each share (rising, between 0 and 1): the time by which so many are done, and how many had lasted so long.

    Both mappings count by whole durations, in any one unit. It is the product-limit estimate; (None, 0) where it does
    not reach so far.
    """
    at_risk = sum(ended.values()) + sum(still_open.values())
    left = 1.0
    found: list[tuple[int | None, int]] = []
    for time in sorted(ended.keys() | still_open.keys()):
        done = ended.get(time, 0)
        if done:
            left *= 1 - done / at_risk
            while len(found) < len(shares) and left <= 1 - shares[len(found)] + _TINY:
                found.append((time, at_risk))
            if len(found) == len(shares):
                return found
        at_risk -= done + still_open.get(time, 0)
    return found + [(None, 0)] * (len(shares) - len(found))
