"""A process fitted from what was seen: its phases, how long each piece of work takes, who queues, how many come back.

One rule: what was not seen is an assumption, and every assumption has a name that the page turns into a sentence.
Lengths are working days; work that is not done counts as lasting at least so long.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dsa.insight.simulation import Draws, Floats, Phase, Process, Task
from dsa.insight.survival import jump_weights

MOST_DONORS = 400  # agreements that luck is drawn from
FEWEST = 20  # agreements that came to an end, below which no process is fitted
ALIKE = 5  # agreements that came back as often, below which those that came back less often stand in
BUSY = 0.9  # no pool is taken to be busier on average: its queue would never end
_SHORTEST = 1 / 480


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work: of which case, in which phase and which of its visits (from 1), what, by whom (``pool`` empty:
    nobody is queued for), when it was asked for and ended, in working days on one clock. ``done`` False: not ended yet,
    or dropped."""

    case: int
    phase: str
    visit: int
    name: str
    pool: str
    opened: float
    ended: float
    done: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A process, and agreements that were really seen as its luck: what belongs together stays together.

    ``lengths`` [agreement, work, visit]: working days without the wait before; NaN where it was not needed.
    ``returned``: how often each came back. ``per_day``: how many begin on a working day. ``rests_on``: how many were
    signed.
    """

    process: Process
    tasks: tuple[str, ...]
    lengths: Floats
    returned: NDArray[np.int64]
    per_day: float
    rests_on: int

    def luck(self, chance: Generator, agreements: int, *, used: int = 0) -> Draws:
        """The luck of so many agreements, each that of one that was seen.

        ``used``: how often they have come back already; their luck is that of those that came back as often, from then
        on, and no agreement comes back more often than ``most_returns`` in all.
        """
        rounds, share = self.process.most_returns, self.process.return_share
        alike = self._alike(used)
        able = np.flatnonzero(self.returned >= alike)
        donors = able[chance.integers(len(able), size=agreements)]
        luck = chance.random((agreements, rounds))
        later = np.arange(rounds) + alike
        back = (later < self.returned[donors][:, None]) & (np.arange(rounds) + used < rounds)
        visits = np.minimum(np.arange(rounds + 1) + alike, rounds)
        return Draws(
            arrivals=np.cumsum(chance.exponential(1 / self.per_day, agreements)),
            lengths={name: self.lengths[donors, number][:, visits] for number, name in enumerate(self.tasks)},
            returns=np.where(back, luck * share, share + luck * (1 - share)),
            lane=chance.random(agreements),
        )

    def _alike(self, used: int) -> int:
        """How many returns those must have seen whose luck is drawn from: fewer where too few came back so often."""
        while used and (self.returned >= used).sum() < ALIKE:
            used -= 1
        return used

    def beyond(self, task: str, age: float, chance: Generator, size: int, *, used: int = 0) -> Floats:
        """What is left of work that has lasted ``age`` days already, after so many returns; where nothing lasted longer
        it ends now."""
        visits = self.lengths[:, self.tasks.index(task)]
        values = visits[:, self._alike(used)]
        longer = values[values > age]
        if not len(longer):
            longer = visits[visits > age]
        if not len(longer):
            return np.full(size, _SHORTEST)
        found: Floats = longer[chance.integers(len(longer), size=size)] - age
        return found

    def as_json(self) -> dict[str, Any]:
        """For keeping."""
        return {
            "phases": [
                [phase.name, [[task.name, task.pool] for task in phase.tasks], phase.at_once, phase.returns_to]
                for phase in self.process.phases
            ],
            "people": dict(self.process.people),
            "return_share": self.process.return_share,
            "tasks": list(self.tasks),
            "lengths": [
                [[None if np.isnan(day) else round(day, 3) for day in visits] for visits in works]
                for works in self.lengths.tolist()
            ],
            "returned": self.returned.tolist(),
            "per_day": self.per_day,
            "rests_on": self.rests_on,
        }


def from_json(kept: Mapping[str, Any]) -> Fitted:
    """What `as_json` kept."""
    phases = tuple(
        Phase(name, tuple(Task(task, pool) for task, pool in tasks), bool(at_once), returns_to)
        for name, tasks, at_once, returns_to in kept["phases"]
    )
    process = Process(phases, dict(kept["people"]), float(kept["return_share"]))
    lengths = np.array(kept["lengths"], dtype=float)  # None becomes not a number
    returned = np.array(kept["returned"], dtype=np.int64)
    return Fitted(process, tuple(kept["tasks"]), lengths, returned, float(kept["per_day"]), int(kept["rests_on"]))


def fit(
    pieces: Sequence[Piece],
    *,
    phases: Sequence[str],
    totals: Mapping[int, tuple[float, bool]],
    returned: Mapping[int, int],
    returns: Sequence[str],
    back_to: str,
    return_share: float,
    per_day: float,
) -> Fitted:
    """The process of these pieces.

    ``phases`` in their order; ``totals``: how many days each case took, or has taken, and whether it was signed: those
    not signed are no luck to draw from, but make the slow ones that were signed weigh more; ``returned``: how often
    each came back to ``back_to`` from one of ``returns``.
    """
    names = _pools_of(pieces, phases)
    pieces = [replace(piece, pool=names[piece.phase][piece.name]) for piece in pieces]
    pools = {pool: _pool(pieces, pool) for pool in sorted({piece.pool for piece in pieces} - {""})}
    worked = {id(piece): length for pool in pools.values() for piece, length in pool.lengths}
    built = tuple(
        Phase(
            phase,
            tuple(Task(name, pool or None) for name, pool in names[phase].items()),
            at_once=_at_once([piece for piece in pieces if piece.phase == phase]),
            returns_to=back_to if phase in returns and back_to in phases else None,
        )
        for phase in phases
        if names[phase]
    )
    process = Process(built, {pool: found.people for pool, found in pools.items()}, return_share)
    donors = _donors(totals)
    lengths = _table(pieces, [task.name for task in process.tasks], donors, worked, process.most_returns + 1)
    _once(lengths, process)
    came_back = np.minimum([returned.get(case, 0) for case in donors], process.most_returns)
    tasks = tuple(task.name for task in process.tasks)
    found = Fitted(process, tasks, lengths, came_back, per_day, sum(done for _, done in totals.values()))
    return replace(found, process=replace(process, people=_enough(found)))


def _donors(totals: Mapping[int, tuple[float, bool]]) -> list[int]:
    """Signed cases, each as often as it weighs when those that are not signed are counted as lasting so long."""
    cases = sorted(totals, key=lambda case: (totals[case], case))
    days = np.array([totals[case][0] for case in cases])
    signed = np.array([totals[case][1] for case in cases])
    weights = np.where(signed, jump_weights(days, signed), 0.0)
    sums = np.cumsum(weights)
    size = max(1, min(MOST_DONORS, 2 * int(signed.sum())))
    # What lies beyond the slowest that was signed counts as that one: it is at least so slow.
    place = np.searchsorted(sums, (np.arange(size) + 0.5) / size)
    return [cases[one] for one in np.minimum(place, int(np.flatnonzero(signed)[-1])).tolist()]


def _table(
    pieces: Sequence[Piece], tasks: Sequence[str], donors: Sequence[int], worked: Mapping[int, float], visits: int
) -> Floats:
    rows: dict[int, list[int]] = {}
    for number, case in enumerate(donors):
        rows.setdefault(case, []).append(number)
    place = {name: number for number, name in enumerate(tasks)}
    found = np.full((len(donors), len(tasks), visits), np.nan)
    for piece in pieces:
        if piece.case in rows and piece.visit <= visits:
            days = worked.get(id(piece), max(piece.ended - piece.opened, _SHORTEST))
            found[rows[piece.case], place[piece.name], piece.visit - 1] = days
    return found


def _once(lengths: Floats, process: Process) -> None:
    """What comes after the last phase that cases come back from is done once, whatever the visit before it was."""
    returning = [number for number, phase in enumerate(process.phases) if phase.returns_to is not None]
    following = process.phases[max(returning, default=len(process.phases)) + 1 :]
    after = {task.name for phase in following for task in phase.tasks}
    for number, task in enumerate(process.tasks):
        if task.name in after:
            known = np.isfinite(lengths[:, number])
            first = np.take_along_axis(lengths[:, number], known.argmax(axis=1)[:, None], axis=1)
            lengths[:, number] = first


def _enough(found: Fitted) -> dict[str, int]:
    """The people of each pool, at least so many that it is not busier than ``BUSY`` on average."""
    work = dict.fromkeys(found.process.people, 0.0)
    for number, task in enumerate(found.process.tasks):
        if task.pool is not None:
            work[task.pool] += found.per_day * float(np.nansum(found.lengths[:, number])) / len(found.lengths)
    return {pool: max(people, int(np.ceil(work[pool] / BUSY))) for pool, people in found.process.people.items()}


def _pools_of(pieces: Sequence[Piece], phases: Sequence[str]) -> dict[str, dict[str, str]]:
    """The work of each phase with the pool that did it most often."""
    seen: dict[str, dict[str, Counter[str]]] = {phase: {} for phase in phases}
    for piece in pieces:
        seen[piece.phase].setdefault(piece.name, Counter())[piece.pool] += 1
    return {
        phase: {name: min(pools, key=lambda pool: (-pools[pool], pool)) for name, pools in names.items()}
        for phase, names in seen.items()
    }


def _at_once(pieces: Sequence[Piece]) -> bool:
    """Whether in most visits the second piece of work was asked for before the first was done."""
    visits: dict[tuple[int, int], list[Piece]] = {}
    for piece in pieces:
        visits.setdefault((piece.case, piece.visit), []).append(piece)
    overlapping = []
    for found in visits.values():
        if len(found) > 1:
            one, other = sorted(found, key=lambda piece: (piece.opened, piece.name))[:2]
            overlapping.append(other.opened < one.ended - _SHORTEST or other.opened == one.opened)
    return not overlapping or sum(overlapping) * 2 >= len(overlapping)


@dataclass(frozen=True, slots=True)
class _Pool:
    """How many pieces are worked on at once, and how long each was worked on, without the wait before."""

    people: int
    lengths: list[tuple[Piece, float]]


def _pool(pieces: Sequence[Piece], pool: str) -> _Pool:
    """As many are taken to be worked on at once as were open on 85 of 100 occasions when one came in; the rest waited,
    first come, first served."""
    mine = sorted((piece for piece in pieces if piece.pool == pool), key=lambda piece: (piece.opened, piece.case))
    ends = np.sort([piece.ended for piece in mine])
    at = np.array([piece.opened for piece in mine])
    open_then = np.arange(1, len(mine) + 1) - np.searchsorted(ends, at, side="right")
    people = max(1, int(np.quantile(open_then, 0.85)))
    return _Pool(people, _worked(mine, people))


def _worked(mine: Sequence[Piece], people: int) -> list[tuple[Piece, float]]:
    """How long each piece was worked on if so many are at once; one that ended while it should have waited took no
    time to speak of."""
    lengths: list[tuple[Piece, float]] = []
    busy: list[tuple[float, int]] = []
    waiting: list[Piece] = []
    number = 0

    def begin(piece: Piece, at: float) -> None:
        nonlocal number
        lengths.append((piece, max(piece.ended - max(at, piece.opened), _SHORTEST)))
        number += 1
        heappush(busy, (max(piece.ended, at), number))

    def until(at: float) -> None:
        while busy and busy[0][0] <= at:
            free, _ = heappop(busy)
            if waiting:
                begin(waiting.pop(0), free)

    for piece in mine:
        until(piece.opened)
        if len(busy) < people:
            begin(piece, piece.opened)
        else:
            waiting.append(piece)
    until(float("inf"))
    return lengths
