"""The history of agreements as stays in stages, and what of it was known on a day.

One rule: what happened after the day is not looked at; an agreement that was given up counts as going on until then,
because nobody can say when it would have been signed. Moments are epoch seconds (UTC), lengths are working days.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsa.insight.eventlog import Ints
from dsa.insight.stays import ENDED, STILL_THERE, Floats, Running, Stays

GIVEN_UP = -3
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class History:
    """One row per stay, a case's stays together and in order; the last stay of a signed case is in the end stage.

    ``entered`` and ``left`` are moments (``left`` NEVER where the stay lasts); ``from_day`` and ``to_day`` the same on
    the working clock of whoever leads the case; ``next_stage`` the stage after, ENDED in the end stage, GIVEN_UP where
    the case was withdrawn or rejected, STILL_THERE where the stay lasts.
    """

    case: Ints
    stage: Ints
    entered: Ints
    left: Ints
    from_day: Floats
    to_day: Floats
    next_stage: Ints

    def __len__(self) -> int:
        return len(self.case)

    def only(self, kept: NDArray[np.bool_]) -> "History":
        """The rows that are kept (whole cases)."""
        return History(*(getattr(self, name)[kept] for name in self.__slots__))

    def first_rows(self) -> Ints:
        """The first row of each case, in the order of the rows."""
        return _cases(self.case)[0]

    def starts(self) -> Ints:
        """When each case began."""
        return self.entered[self.first_rows()]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known on a day: the stays to learn from, the cases then open, and their rows in the history."""

    stays: Stays
    running: Running
    rows: Ints


def known_on(history: History, *, at: int, day: Floats) -> Known:
    """The stays as known at ``at``; ``day`` is that moment on the working clock of each row's case.

    Stays of a case that was given up by then end as not finished, and it is not among the open ones.
    """
    seen = np.flatnonzero(history.entered <= at)
    case, today = history.case[seen], day[seen]
    over = history.left[seen] <= at
    until = np.where(over, history.to_day[seen], today)
    goes_to = np.where(over, history.next_stage[seen], STILL_THERE)
    given_up = goes_to == GIVEN_UP
    first, last, which = _cases(case)
    begun, ends = history.from_day[seen][first][which], until[last][which]
    entered = history.from_day[seen]
    stays = Stays(
        case=case,
        stage=history.stage[seen],
        entered=entered - begun,
        stayed=np.where(goes_to == ENDED, 0.0, until - entered),
        next_stage=np.where(given_up, STILL_THERE, goes_to).astype(np.int64),
        to_end=ends - entered,
        done=(goes_to[last] == ENDED)[which],
    )
    still_open = (goes_to == STILL_THERE) & ~given_up
    age = stays.stayed[still_open]
    running = Running(case[still_open], stays.stage[still_open], age, stays.entered[still_open] + age)
    return Known(stays, running, seen[still_open])


def end_of(history: History) -> tuple[Ints, Floats]:
    """For each row: when its case was signed (NEVER where it was not) and that moment on its working clock."""
    _, last, which = _cases(history.case)
    signed = history.next_stage[last] == ENDED
    at = np.where(signed, history.entered[last], NEVER)
    return at[which], np.where(signed, history.from_day[last], np.nan)[which]


def given_up_at(history: History) -> tuple[Ints, Floats]:
    """For each row: when its case was given up (NEVER where it was not) and that moment on its working clock."""
    _, last, which = _cases(history.case)
    gone = history.next_stage[last] == GIVEN_UP
    at = np.where(gone, history.left[last], NEVER)
    return at[which], np.where(gone, history.to_day[last], np.nan)[which]


def _cases(case: Ints) -> tuple[Ints, Ints, Ints]:
    """The first and the last row of each case, and for each row the number of its case."""
    begins = np.diff(case, prepend=case[:1] - 1) != 0
    ends = np.append(begins[1:], np.ones(min(len(case), 1), bool))
    return np.flatnonzero(begins), np.flatnonzero(ends), np.cumsum(begins) - 1
