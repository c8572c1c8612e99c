"""How long cases stayed in each stage and where they went next, as it was known on a day: what forecasts learn from.

One rule: nothing that happened after the day is in here; a stay that had not ended counts for as long as it had lasted.
All lengths are in days of whatever clock the caller keeps (working or calendar); the forecasts come out in the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsa.insight.eventlog import DAY, EventLog, Ints
from dsa.insight.measures import Cases

Floats = NDArray[np.float64]
ENDED, STILL_THERE = -1, -2


@dataclass(frozen=True, slots=True)
class Stays:
    """One row per stay of a case in a stage.

    ``entered``: the age of the case when the stay began; ``stayed``: how long it lasted, or has lasted;
    ``next_stage``: ENDED where the case ended with this stay, STILL_THERE where it had not ended, else the next stage;
    ``to_end``: from the beginning of the stay to the end of the case, or to the day; ``done``: which of the two.
    """

    case: Ints
    stage: Ints
    entered: Floats
    stayed: Floats
    next_stage: Ints
    to_end: Floats
    done: NDArray[np.bool_]

    def now_open(self) -> "Running":
        """The stays that have not ended."""
        there = self.next_stage == STILL_THERE
        age = self.stayed[there]
        return Running(case=self.case[there], stage=self.stage[there], age=age, elapsed=self.entered[there] + age)

    def totals(self) -> tuple[Floats, NDArray[np.bool_]]:
        """How long each case took, or has taken, and whether it ended."""
        first = np.unique(self.case, return_index=True)[1]
        return self.to_end[first] + self.entered[first], self.done[first]


@dataclass(frozen=True, slots=True)
class Running:
    """Open cases: the stage each is in, for how long, and how long the case has taken so far."""

    case: Ints
    stage: Ints
    age: Floats
    elapsed: Floats


def stays_on(log: EventLog, *, at: int) -> tuple[Stays, Floats]:
    """The stays of a log as known at ``at`` (microseconds since 1970, UTC), each event beginning a stay in the stage of
    its activity; and, for each case that was open then, how many days it really went on (for judging forecasts only).

    A case has ended when its last event in the log lies at or before ``at``.
    """
    cases = Cases(log)
    start, end = np.repeat([cases.start, cases.end], cases.last - cases.first + 1, axis=1)
    known = log.at <= at
    leaves = np.append(log.at[1:], 0)
    goes_to = np.append(log.activity[1:], ENDED)
    last = np.zeros(len(log), bool)
    last[cases.last] = True
    still_there = known & ~last & (leaves > at)
    stayed = np.where(last, 0, np.where(still_there, at, leaves) - log.at)
    next_stage = np.where(last, ENDED, np.where(still_there, STILL_THERE, goes_to))
    done = end <= at
    stays = Stays(
        case=log.case[known],
        stage=log.activity[known],
        entered=((log.at - start) / DAY)[known],
        stayed=(stayed / DAY)[known],
        next_stage=next_stage[known].astype(np.int64),
        to_end=((np.where(done, end, at) - log.at) / DAY)[known],
        done=done[known],
    )
    return stays, ((end - at) / DAY)[still_there]
