"""Working time of many intervals at once: the prefix counts of a calendar as NumPy arrays.

One rule: a million intervals give exactly what as many single questions would give, in the same counting rules.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsa.timekeeping.nations import FIRST_DAY, BeyondCalendar

# numpy counts days from 1970-01-01.
_FIRST = FIRST_DAY.toordinal() - date(1970, 1, 1).toordinal()
_DAY = np.dtype("datetime64[D]")
_MINUTE = np.dtype("datetime64[m]")
_MINUTES_A_DAY = 24 * 60
# In blocks, so that what lies in between stays in the processor's cache.
_BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class PrefixArrays:
    """``days[k]`` and ``minutes[k]`` before day k; for each day the minute of opening, the length, London's offset."""

    days: NDArray[np.int32]
    minutes: NDArray[np.int64]
    opens: NDArray[np.int64]
    length: NDArray[np.int64]
    offset: NDArray[np.int64]

    def working_days(
        self, starts: NDArray[np.datetime64], ends: NDArray[np.datetime64], shifts: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Working days between local dates; ``shifts`` are what the counting rule adds to first and last day.

        The arrays have one shape, or one of them is a single date. BeyondCalendar if any date is outside.
        """
        to_last, to_first = self.days[shifts[1] :], self.days[shifts[0] :]
        first, last, shape = _flat(starts, ends, _DAY)
        counted: NDArray[np.int32] = np.empty(first.size, dtype=np.int32)
        for at in range(0, first.size, _BLOCK):
            block = slice(at, at + _BLOCK)
            part = to_last.take(self._indices(last[block])) - to_first.take(self._indices(first[block]))
            # The counts never fall, so a reversed pair comes out at zero or below.
            np.maximum(part, 0, out=counted[block])
        return counted.reshape(shape)

    def working_minutes(self, starts: NDArray[np.datetime64], ends: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Working minutes between instants (``datetime64`` in UTC, taken to the minute); as above for the rest."""
        first, last, shape = _flat(starts, ends, _MINUTE)
        counted: NDArray[np.int64] = np.empty(first.size, dtype=np.int64)
        for at in range(0, first.size, _BLOCK):
            block = slice(at, at + _BLOCK)
            np.maximum(self._until(last[block]) - self._until(first[block]), 0, out=counted[block])
        return counted.reshape(shape)

    def _until(self, instants: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Working minutes of the calendar before each instant."""
        utc: NDArray[np.int64] = instants.view(np.int64) - _FIRST * _MINUTES_A_DAY
        day = utc // _MINUTES_A_DAY
        _demand_inside(day, self.length.size, instants)
        # The offset is that of the UTC day from 01:00 on: see ``calendar._offsets``.
        here = utc + self.offset.take(day)
        local = here // _MINUTES_A_DAY
        into = here - local * _MINUTES_A_DAY - self.opens.take(local, mode="clip")
        worked: NDArray[np.int64] = self.minutes.take(local)
        worked += np.minimum(np.maximum(into, 0), self.length.take(local, mode="clip"))
        return worked

    def _indices(self, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
        indices: NDArray[np.int64] = days.view(np.int64) - _FIRST
        _demand_inside(indices, self.length.size, days)
        return indices


def _flat(starts: NDArray[Any], ends: NDArray[Any], kind: Any) -> tuple[NDArray[Any], NDArray[Any], tuple[int, ...]]:
    """Both arrays in one shape and kind, laid flat, and that shape."""
    first, last = np.broadcast_arrays(starts.astype(kind, copy=False), ends.astype(kind, copy=False))
    return first.reshape(-1), last.reshape(-1), first.shape


def _demand_inside(indices: NDArray[np.int64], count: int, said: NDArray[np.datetime64]) -> None:
    if indices.min() < 0 or indices.max() >= count:
        raise BeyondCalendar(str(said[(indices < 0) | (indices >= count)][0]))
