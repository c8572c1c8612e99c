"""Working days before each of many moments, for measuring a whole history at once.

One rule: the calendar alone says when an office works; here its answers are only looked up for arrays of moments.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.nations import FIRST_DAY, LAST_DAY, BeyondCalendar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MINUTES_A_DAY = 480
_DAY = 86_400
_ORIGIN = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
FIRST_MOMENT = int(_ORIGIN.timestamp())
"""Epoch seconds of the first moment that a clock knows."""
_COUNT = (LAST_DAY - FIRST_DAY).days


class WorkingClock:
    """A calendar's working minutes laid out by day of UTC: no office hour crosses UTC's midnight."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        before, opens = np.zeros(_COUNT + 1), np.zeros(_COUNT + 1)
        at = _ORIGIN
        for day in range(_COUNT):
            after = at + timedelta(days=1)
            worked = calendar.working_minutes(at, after)
            before[day + 1] = before[day] + worked
            if worked:
                opens[day] = (calendar.next_opening(at) - at).total_seconds() / 60
            at = after
        self._before, self._opens = before, opens

    def days_before(self, seconds: Ints) -> Floats:
        """Working days of eight hours from the calendar's first day to each moment (epoch seconds).

        The difference of two is the time worked between them. Raises BeyondCalendar for a moment outside the calendar.
        """
        since = np.asarray(seconds, dtype=np.int64) - FIRST_MOMENT
        day = since // _DAY
        if len(day) and (day.min() < 0 or day.max() >= _COUNT):
            outside = int(np.asarray(seconds)[(day < 0) | (day >= _COUNT)][0])
            raise BeyondCalendar(datetime.fromtimestamp(outside, UTC).date().isoformat())
        into = (since % _DAY) // 60 - self._opens[day]
        found: Floats = self._before[day] + np.clip(into, 0, self._before[day + 1] - self._before[day])
        return found / MINUTES_A_DAY


@lru_cache(maxsize=256)
def working_clock(calendar: WorkingCalendar) -> WorkingClock:
    """The clock of a calendar; made once for each."""
    return WorkingClock(calendar)
