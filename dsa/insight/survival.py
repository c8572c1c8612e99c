"""How long agreements take, with the open ones counted: Kaplan-Meier, Aalen-Johansen, log-rank.

One rule: what has not ended counts as "at least this long"; nothing is averaged over ended cases alone. Durations
are in the caller's unit (say it where a figure is shown); a figure that was not reached is None, never a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsa.domain.errors import BadInput

Floats = NDArray[np.float64]
_TINY = 1e-12  # two shares closer than this are one share: products of fractions do not come out round


@dataclass(frozen=True, slots=True)
class Reached:
    """When a share of cases has ended: the moment, and its interval. None means "not reached" in what was seen."""

    value: float | None
    low: float | None
    high: float | None
    at_risk: int
    """Cases still watched just before ``value`` (0 where it was not reached): how much stands behind the figure."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The share still going on after each duration, with its interval and the numbers at risk."""

    times: Floats
    at_risk: NDArray[np.int64]
    ended: NDArray[np.int64]
    going_on: Floats
    low: Floats
    high: Floats

    def share_going_on(self, time: float) -> float:
        """The share still going on after ``time``; 1 before the first end."""
        place = int(np.searchsorted(self.times, time, side="right"))
        return float(self.going_on[place - 1]) if place else 1.0

    def number_at_risk(self, time: float) -> int:
        """Cases still watched just before ``time``."""
        place = int(np.searchsorted(self.times, time, side="left"))
        return int(self.at_risk[place]) if place < len(self.times) else 0

    def reached(self, share: float) -> Reached:
        """By when ``share`` of cases (0.5: the median, 0.85) have ended."""
        if not 0 < share < 1:
            raise BadInput("A share lies between 0 and 1; %(share)s does not.", share=share)
        value = _first(self.times, self.going_on, share)
        at_risk = self.number_at_risk(value) if value is not None else 0
        return Reached(value, _first(self.times, self.low, share), _first(self.times, self.high, share), at_risk)


