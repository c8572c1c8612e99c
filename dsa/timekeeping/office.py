"""When an office is open: its hours, from which date, and the days on which it closes early.

One rule: hours are local wall-clock minutes that lie outside the hour in which the clocks change, so that a working
day has the same length all year round.
"""

from dataclasses import dataclass
from datetime import date

from dsa.domain.errors import BadInput

# The clocks go forward from 01:00 to 02:00 and back from 02:00 to 01:00.
_EARLIEST = 2 * 60
_MIDNIGHT = 24 * 60


def clock_minutes(text: str) -> int:
    """Minutes after midnight of ``HHMM`` or ``HH:MM``; 24:00 is allowed; BadInput where it is no time of day."""
    digits = text.replace(":", "", 1)
    if len(digits) == 4 and digits.isascii() and digits.isdecimal():
        hours, minutes = int(digits[:2]), int(digits[2:])
        if minutes < 60 and hours * 60 + minutes <= _MIDNIGHT:
            return hours * 60 + minutes
    raise BadInput("“%(text)s” is not a time of day. Write it as 09:00.", text=text[:40])


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Opening and closing time in local minutes after midnight; BadInput where no working time lies between them."""

    opens: int = 9 * 60
    closes: int = 17 * 60

    def __post_init__(self) -> None:
        if not _EARLIEST <= self.opens < self.closes <= _MIDNIGHT:
            raise BadInput(
                "Office hours must begin at 02:00 or later and end after they begin, by 24:00 (here: %(hours)s).",
                hours=str(self),
            )

    def __str__(self) -> str:
        return f"{self.opens // 60:02}{self.opens % 60:02}-{self.closes // 60:02}{self.closes % 60:02}"

    @property
    def said(self) -> str:
        """As people write them: ``09:00 to 17:00``."""
        return f"{self.opens // 60:02}:{self.opens % 60:02} to {self.closes // 60:02}:{self.closes % 60:02}"

    @classmethod
    def read(cls, text: str) -> "OfficeHours":
        """Read ``0900-1700`` or ``09:00-17:00``."""
        opens, dash, closes = text.partition("-")
        if not dash:
            raise BadInput("“%(text)s” are not office hours. Write them as 0900-1700.", text=text[:40])
        return cls(clock_minutes(opens), clock_minutes(closes))


@dataclass(frozen=True, slots=True)
class HoursFrom:
    """Office hours that hold from a day on, for an organisation that changed them."""

    since: date
    hours: OfficeHours


@dataclass(frozen=True, slots=True)
class HalfDay:
    """A day on which the office closes early, at ``closes`` (local minutes): every year, or in one year only."""

    month: int
    day: int
    closes: int
    year: int | None = None

    @classmethod
    def on(cls, day: date, closes: int) -> "HalfDay":
        """The half day of one year."""
        return cls(day.month, day.day, closes, day.year)


DEFAULT_HOURS = OfficeHours()
# Many offices close at half past twelve on these two days; an organisation chooses whether it does.
CHRISTMAS_HALF_DAYS = (HalfDay(12, 24, 12 * 60 + 30), HalfDay(12, 31, 12 * 60 + 30))
