"""Which change to the process would save most: each played on the same luck as the process of today.

One rule: a saving is a model's result: always with its 95 % interval and its assumption, and no change is ranked above
another whose interval overlaps its own. Savings are working days per agreement.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.random import Generator

from dsa.domain.errors import BadInput
from dsa.insight.simulation import Draws, Floats, Length, Played, Process, draw, play

FEWEST_RUNS = 5
WARMING_UP = 0.1  # of each run: its first agreements meet empty queues
# Student's t for 95 %, by degrees of freedom from 1.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip

World = tuple[Process, Draws]


@dataclass(frozen=True, slots=True)
class Change:
    """A single change: its name, what it assumes, and what it does to a process and its luck."""

    name: str
    assumes: str
    apply: Callable[[Process, Draws], World]


@dataclass(frozen=True, slots=True)
class Saving:
    """Working days that a change saves per agreement, with the 95 % interval over the runs.

    ``rank``: 1 for the best; changes whose intervals overlap share one. ``certain``: the interval leaves out zero.
    """

    name: str
    assumes: str
    saved: float
    low: float
    high: float
    rank: int

    @property
    def certain(self) -> bool:
        """Whether the change saves, or costs, anything beyond doubt (within the model)."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the runs gave: today's process (median and 85 of 100, working days), and each change, the best first."""

    half_within: float
    most_within: float
    mean: float
    waits: dict[str, float]
    savings: tuple[Saving, ...]
    assumptions: tuple[str, ...]


def what_if(
    process: Process,
    lengths: Mapping[str, Length],
    changes: Sequence[Change],
    *,
    per_day: float,
    agreements: int = 2000,
    runs: int = 10,
    chance: Generator,
) -> WhatIf:
    """Play today's process and each change ``runs`` times, each time on the same luck; a freshly seeded ``chance``
    gives the same figures.

    BadInput where fewer than 5 runs are asked for: their interval would say nothing.
    """
    if runs < FEWEST_RUNS:
        raise BadInput("At least %(runs)s runs are needed for an interval.", runs=FEWEST_RUNS)
    worlds = (
        (process, draw(process, lengths, per_day=per_day, agreements=agreements, chance=of_run))
        for of_run in chance.spawn(runs)
    )
    base, savings = played_against(worlds, changes, settled=settled)
    days = np.concatenate([settled(one) for one in base])
    return WhatIf(
        half_within=float(np.quantile(days, 0.5)),
        most_within=float(np.quantile(days, 0.85)),
        mean=float(days.mean()),
        waits={pool: float(np.mean([one.waits[pool] for one in base])) for pool in process.people},
        savings=savings,
        assumptions=_assumptions(per_day, agreements, runs),
    )


def played_against(
    worlds: Iterable[World], changes: Sequence[Change], *, settled: Callable[[Played], Floats]
) -> tuple[list[Played], tuple[Saving, ...]]:
    """Play each world as it is and with each change; what ``settled`` gives of a run is what is averaged."""
    base: list[Played] = []
    saved: list[list[float]] = [[] for _ in changes]
    for process, luck in worlds:
        base.append(play(process, luck))
        for number, change in enumerate(changes):
            changed = play(*change.apply(process, luck))
            saved[number].append(float(settled(base[-1]).mean()) - float(settled(changed).mean()))
    return base, _ranked(changes, saved)


def settled(played: Played) -> Floats:
    """The days of a run without its first agreements, which met empty queues."""
    return played.days[int(len(played.days) * WARMING_UP) :]


def _assumptions(per_day: float, agreements: int, runs: int) -> tuple[str, ...]:
    return (
        f"New agreements arrive at random, {per_day:g} a working day on average.",
        "Whoever is free takes the agreement that has waited longest.",
        "Lengths of tasks do not depend on each other, nor on how long the queue is.",
        f"Simulated: {runs} runs of {agreements:,} agreements, the first tenth of each left out.",
    )


def _ranked(changes: Sequence[Change], saved: Sequence[Sequence[float]]) -> tuple[Saving, ...]:
    found = []
    for change, runs in zip(changes, saved, strict=True):
        mean, half = float(np.mean(runs)), _half_interval(runs)
        found.append(Saving(change.name, change.assumes, mean, mean - half, mean + half, 0))
    return ranked(found)


