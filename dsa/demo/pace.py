"""Moving a simulated clock through office hours. One rule: it only ever moves forward, and nothing happens at night."""

from datetime import datetime, timedelta

from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.clock import SimulatedClock

MINUTES_A_DAY = 8 * 60


class Pace:
    """Takes the clock through one stay after another; within a stay a step happens at a fraction of it."""

    def __init__(self, clock: SimulatedClock, calendar: WorkingCalendar) -> None:
        self.clock, self._calendar = clock, calendar
        self._from, self._minutes = clock.now(), 0

    def stay(self, days: float) -> None:
        """Begin a stay of so many working days, now."""
        self._from, self._minutes = self.clock.now(), round(days * MINUTES_A_DAY)

    def to(self, fraction: float) -> None:
        """Move to that fraction of the stay; nothing where the clock is past it already."""
        minutes = round(self._minutes * min(max(fraction, 0.0), 1.0))
        at = self._calendar.add_working_minutes(self._from, minutes)
        if at > self.clock.now():
            self.clock.advance_to(at)


def start_before(end: datetime, days: float, calendar: WorkingCalendar) -> datetime:
    """The latest start, at ten in the morning, from which so many working days are over at ``end`` or before."""
    minutes = round(days * MINUTES_A_DAY)
    day = calendar.local_date(end)
    ten = end.replace(hour=10, minute=0, second=0, microsecond=0)
    while True:
        if calendar.is_working_day(day):
            start = calendar.at_local_time(day, like=ten)
            if start <= end and calendar.add_working_minutes(start, minutes) <= end:
                return start
        day -= timedelta(days=1)
