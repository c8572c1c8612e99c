"""Months by number. One rule: a month begins at midnight in London, and its number never starts again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from dsa.domain.errors import BadInput
from dsa.timekeeping.weeks import LONDON

_FIRST_YEAR, _LAST_YEAR = 1970, 2099


@dataclass(frozen=True, slots=True)
class Months:
    """From the beginning of month ``first`` to the end of month ``last`` (numbers); None: open on that side."""

    first: int | None = None
    last: int | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None

    @property
    def numbers(self) -> tuple[int, int]:
        """The first and the last number, with what is open filled in."""
        earliest, latest = _FIRST_YEAR * 12, _LAST_YEAR * 12 + 11
        return earliest if self.first is None else self.first, latest if self.last is None else self.last

    def between(self) -> tuple[datetime, datetime]:
        """The instant (UTC) at which they begin, and the one before which they end."""
        first, last = self.numbers
        return _began_at(first), _began_at(last + 1)

    def texts(self) -> tuple[str, str]:
        """As an address has them: ``2026-03``, empty where open."""
        return _text(self.first), _text(self.last)


EVERY_MONTH = Months()


def month_of(day: date) -> int:
    """The number of the day's month."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """The day with which the month begins."""
    return date(month // 12, month % 12 + 1, 1)


def read_months(first: str, last: str) -> Months:
    """Read months such as ``2026-03``, or empty. Raises BadInput for others, and where the first is later."""
    found = Months(_read(first), _read(last))
    if found.first is not None and found.last is not None and found.first > found.last:
        raise BadInput("The first month lies after the last. Exchange the two.")
    return found


def _read(text: str) -> int | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadInput("“%(text)s” is not a month. Write it as 2026-03.", text=text[:40])
    return month_of(day)


def _text(month: int | None) -> str:
    return "" if month is None else first_day(month).isoformat()[:7]


def _began_at(month: int) -> datetime:
    return datetime.combine(first_day(month), time.min, LONDON).astimezone(UTC)
