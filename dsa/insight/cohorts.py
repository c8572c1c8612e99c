"""How long agreements take to signature, and whether those begun later take less. One rule: nothing is left out.

Open ones count as far as they have come; withdrawn ones compete, because they can never be signed. A figure that was
not reached is None.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dsa.domain.errors import BadInput
from dsa.insight.survival import Comparison, Floats, Incidence, compare, incidence

OPEN, SIGNED, GIVEN_UP = 0, 1, 2
FEWEST = 5  # signed agreements below which no curve is drawn


@dataclass(frozen=True, slots=True)
class Lengths:
    """One row per agreement: days from its beginning to its end (or to now), and how it ended."""

    days: Floats
    ending: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.days)

    def count(self, ending: int) -> int:
        """How many ended so."""
        return int((self.ending == ending).sum())

    def only(self, kept: NDArray[np.bool_]) -> "Lengths":
        """Those that are kept."""
        return Lengths(self.days[kept], self.ending[kept])


@dataclass(frozen=True, slots=True)
class By:
    """The day by which a share of all were signed, with its 95 % interval; None where that was not reached."""

    day: float | None
    low: float | None
    high: float | None
    at_risk: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """What became of a group of agreements."""

    lengths: Lengths
    signed: Incidence
    given_up: Incidence

    def by(self, share: float) -> By:
        """By when ``share`` of all were signed."""
        one = self.signed
        day = _first(one.times, one.share, share)
        return By(day, _first(one.times, one.high, share), _first(one.times, one.low, share), self.at_risk(day))

    def at_risk(self, day: float | None) -> int:
        """How many were still watched just before ``day``; 0 for a day that was not reached."""
        return 0 if day is None else int((self.lengths.days >= day).sum())


def cohort(lengths: Lengths) -> Cohort:
    """The curves of a group."""
    return Cohort(
        lengths,
        incidence(lengths.days, lengths.ending, of=SIGNED),
        incidence(lengths.days, lengths.ending, of=GIVEN_UP),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """How much sooner half of the later ones are signed, in days, with its 95 % interval; None where it is not known.

    ``test`` is None where too few ended to compare the two.
    """

    saved: float | None
    low: float | None
    high: float | None
    test: Comparison | None


def change(before: Cohort, after: Cohort) -> Change:
    """The difference of the two half-times, its interval made of the two intervals, and the test of the two curves.

    The interval is open (None) to the side on which one of the two is.
    """
    one, other = before.by(0.5), after.by(0.5)
    saved = low = high = None
    if one.day is not None and other.day is not None:
        saved = one.day - other.day
        if one.low is not None and other.high is not None:
            low = saved - sqrt((one.day - one.low) ** 2 + (other.high - other.day) ** 2)
        if one.high is not None and other.low is not None:
            high = saved + sqrt((one.high - one.day) ** 2 + (other.day - other.low) ** 2)
    try:
        test = compare(*((each.lengths.days.tolist(), _signed(each)) for each in (before, after)))
    except BadInput:
        test = None
    return Change(saved, low, high, test)


def _signed(one: Cohort) -> list[bool]:
    ended: list[bool] = (one.lengths.ending == SIGNED).tolist()
    return ended


def _first(times: Floats, shares: Floats, share: float) -> float | None:
    hit = np.flatnonzero(shares >= share - 1e-12)
    return float(times[hit[0]]) if len(hit) else None