def ranked(savings: Sequence[Saving]) -> tuple[Saving, ...]:
    """The savings with their ranks, the best first: those whose intervals overlap share one."""
    # From the highest end down: a new rank begins where an interval lies clear below every one before it.
    placed: list[Saving] = []
    rank, lowest = 1, float("inf")
    for place, one in enumerate(sorted(savings, key=lambda one: -one.high), start=1):
        rank = place if one.high < lowest else rank
        lowest = min(lowest, one.low)
        placed.append(replace(one, rank=rank))
    return tuple(sorted(placed, key=lambda one: (one.rank, -one.saved)))


def _half_interval(runs: Sequence[float]) -> float:
    t = _T[len(runs) - 2] if len(runs) - 2 < len(_T) else 1.96
    return t * float(np.std(runs, ddof=1)) / sqrt(len(runs))


def at_once(phase: str) -> Change:
    """The tasks of a phase begin together rather than one after another."""

    def apply(process: Process, draws: Draws) -> World:
        phases = tuple(replace(one, at_once=one.at_once or one.name == phase) for one in process.phases)
        return replace(process, phases=phases), draws

    return Change(f"{phase}: all at once", "Each takes as long as it does today, one after another.", apply)


def one_more(pool: str) -> Change:
    """One more person in a pool."""

    def apply(process: Process, draws: Draws) -> World:
        return replace(process, people={**process.people, pool: process.people[pool] + 1}), draws

    return Change(f"one more in {pool}", "The new person works as fast as the others do.", apply)


def fewer_returns(times: float) -> Change:
    """Agreements come back ``times`` as often as today (0.5: half as often)."""

    def apply(process: Process, draws: Draws) -> World:
        return replace(process, return_share=process.return_share * times), draws

    return Change(f"returns x {times:g}", "What comes back takes as long to put right as today.", apply)


def capped(tasks: Sequence[str], *, days: float) -> Change:
    """Tasks that never take longer than ``days``."""

    def apply(process: Process, draws: Draws) -> World:
        shorter = {name: np.minimum(draws.lengths[name], days) for name in tasks}
        return process, replace(draws, lengths={**draws.lengths, **shorter})

    return Change(f"{', '.join(tasks)}: within {days:g} days", "Everybody keeps to it.", apply)


def lane(tasks: Sequence[str], *, share: float, times: float) -> Change:
    """A share of agreements (those with a precedent) whose tasks take ``times`` as long."""

    def apply(process: Process, draws: Draws) -> World:
        factor = np.where(draws.lane < share, times, 1.0)[:, None]
        shorter = {name: draws.lengths[name] * factor for name in tasks}
        return process, replace(draws, lengths={**draws.lengths, **shorter})

    return Change(
        f"precedent lane for {share:.0%}",
        f"With a precedent {', '.join(tasks)} take {times:g} times as long; which agreements have one is chance.",
        apply,
    )


def not_needed(task: str, *, share: float = 1.0) -> Change:
    """A share of agreements that need a task no more (authority delegated, or no such review on the fast route)."""

    def apply(process: Process, draws: Draws) -> World:
        spared = (draws.lane < share)[:, None]
        shorter = np.where(spared, np.nan, draws.lengths[task])
        return process, replace(draws, lengths={**draws.lengths, task: shorter})

    return Change(f"no {task} for {share:.0%}", "Nobody else has more to do because of it.", apply)


def merged(first: str, second: str) -> Change:
    """Two reviews done as one, by the people of both."""

    def apply(process: Process, draws: Draws) -> World:
        pools = {task.name: task.pool for task in process.tasks}
        one, other = pools[first], pools[second]
        if one is not None and other is not None and one != other:
            process = replace(process, people={**process.people, one: process.people[one] + process.people[other]})
        longer = np.fmax(draws.lengths[first], draws.lengths[second])
        gone = np.full_like(longer, np.nan)
        return process, replace(draws, lengths={**draws.lengths, first: longer, second: gone})

    return Change(
        f"{first} and {second} as one",
        "One review takes as long as the longer of the two did, and the people of both do it.",
        apply,
    )
