"""What became of earlier forecasts: the factor they teach, and the share that was met.

One rule: a forecast is judged when its day has come, not when its case ends; the quick ones would flatter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsa.insight.survival import Floats, survival_curve

FEWEST = 20
SMALLEST, LARGEST = 0.5, 4.0
_PROMISED = 0.85


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Of ``judged`` "very likely" days that have come, ``met`` saw their case over in time."""

    judged: int
    met: int

    @property
    def share(self) -> float | None:
        """The share that was met; None while none could be judged."""
        return self.met / self.judged if self.judged else None


def track_record(said: Floats, *, passed: Floats, took: Floats, last: int = 200) -> TrackRecord:
    """How the ``last`` forecasts did whose day has come, in the order they were made.

    For each forecast, in days: ``said`` to go, ``passed`` since it was made, ``took`` until the case was over (NaN
    where it is still open).
    """
    due = np.flatnonzero(passed >= said)[-last:]
    return TrackRecord(len(due), int((took[due] <= said[due]).sum()))


def learned_factor(ratio: Floats, over: NDArray[np.bool_]) -> float:
    """What "very likely" is to be multiplied by, from past ratios of days taken to days said; 1 while too few are over.

    ``over``: False where the case is still open, its ratio then a lower bound. Held between one half and four.
    """
    if over.sum() < FEWEST:
        return 1.0
    reached = survival_curve(ratio, over).reached(_PROMISED).value
    return float(np.clip(LARGEST if reached is None else reached, SMALLEST, LARGEST))
