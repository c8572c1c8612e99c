"""Months by number. One rule: a month begins at midnight in London, and its number never starts again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from dsa.domain.errors import BadInput
from dsa.timekeeping.weeks import LONDON

_FIRST_YEAR, _LAST_YEAR = 1970, 2099
_BLOCKS = (1, 3, 12, 120)  # a month, a quarter, a year, ten years: each is whole blocks of the one before


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

    def blocks(self) -> list[int]:
        """The fewest blocks that hold each of these months once and no other: twelve at most within 48 months."""
        at, last = self.numbers
        found = []
        while at <= last:
            fits = [n for n, length in enumerate(_BLOCKS) if at % length == 0 and at + length - 1 <= last]
            found.append(_block(at, fits[-1]))
            at += _BLOCKS[fits[-1]]
        return found

    def texts(self) -> tuple[str, str]:
        """As an address has them: ``2026-03``, empty where open."""
        return _text(self.first), _text(self.last)


EVERY_MONTH = Months()


def month_of(day: date) -> int:
    """The number of the day's month."""
    return day.year * 12 + day.month - 1


def blocks_of(month: int) -> tuple[int, ...]:
    """The blocks that hold a month: itself, its quarter, its year and its ten years, each as one number."""
    return tuple(_block(month - month % length, n) for n, length in enumerate(_BLOCKS))


def _block(first: int, length: int) -> int:
    return first * len(_BLOCKS) + length


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