def survival_curve(durations: ArrayLike, ended: ArrayLike, *, confidence: float = 0.95) -> Curve:
    """The Kaplan-Meier curve with its log-log interval.

    ``ended`` says for each duration whether the case ended (True) or is still open (False). BadInput where the lengths
    differ or a duration is negative or no number.
    """
    times, at_risk, counts = _counted(durations, np.asarray(ended, dtype=bool).astype(np.int64), kinds=1)
    done = counts[0]
    going_on = np.cumprod(1 - done / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(done / (at_risk * (at_risk - done)))
        spread = np.sqrt(greenwood) / np.abs(np.log(going_on)) * _z(confidence)
        low, high = going_on ** np.exp(spread), going_on ** np.exp(-spread)
    certain = (going_on >= 1) | (going_on <= 0)  # before the first end, and after the last: no spread to speak of
    return Curve(times, at_risk, done, going_on, np.where(certain, going_on, low), np.where(certain, going_on, high))


@dataclass(frozen=True, slots=True)
class Incidence:
    """The share that has ended one particular way by each duration ("signed by month m"), with its interval."""

    times: Floats
    at_risk: NDArray[np.int64]
    share: Floats
    low: Floats
    high: Floats

    def by(self, time: float) -> float:
        """The share that has ended this way by ``time``."""
        place = int(np.searchsorted(self.times, time, side="right"))
        return float(self.share[place - 1]) if place else 0.0

    def reached(self, share: float) -> float | None:
        """By when ``share`` of all cases have ended this way; None where that was not reached."""
        return _first(self.times, 1 - self.share, share)


def incidence(durations: ArrayLike, endings: ArrayLike, *, of: int, confidence: float = 0.95) -> Incidence:
    """The Aalen-Johansen cumulative incidence of one ending among several.

    ``endings``: 0 still open, 1, 2, ... the ways a case can end (signed, withdrawn). Withdrawals compete: a withdrawn
    agreement can never be signed, so counting it as "still open" would overstate signing. BadInput as above.
    """
    codes = np.asarray(endings, dtype=np.int64)
    kinds = max(int(codes.max(initial=0)), of)
    times, at_risk, counts = _counted(durations, codes, kinds=kinds)
    done, this = counts.sum(axis=0), counts[of - 1]
    before = np.concatenate(([1.0], np.cumprod(1 - done / at_risk)[:-1]))
    share = np.cumsum(before * this / at_risk)
    spread = np.sqrt(_incidence_variance(share, before, at_risk, done, this))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale = _z(confidence) * spread / (share * np.log(share))
        low, high = share ** np.exp(-scale), share ** np.exp(scale)
    open_ended = (share <= _TINY) | (share >= 1 - _TINY)
    return Incidence(times, at_risk, share, np.where(open_ended, share, low), np.where(open_ended, share, high))


def _incidence_variance(
    share: Floats, before: Floats, at_risk: NDArray[np.int64], done: NDArray[np.int64], this: NDArray[np.int64]
) -> Floats:
    """The delta-method variance, its squares opened so that running sums give every time at once."""
    n = at_risk.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(n > done, done / (n * (n - done)), 0.0)
    crossed = before * this / n**2
    first = share**2 * np.cumsum(hazard) - 2 * share * np.cumsum(share * hazard) + np.cumsum(share**2 * hazard)
    second = np.cumsum(before**2 * this * (n - this) / n**3)
    third = share * np.cumsum(crossed) - np.cumsum(share * crossed)
    variance: Floats = np.maximum(first + second - 2 * third, 0.0)
    return variance


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two cohorts compared. ``pace`` 1.5: at any age the second ends half as fast again as the first."""

    statistic: float
    p_value: float
    pace: float
    pace_low: float
    pace_high: float


def compare(
    before: tuple[Sequence[float], Sequence[bool]],
    after: tuple[Sequence[float], Sequence[bool]],
    *,
    confidence: float = 0.95,
) -> Comparison:
    """The log-rank test of two cohorts (durations, ended), with the ratio of their paces (Peto) and its interval.

    BadInput where neither cohort has two ends at different ages: there is nothing to compare then.
    """
    durations = np.concatenate([np.asarray(before[0], float), np.asarray(after[0], float)])
    ended = np.concatenate([np.asarray(before[1], bool), np.asarray(after[1], bool)])
    is_after = np.arange(len(durations)) >= len(before[0])
    times, at_risk, counts = _counted(durations, np.where(ended, 1 + is_after, 0), kinds=2)
    at_risk_after = len(after[0]) - np.searchsorted(np.sort(durations[is_after]), times, side="left")
    done = counts.sum(axis=0)
    n = at_risk.astype(float)
    share = at_risk_after / n
    surplus = float((counts[1] - done * share).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = float(np.where(n > 1, done * share * (1 - share) * (n - done) / (n - 1), 0.0).sum())
    if variance <= 0:
        raise BadInput("Too few have ended to compare the two. Wait until some of each have.")
    statistic = surplus**2 / variance
    half = _z(confidence) / sqrt(variance)
    log_pace = surplus / variance
    return Comparison(statistic, erfc(sqrt(statistic / 2)), exp(log_pace), exp(log_pace - half), exp(log_pace + half))


def jump_weights(durations: Floats, ended: NDArray[np.bool_]) -> Floats:
    """For each case, the probability that Kaplan-Meier puts on its duration; what is left over goes to the longest.

    Open cases get 0 (unless the longest is open): their weight is handed on to the longer ones, which is how counting
    the open ones shows. Sums to 1; empty in, empty out.
    """
    if not len(durations):
        return np.zeros(0)
    # At equal durations ends come before cases still open: those were still watched when the others ended.
    order = np.lexsort((~ended, durations))
    left = 1.0 / (len(order) - np.arange(len(order)))
    factors = np.where(ended[order], 1 - left, 1.0)
    before = np.concatenate(([1.0], np.cumprod(factors)[:-1]))
    weights = np.zeros(len(order))
    weights[order] = np.where(ended[order], before * left, 0.0)
    weights[order[-1]] += max(0.0, 1.0 - float(weights.sum()))
    return weights


def _counted(
    durations: ArrayLike, endings: NDArray[np.int64], *, kinds: int
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Distinct durations, how many were at risk before each, and how many ended each way at it."""
    length = np.asarray(durations, dtype=float)
    if length.shape != endings.shape or length.ndim != 1:
        raise BadInput("There must be one ending for each duration.")
    if not np.isfinite(length).all() or (length < 0).any():
        raise BadInput("A duration is a number that is not negative.")
    order = np.argsort(length, kind="stable")
    times, first = np.unique(length[order], return_index=True)
    at_risk = (len(length) - first).astype(np.int64)
    if not len(times):
        return times, at_risk, np.zeros((kinds, 0), dtype=np.int64)
    ordered = endings[order]
    counts = [np.add.reduceat((ordered == kind).astype(np.int64), first) for kind in range(1, kinds + 1)]
    return times, at_risk, np.asarray(counts, dtype=np.int64)


def _first(times: Floats, going_on: Floats, share: float) -> float | None:
    """The first time at which no more than 1 - share go on."""
    hit = np.flatnonzero(going_on <= 1 - share + _TINY)
    return float(times[hit[0]]) if len(hit) else None


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
