"""A process played through: agreements arrive, queue for the people of each pool, fork, join and come back.

One rule: all chance is drawn beforehand (`Draws`), so that two processes can be played on the very same luck and their
difference is the change's alone. Times are working days; queues are first come, first served.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dsa.domain.errors import BadInput

Floats = NDArray[np.float64]
_NO_POOL = -1
_ARRIVES = -1


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work. Without a pool nobody is queued for: it only takes its time (a signatory's diary)."""

    name: str
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Tasks that must all end before the next phase begins: at once, or one after another in their order.

    ``returns_to``: the phase to which an agreement may come back when this one ends.
    """

    name: str
    tasks: tuple[Task, ...]
    at_once: bool = True
    returns_to: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """The phases in order; how many people each pool has; how many agreements come back, and how often at the most."""

    phases: tuple[Phase, ...]
    people: Mapping[str, int]
    return_share: float = 0.0
    most_returns: int = 3

    def __post_init__(self) -> None:
        names = [task.name for task in self.tasks]
        if len(set(names)) < len(names):
            raise BadInput("Two tasks have one name. Give each its own.")
        for task in self.tasks:
            if task.pool is not None and self.people.get(task.pool, 0) < 1:
                raise BadInput(
                    "Nobody is in the pool “%(pool)s” that “%(task)s” waits for.", pool=task.pool, task=task.name
                )
        order = [phase.name for phase in self.phases]
        for phase in self.phases:
            back = phase.returns_to
            if back is not None and back not in order[: order.index(phase.name) + 1]:
                raise BadInput("“%(phase)s” returns to “%(to)s”, which is no earlier phase.", phase=phase.name, to=back)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Every task, in order."""
        return tuple(task for phase in self.phases for task in phase.tasks)


