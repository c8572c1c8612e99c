"""When will this be signed: likely (half of such cases) and very likely (85 of 100), for each open case.

Two ways, averaged in log days: walks from stage to stage drawn from how long past cases stayed, open ones counted
(Kaplan-Meier weights), given how long this one has stayed already; and what became of past cases that were in the same
stage for the same time at about the same age. One rule: where history does not reach, no date is given.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dsa.insight.stays import ENDED, STILL_THERE, Floats, Running, Stays
from dsa.insight.survival import jump_weights, survival_curve

LIKELY, VERY_LIKELY = 0.5, 0.85
FEWEST_DONE = 20  # ended cases below which no date is given
FEWEST_ALIKE = 5  # stays that went on longer than this one, below which no date is given
NEAREST = 100  # past cases that the landmark method looks at
WALKS = 500  # per open case
LONGEST_WALK = 300  # stages
_MINUTE = 1 / 1440


class Reach(IntEnum):
    """Whether history reaches far enough for a date."""

    GIVEN = 0
    TOO_LITTLE_HISTORY = 1
    OLDER_THAN_ANYTHING = 2


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Days still to go for each open case, in the order asked. NaN unless ``reach`` is GIVEN."""

    likely: Floats
    very_likely: Floats
    reach: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Methods:
    """Days to go by each method, likely and very likely side by side; NaN where a method has nothing to go by."""

    walks: Floats
    landmark: Floats
    both: Floats


def forecast(stays: Stays, running: Running, *, chance: Generator, factor: float = 1.0) -> Forecasts:
    """Days to go for each case in ``running``; ``factor`` stretches "very likely" by what earlier forecasts missed."""
    found = by_each_method(stays, running, chance=chance).both
    reach = reach_of(stays, running)
    days = np.where((reach == Reach.GIVEN)[:, None], found, np.nan)
    return Forecasts(days[:, 0], np.maximum(days[:, 0], days[:, 1] * factor), reach)


def reach_of(stays: Stays, running: Running) -> NDArray[np.int64]:
    """For each open case, whether a date may be given."""
    totals, done = stays.totals()
    if done.sum() < FEWEST_DONE:
        return np.full(len(running.stage), int(Reach.TOO_LITTLE_HISTORY))
    beyond = running.elapsed >= totals[done].max(initial=0.0)
    left = stays.next_stage >= 0
    for stage in np.unique(running.stage):
        longer = np.sort(stays.stayed[left & (stays.stage == stage)])
        here = running.stage == stage
        beyond[here] |= len(longer) - np.searchsorted(longer, running.age[here], side="right") < FEWEST_ALIKE
    return np.where(beyond, int(Reach.OLDER_THAN_ANYTHING), int(Reach.GIVEN))


def by_each_method(stays: Stays, running: Running, *, chance: Generator) -> Methods:
    """What each method says by itself, for judging them; `forecast` is what people are shown."""
    walked = _walks(stays, running, chance)
    landmark = np.array(
        [_landmark(stays, stage, age, elapsed) for stage, age, elapsed in _each(running)], dtype=float
    ).reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        logs = np.log(np.maximum(np.stack([walked, landmark]), _MINUTE))
    known = ~np.isnan(logs)
    mean = np.where(known, logs, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return Methods(walked, landmark, np.where(known.any(axis=0), np.exp(mean), np.nan))


def _each(running: Running) -> list[tuple[int, float, float]]:
    return list(zip(running.stage.tolist(), running.age.tolist(), running.elapsed.tolist(), strict=True))


class _Stage:
    """How long cases stay in one stage and where they go: a distribution to draw from."""

    def __init__(self, stays: Stays, stage: int) -> None:
        here = stays.stage == stage
        ended = stays.next_stage[here] == ENDED
        self.share_ending = float(ended.mean()) if here.any() else 1.0
        lengths, goes_to = stays.stayed[here][~ended], stays.next_stage[here][~ended]
        left = goes_to != STILL_THERE
        # The stays that have not ended hand their weight on to longer ones; what lies beyond the longest known stay
        # is shared among the known ones, because nobody can say where it would have led.
        weights = jump_weights(lengths, left)[left]
        order = np.argsort(lengths[left], kind="stable")
        self.lengths, self.goes_to = lengths[left][order], goes_to[left][order]
        self.sums = np.cumsum(weights[order])

    def draw(self, chance: Generator, age: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """A length beyond each age, and the stage after it. Where nobody stayed longer, the stay ends now: a number for
        the back-test to judge; people are given no date then.
        """
        place = np.where(age > 0, np.searchsorted(self.lengths, age, side="right"), 0)
        none_longer = place >= len(self.lengths)
        before = np.where((place > 0) & ~none_longer, self.sums[place - 1], 0.0)
        target = before + chance.random(len(age)) * (self.sums[-1] - before)
        index = np.minimum(np.searchsorted(self.sums, target, side="right"), len(self.sums) - 1)
        return np.where(none_longer, age, self.lengths[index]), self.goes_to[index]


def _walks(stays: Stays, running: Running, chance: Generator) -> Floats:
    """Likely and very likely by walks from stage to stage."""
    stages = {stage: _Stage(stays, stage) for stage in np.unique(np.concatenate([stays.stage, running.stage])).tolist()}
    at = np.repeat(running.stage, WALKS)
    age = np.repeat(running.age.astype(float), WALKS)
    spent = -age
    going = np.arange(len(at))
    for step in range(LONGEST_WALK):
        now = at[going]  # a copy: a walk takes one step at a time
        for stage in np.unique(now).tolist():
            here, one = going[now == stage], stages[stage]
            if step:
                here = _stop_some(at, here, one.share_ending, chance)
            if not len(one.lengths):  # nobody has left this stage yet: nothing to go by, or the walk stops here
                spent[here] = spent[here] if step else np.nan
                at[here] = ENDED
            elif len(here):
                length, at[here] = one.draw(chance, age[here])
                spent[here] += length
        age[going] = 0.0
        going = going[(at[going] != ENDED) & ~np.isnan(spent[going])]
        if not len(going):
            break
    return _quantiles(spent.reshape(-1, WALKS))


def _stop_some(at: NDArray[np.int64], here: NDArray[np.int64], share: float, chance: Generator) -> NDArray[np.int64]:
    """End the share of walks that end on reaching this stage; the others."""
    stops = chance.random(len(here)) < share
    at[here[stops]] = ENDED
    return here[~stops]


def _quantiles(days: Floats) -> Floats:
    if not len(days):
        return np.zeros((0, 2))
    found: Floats = np.quantile(days, [LIKELY, VERY_LIKELY], axis=1).T
    return found


def _landmark(stays: Stays, stage: int, age: float, elapsed: float) -> tuple[float, float]:
    """Likely and very likely by what became of past stays in the stage that lasted as long, nearest in age of case."""
    alike = np.flatnonzero((stays.stage == stage) & (stays.stayed > age) & (stays.next_stage != ENDED))
    if len(alike) < FEWEST_ALIKE:
        return np.nan, np.nan
    then = stays.entered[alike] + age
    apart = np.abs(np.log(np.maximum(then, _MINUTE)) - np.log(max(elapsed, _MINUTE)))
    nearest = alike[np.argsort(apart, kind="stable")[:NEAREST]]
    days, done = stays.to_end[nearest] - age, stays.done[nearest]
    if not done.any():
        return np.nan, np.nan
    curve = survival_curve(np.maximum(days, 0.0), done)
    longest = float(curve.times[-1])
    found = [curve.reached(share).value for share in (LIKELY, VERY_LIKELY)]
    return tuple(longest if value is None else value for value in found)  # type: ignore[return-value]
