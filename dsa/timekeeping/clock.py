"""What time it is, as an argument: the system's clock, one for simulations, and one that can be moved forward.

One rule: only ``SystemClock`` reads the system time, so that everything else can be tried at any moment.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from dsa.timekeeping.calendar import WorkingCalendar


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, in UTC."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The present instant (UTC)."""
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands still until it is moved, and only ever moves forward."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise TypeError("an instant must carry its time zone")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The simulated instant (UTC)."""
        return self._now

    def advance(self, minutes: float) -> datetime:
        """Move on by minutes of the clock; give the new time. ValueError for fewer than none."""
        return self._move(self._now + timedelta(minutes=minutes))

    def advance_working(self, calendar: WorkingCalendar, *, days: int = 0, minutes: int = 0) -> datetime:
        """Move on by working days and then working minutes of a calendar; give the new time (UTC).

        A move by days keeps the time of day where the office is open then, and goes to its next opening elsewhere. One
        by minutes ends where the last minute is worked. ValueError for fewer than none.
        """
        if days < 0 or minutes < 0:
            raise ValueError("a clock only moves forward")
        at = self._now
        if days:
            at = calendar.next_opening(_same_time(calendar, at, days))
        return self._move(calendar.add_working_minutes(at, minutes))

    def advance_to(self, at: datetime) -> datetime:
        """Move on to an instant; ValueError for one in the past."""
        return self._move(at.astimezone(UTC))

    def _move(self, at: datetime) -> datetime:
        if at < self._now:
            raise ValueError("a clock only moves forward")
        self._now = at
        return at


class OffsetClock:
    """Another clock moved forward by seconds that are asked for each time: the demonstration's clock.

    ``offset_seconds`` gives the distance, for instance from a stored setting.
    """

    def __init__(self, offset_seconds: Callable[[], float], *, base: Clock | None = None) -> None:
        self._offset_seconds = offset_seconds
        self._base = base or SystemClock()

    def now(self) -> datetime:
        """The moved instant (UTC)."""
        return self._base.now() + timedelta(seconds=self._offset_seconds())


def _same_time(calendar: WorkingCalendar, at: datetime, days: int) -> datetime:
    """The same time of day in London, that many working days later (UTC)."""
    return calendar.at_local_time(calendar.add_working_days(calendar.local_date(at), days), like=at)
