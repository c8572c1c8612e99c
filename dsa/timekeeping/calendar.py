"""Working time by prefix counts: how many working days or minutes lie between two moments, and what falls due when.

``days[k]`` counts the working days before day k and ``minutes[k]`` the working minutes before it, so any interval
costs two reads and any due date one binary search. One rule: instants are timezone-aware UTC and are turned into
local time of Europe/London exactly once, here; a day outside the loaded years is an error, never a guess.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dsa.domain.errors import BadInput
from dsa.timekeeping.arrays import PrefixArrays
from dsa.timekeeping.nations import (
    FIRST_DAY,
    FREEDOM_OF_INFORMATION,
    LAST_DAY,
    NATIONS,
    PACKAGE_VERSION,
    BeyondCalendar,
    holidays_of,
    nation_rule,
)
from dsa.timekeeping.office import DEFAULT_HOURS, HalfDay, HoursFrom, OfficeHours

LONDON = ZoneInfo("Europe/London")
Pause = tuple[datetime, datetime]
Hours = OfficeHours | tuple[HoursFrom, ...]

_FIRST = FIRST_DAY.toordinal()
_COUNT = LAST_DAY.toordinal() - _FIRST + 1
_DAY = 24 * 60


class CountingRule(StrEnum):
    """Which end days count. Targets use the first: the working day after receipt is day 1."""

    EXCLUDE_START_INCLUDE_END = "excl_start_incl_end"
    HALF_OPEN = "half_open"
    INCLUSIVE = "inclusive"


# What to add to the first and the last day so that a half-open difference of prefix counts gives the rule.
_SHIFTS = {
    CountingRule.EXCLUDE_START_INCLUDE_END: (1, 1),
    CountingRule.HALF_OPEN: (0, 0),
    CountingRule.INCLUSIVE: (0, 1),
}


@lru_cache(maxsize=1)
def _offsets() -> tuple[int, ...]:
    """Minutes that London is ahead of UTC on each UTC day, from 01:00 UTC on, when the clocks change if they do.

    In the hour before it the number may be wrong by 60; but then it is between 00:00 and 02:00 in London either way, on
    the same date and before any office opens (``OfficeHours``). So no time zone is looked up per interval.
    """
    one_o_clock = datetime(FIRST_DAY.year, 1, 1, 1, tzinfo=UTC)
    return tuple(_ahead(one_o_clock + timedelta(days=index)) for index in range(_COUNT))


def _ahead(at: datetime) -> int:
    offset = at.astimezone(LONDON).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // 60


def merged(pauses: Iterable[Pause], start: datetime, end: datetime) -> list[Pause]:
    """The pauses clipped to the interval, in order, with overlaps merged; those that end before they begin are none."""
    joined: list[Pause] = []
    for begins, ends in sorted((max(begins, start), min(ends, end)) for begins, ends in pauses):
        if ends <= begins:
            continue
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


class WorkingCalendar:
    """The working days and minutes of one office or of several together. Make one with ``calendar_for``.

    ``name`` says whose bank holidays it keeps; ``version`` is derived from its content (package version and a hash of
    every day) and is stored beside each due date, so that a changed calendar can be noticed and dates worked out anew.
    """

    __slots__ = (
        "_arrays",
        "_days",
        "_length",
        "_minutes",
        "_offset",
        "_opens",
        "name",
        "version",
    )

    def __init__(self, name: str, *, opens: list[int], length: list[int], works: list[bool]) -> None:
        self.name = name
        self._opens = opens
        self._length = length
        days, minutes = [0], [0]
        for worked, lasts in zip(works, length, strict=True):
            days.append(days[-1] + worked)
            minutes.append(minutes[-1] + lasts)
        self._days = days
        self._minutes = minutes
        self._offset = _offsets()
        whole = [np.array(each, dtype=np.int64) for each in (minutes, opens, length, self._offset)]
        self._arrays = PrefixArrays(np.array(days, dtype=np.int32), *whole)
        content = repr((FIRST_DAY, works)).encode() + array("i", opens).tobytes() + array("i", length).tobytes()
        self.version = f"{name}@holidays-{PACKAGE_VERSION}+{sha256(content).hexdigest()[:12]}"

    def __repr__(self) -> str:
        return f"WorkingCalendar({self.version})"

    # Days

    def is_working_day(self, day: date) -> bool:
        """Whether the office opens on this day at all."""
        index = self._index(day)
        return self._days[index + 1] > self._days[index]

    def hours_on(self, day: date) -> tuple[int, int]:
        """Opening and closing minute (local, after midnight) of a day; the same minute where nobody works."""
        index = self._index(day)
        return self._opens[index], self._opens[index] + self._length[index]

    def working_days(
        self, start: date, end: date, *, rule: CountingRule = CountingRule.EXCLUDE_START_INCLUDE_END
    ) -> int:
        """Working days between two local dates by the given rule; 0 where the end lies before the start."""
        first, last = self._index(start), self._index(end)
        if last < first:
            return 0
        before, after = _SHIFTS[rule]
        return self._days[last + after] - self._days[first + before]

    def working_days_many(
        self,
        starts: NDArray[np.datetime64],
        ends: NDArray[np.datetime64],
        *,
        rule: CountingRule = CountingRule.EXCLUDE_START_INCLUDE_END,
    ) -> NDArray[np.int32]:
        """``working_days`` for arrays of local dates (``datetime64[D]``); BeyondCalendar if any date is outside.

        The arrays have one shape, or one of them is a single date.
        """
        return self._arrays.working_days(starts, ends, _SHIFTS[rule])

    def add_working_days(self, start: date, days: int) -> date:
        """The day on which the given number of working days after ``start`` is reached.

        0 gives ``start`` itself or, if the office is closed then, the next working day. A negative number goes back:
        -1 is the last working day before ``start``.
        """
        index = self._index(start)
        if days > 0:
            wanted = self._days[index + 1] + days
        elif days == 0:
            wanted = self._days[index] + 1
        else:
            wanted = self._days[index] + days + 1
        if not 0 < wanted <= self._days[-1]:
            raise BeyondCalendar(f"{abs(days)} working days {'before' if days < 0 else 'after'} {start.isoformat()}")
        return date.fromordinal(_FIRST + bisect_left(self._days, wanted) - 1)

    # Minutes

    def working_minutes(self, start: datetime, end: datetime, *, pauses: Collection[Pause] = ()) -> int:
        """Working minutes between two instants (whole minutes of the clock), less the working minutes of the pauses.

        0 where the end lies before the start: whoever takes such a pair from a person refuses it there. Intervals that
        meet add up exactly.
        """
        if end <= start:
            return 0
        total = self._until(end) - self._until(start)
        for begins, ends in merged(pauses, start, end) if pauses else ():
            total -= self._until(ends) - self._until(begins)
        return total

    def working_minutes_many(self, starts: NDArray[np.datetime64], ends: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """``working_minutes`` for arrays of instants (``datetime64`` in UTC); BeyondCalendar if any is outside."""
        return self._arrays.working_minutes(starts, ends)

    def add_working_minutes(self, at: datetime, minutes: int) -> datetime:
        """The first instant (UTC) at which that many working minutes have passed since ``at``; ``at`` itself for 0."""
        if minutes < 0:
            raise BadInput("Working minutes can only be added, not taken away (here: %(minutes)s).", minutes=minutes)
        if minutes == 0:
            return _utc(at)
        wanted = self._until(at) + minutes
        if wanted > self._minutes[-1]:
            raise BeyondCalendar(f"{minutes} working minutes after {at.isoformat()}")
        index = bisect_left(self._minutes, wanted) - 1
        return self._instant(index, self._opens[index] + wanted - self._minutes[index])

    def next_opening(self, at: datetime) -> datetime:
        """The first instant (UTC) from ``at`` on at which the office is open: ``at`` itself if it is open then."""
        index, minute = self._local(at)
        into = minute - self._opens[index]
        if 0 <= into < self._length[index]:
            return _utc(at)
        # The first day whose minutes are not all over yet.
        day = bisect_left(self._minutes, self._until(at) + 1) - 1
        if day >= _COUNT:
            raise BeyondCalendar(f"The next opening after {at.isoformat()}")
        return self._instant(day, self._opens[day])

    # Due dates

    def due_at(self, entered: datetime, days: int) -> datetime:
        """Close of office (UTC) of the day on which ``days`` working days have passed since the day of ``entered``.

        Counts from the working day after. For 0 it is the close of the day itself, or of the next one if the office
        had already closed, so that nothing is overdue before anybody could act.
        """
        start = self.local_date(self.next_opening(entered) if days == 0 else entered)
        index = self._index(self.add_working_days(start, days))
        return self._instant(index, self._opens[index] + self._length[index])

    def days_until(self, now: datetime, due: datetime) -> int:
        """Working days left: 0 on the last day, negative once it is overdue.

        An overdue item is late by at least one working day: the one that was missed counts from the moment it is over.
        """
        ahead = self.day_number(due) - self.day_number(now)
        return ahead if now <= due else min(-1, ahead)

    def elapsed_days(self, start: datetime, now: datetime) -> int:
        """Working days since the day of ``start``: 0 on that day, 1 on the working day after."""
        return max(0, self.day_number(now) - self.day_number(start))

    def day_number(self, at: datetime) -> int:
        """How many working days of the calendar there are up to the local day of this instant, that day included.

        The difference of two is the working days between them, by the rule of targets: cheap enough for every row.
        """
        return self._days[self._local(at)[0] + 1]

    def local_date(self, at: datetime) -> date:
        """The date in London at this instant."""
        return date.fromordinal(_FIRST + self._local(at)[0])

    def at_local_time(self, day: date, *, like: datetime) -> datetime:
        """The instant (UTC) on ``day`` at which clocks in London show what they show at ``like``.

        In the hour that the clocks go back it is the earlier of the two; a time that they skip is an hour later.
        """
        self._index(day)
        shown = like.astimezone(LONDON).time().replace(fold=0)
        return datetime.combine(day, shown, LONDON).astimezone(UTC)

    # Inside

    def _index(self, day: date) -> int:
        if isinstance(day, datetime):
            raise TypeError("give a local date, not an instant: local_date() makes one")
        index = day.toordinal() - _FIRST
        if not 0 <= index < _COUNT:
            raise BeyondCalendar(day.isoformat())
        return index

    def _local(self, at: datetime) -> tuple[int, int]:
        """Day index and minute of the day in London."""
        if at.tzinfo is not UTC:
            at = _utc(at)
        index = at.toordinal() - _FIRST
        if not 0 <= index < _COUNT:
            raise BeyondCalendar(at.isoformat())
        minute = at.hour * 60 + at.minute + self._offset[index]
        return (index, minute) if minute < _DAY else (index + 1, minute - _DAY)

    def _until(self, at: datetime) -> int:
        """Working minutes of the calendar before this instant."""
        # Written out rather than calling _local: this is the innermost step of every measurement.
        if at.tzinfo is not UTC:
            at = _utc(at)
        index = at.toordinal() - _FIRST
        if not 0 <= index < _COUNT:
            raise BeyondCalendar(at.isoformat())
        minute = at.hour * 60 + at.minute + self._offset[index]
        if minute >= _DAY:
            index += 1
            minute -= _DAY
        into = minute - self._opens[index]
        if into <= 0:
            return self._minutes[index]
        lasts = self._length[index]
        return self._minutes[index] + (into if into < lasts else lasts)

    def _instant(self, index: int, minute: int) -> datetime:
        """The UTC instant of a local minute from 02:00 on, when the clocks have changed if they do that day."""
        midnight = datetime.combine(date.fromordinal(_FIRST + index), datetime.min.time(), UTC)
        return midnight + timedelta(minutes=minute - self._offset[index])


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise TypeError("an instant must carry its time zone")
    return at.astimezone(UTC)


def calendar_for(
    nation: str,
    *,
    closures: Iterable[date] = (),
    extra_days: Iterable[date] | Mapping[str, Iterable[date]] = (),
    hours: OfficeHours | Iterable[HoursFrom] = DEFAULT_HOURS,
    half_days: Iterable[HalfDay] = (),
) -> WorkingCalendar:
    """The working calendar of an organisation; the same arguments give the same object.

    ``nation``: ENG, WLS, SCT, NIR; ALL:ENG+SCT or ANY:ENG+SCT for a step taken together; FOI. ``extra_days``: bank
    holidays proclaimed after the package was released, for every nation or by nation. ``closures``: other days on which
    this organisation is shut. ``hours``: one set of office hours, or several each from a date on. None of them adds a
    day to work on. Raises UnknownNation.
    """
    extra = extra_days if isinstance(extra_days, Mapping) else dict.fromkeys(NATIONS, tuple(extra_days))
    rule = nation_rule(nation)
    return _calendar(
        nation,
        tuple((name, frozenset(extra.get(name, ()))) for name in rule.nations),
        frozenset(closures),
        hours if isinstance(hours, OfficeHours) else tuple(hours),
        tuple(half_days),
    )


@lru_cache(maxsize=256)
def _calendar(
    nation: str,
    extra: tuple[tuple[str, frozenset[date]], ...],
    closed: frozenset[date],
    hours: Hours,
    half_days: tuple[HalfDay, ...],
) -> WorkingCalendar:
    shut = {day.toordinal() for day in holidays_of(nation_rule(nation), dict(extra)) | closed}
    # Ordinal 1 was a Monday, so 1 to 5 are Monday to Friday.
    works = [ordinal % 7 in (1, 2, 3, 4, 5) and ordinal not in shut for ordinal in range(_FIRST, _FIRST + _COUNT)]
    opens, closes = _office_times(hours)
    for half in half_days:
        for year in (half.year,) if half.year else range(FIRST_DAY.year, LAST_DAY.year + 1):
            try:
                index = date(year, half.month, half.day).toordinal() - _FIRST
            except ValueError:
                continue  # 29 February outside leap years
            if 0 <= index < _COUNT:
                closes[index] = min(closes[index], half.closes)
    length = [max(0, closes[i] - opens[i]) if works[i] else 0 for i in range(_COUNT)]
    return WorkingCalendar(nation, opens=opens, length=length, works=works)


def _office_times(hours: Hours) -> tuple[list[int], list[int]]:
    """Opening and closing minute of each loaded day; before the first dated hours, the first hold."""
    if isinstance(hours, OfficeHours):
        return [hours.opens] * _COUNT, [hours.closes] * _COUNT
    dated = sorted(hours, key=lambda item: item.since) or [HoursFrom(FIRST_DAY, DEFAULT_HOURS)]
    opens, closes = [dated[0].hours.opens] * _COUNT, [dated[0].hours.closes] * _COUNT
    for item in dated[1:]:
        since = max(0, item.since.toordinal() - _FIRST)
        rest = max(0, _COUNT - since)
        opens[since:] = [item.hours.opens] * rest
        closes[since:] = [item.hours.closes] * rest
    return opens, closes


def foi_calendar(*, extra_days: Iterable[date] | Mapping[str, Iterable[date]] = ()) -> WorkingCalendar:
    """The calendar of freedom of information requests: a bank holiday in any nation is not a working day.

    It knows no closures: a request runs on while one office is shut.
    """
    return calendar_for(FREEDOM_OF_INFORMATION, extra_days=extra_days)
