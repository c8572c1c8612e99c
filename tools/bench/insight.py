"""The statistics beside their oracles: the simulation beside simpy on the same draws, Kaplan-Meier beside lifelines.

One rule: both do the same work on the same numbers, in turns, and must agree before a ratio is given.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from dsa.insight.simulation import Process, draw, play
from dsa.insight.survival import survival_curve
from tests.insight.test_simulation import LENGTHS, PROCESS, by_simpy

AGREEMENTS, ROWS, TURNS = 2_000, 10_000, 5


def simulation_cost() -> tuple[float, float] | None:
    """Seconds for ours and for simpy, the median of turns; None where simpy is not installed."""
    try:
        import simpy  # noqa: F401
    except ImportError:
        return None
    process: Process = PROCESS
    luck = draw(process, LENGTHS, per_day=1.0, agreements=AGREEMENTS, chance=np.random.default_rng(1))
    if float(np.abs(play(process, luck).days - by_simpy(process, luck)).max()) > 1e-9:
        raise RuntimeError("the simulation and simpy do not agree")
    return in_turns(lambda: play(process, luck), lambda: by_simpy(process, luck))


def survival_cost() -> tuple[float, float] | None:
    """Seconds for our curve with its interval and for lifelines'; None where lifelines is not installed."""
    try:
        from lifelines import KaplanMeierFitter
    except ImportError:
        return None
    chance = np.random.default_rng(1)
    days, ended = np.round(chance.lognormal(4, 0.8, ROWS), 2), chance.random(ROWS) < 0.6

    def theirs() -> Any:
        return KaplanMeierFitter().fit(days, ended)

    ours = survival_curve(days, ended)
    at = theirs().survival_function_at_times(ours.times).to_numpy()
    if float(np.abs(at - ours.going_on).max()) > 1e-9:
        raise RuntimeError("our curve and that of lifelines do not agree")
    return in_turns(lambda: survival_curve(days, ended), theirs)


def in_turns(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Seconds of each, in turns, the median."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for call, kept in zip((ours, theirs), times, strict=True):
            begun = time.perf_counter()
            call()
            kept.append(time.perf_counter() - begun)
    return median(times[0]), median(times[1])