class Length(Protocol):
    """How long a task takes: something to draw from."""

    def draw(self, chance: Generator, shape: tuple[int, int]) -> Floats: ...


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Lengths around ``median`` working days, lopsided by ``sigma``."""

    median: float
    sigma: float

    def draw(self, chance: Generator, shape: tuple[int, int]) -> Floats:
        """Working days."""
        return chance.lognormal(np.log(self.median), self.sigma, shape)


@dataclass(frozen=True, slots=True)
class Observed:
    """Lengths as they were seen, each with its weight (`survival.jump_weights` counts the open ones)."""

    days: Floats
    weights: Floats

    def draw(self, chance: Generator, shape: tuple[int, int]) -> Floats:
        """Working days."""
        drawn: Floats = chance.choice(self.days, shape, p=self.weights / self.weights.sum())
        return drawn


@dataclass(frozen=True, slots=True)
class Draws:
    """The luck of one run: when each agreement arrives, how long each of its tasks takes in each round (NaN: it is not
    needed), and a number between 0 and 1 for each chance of coming back.
    """

    arrivals: Floats
    lengths: Mapping[str, Floats]
    returns: Floats
    lane: Floats
    """For each agreement a number between 0 and 1 by which changes choose whom they apply to."""


def draw(
    process: Process, lengths: Mapping[str, Length], *, per_day: float, agreements: int, chance: Generator
) -> Draws:
    """Luck for ``agreements`` that arrive at random, ``per_day`` on average."""
    rounds = process.most_returns
    return Draws(
        arrivals=np.cumsum(chance.exponential(1 / per_day, agreements)),
        lengths={task.name: lengths[task.name].draw(chance, (agreements, rounds + 1)) for task in process.tasks},
        returns=chance.random((agreements, rounds)),
        lane=chance.random(agreements),
    )


@dataclass(frozen=True, slots=True)
class Played:
    """What came out: working days of each agreement, and the average wait for each pool."""

    days: Floats
    waits: dict[str, float]


def play(process: Process, draws: Draws) -> Played:
    """Every agreement from arrival to end."""
    run = _Run(process, draws)
    run.play()
    waits = {
        pool: run.waited[number] / run.served[number] if run.served[number] else 0.0
        for number, pool in enumerate(process.people)
    }
    return Played(np.array(run.ended) - draws.arrivals, waits)


@dataclass(slots=True)
class _Run:
    """The state of one run. Tasks, phases and pools are numbers here; a case waits for ``left`` tasks of its phase."""

    process: Process
    draws: Draws
    pool: list[int] = field(init=False)
    phase_of: list[int] = field(init=False)
    tasks_of: list[range] = field(init=False)
    back_to: list[int] = field(init=False)
    lengths: list[list[list[float]]] = field(init=False)
    returns: list[list[bool]] = field(init=False)
    events: list[tuple[float, int, int, int]] = field(init=False)
    free: list[int] = field(init=False)
    queues: list[deque[tuple[float, int, int]]] = field(init=False)
    waited: list[float] = field(init=False)
    served: list[int] = field(init=False)
    left: list[int] = field(init=False)
    rounds: list[int] = field(init=False)
    ended: list[float] = field(init=False)
    number: int = field(init=False)

    def __post_init__(self) -> None:
        process, draws = self.process, self.draws
        pools, names = list(process.people), [phase.name for phase in process.phases]
        self.pool = [pools.index(task.pool) if task.pool is not None else _NO_POOL for task in process.tasks]
        self.phase_of = [number for number, phase in enumerate(process.phases) for _ in phase.tasks]
        ends = np.cumsum([len(phase.tasks) for phase in process.phases]).tolist()
        self.tasks_of = [range(end - len(phase.tasks), end) for end, phase in zip(ends, process.phases, strict=True)]
        self.back_to = [names.index(one.returns_to) if one.returns_to else -1 for one in process.phases]
        self.lengths = [draws.lengths[task.name].tolist() for task in process.tasks]
        self.returns = (draws.returns < process.return_share).tolist()
        self.free = [process.people[pool] for pool in pools]
        self.queues = [deque() for _ in pools]
        self.waited, self.served = [0.0] * len(pools), [0] * len(pools)
        arrivals = draws.arrivals.tolist()
        self.number = size = len(arrivals)
        self.left, self.rounds, self.ended = [0] * size, [0] * size, [0.0] * size
        self.events = [(at, case, case, _ARRIVES) for case, at in enumerate(arrivals)]
        heapify(self.events)

    def play(self) -> None:
        events, pools = self.events, self.pool
        while events:
            at, _, case, task = heappop(events)
            if task == _ARRIVES:
                self.begin(at, case, 0)
                continue
            pool = pools[task]
            if pool != _NO_POOL:
                self.release(at, pool)
            self.done(at, case, task)

    def begin(self, at: float, case: int, phase: int) -> None:
        tasks = self.tasks_of[phase]
        self.left[case] = len(tasks)
        if not tasks:
            self.leave(at, case, phase)
        elif self.process.phases[phase].at_once:
            for task in tasks:
                self.offer(at, case, task)
        else:
            self.offer(at, case, tasks[0])

    def offer(self, at: float, case: int, task: int) -> None:
        """A task is there to be done: begun where somebody is free, else queued."""
        length, pool = self.lengths[task][case][self.rounds[case]], self.pool[task]
        if length != length:  # not a number: the task is not needed
            self.done(at, case, task)
        elif pool == _NO_POOL:
            self.push(at + length, case, task)
        elif self.free[pool]:
            self.free[pool] -= 1
            self.served[pool] += 1
            self.push(at + length, case, task)
        else:
            self.queues[pool].append((at, case, task))

    def push(self, at: float, case: int, task: int) -> None:
        self.number += 1
        heappush(self.events, (at, self.number, case, task))

    def release(self, at: float, pool: int) -> None:
        """Somebody is free: the first in the queue is next."""
        if not self.queues[pool]:
            self.free[pool] += 1
            return
        since, case, task = self.queues[pool].popleft()
        self.waited[pool] += at - since
        self.served[pool] += 1
        self.push(at + self.lengths[task][case][self.rounds[case]], case, task)

    def done(self, at: float, case: int, task: int) -> None:
        self.left[case] -= 1
        phase = self.phase_of[task]
        if not self.left[case]:
            self.leave(at, case, phase)
        elif not self.process.phases[phase].at_once:
            self.offer(at, case, task + 1)

    def leave(self, at: float, case: int, phase: int) -> None:
        """A phase is over: back, on, or to the end."""
        back, seen = self.back_to[phase], self.rounds[case]
        if back >= 0 and seen < len(self.returns[case]) and self.returns[case][seen]:
            self.rounds[case] = seen + 1
            self.begin(at, case, back)
        elif phase + 1 < len(self.tasks_of):
            self.begin(at, case, phase + 1)
        else:
            self.ended[case] = at
