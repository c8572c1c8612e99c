"""Days as people type them. One rule: what can be read two ways is given two ways, never decided."""

import re
from datetime import date, timedelta

ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}.*)?\Z")
_NUMBERS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})\Z")
_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[ \-]([a-z]+)|([a-z]+) (\d{1,2})(?:st|nd|rd|th)?),?[ \-](\d{4}|\d{2})\Z"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The day 0 of a spreadsheet that counts from 1900, as it counts (29 February 1900 among its days).
_DAY_ZERO, _SERIAL, _SERIALS = date(1899, 12, 30), re.compile(r"\d{5}(?:\.\d+)?\Z"), range(32_874, 73_051)


def read_day(typed: str) -> date | tuple[date, date] | None:
    """The day that a text says; two (day first, month first) where it can be read two ways; None where it is none.

    Two-digit years are of this century. Numbers with no separators are no dates here: ``serial_day``.
    """
    text = " ".join(typed.strip().lower().split())
    if match := ISO.match(text):
        return _real(int(match[1]), int(match[2]), int(match[3]))
    if match := _WORDS.match(text):
        month = (match[2] or match[3])[:3]
        if month not in _MONTHS or not _is_month_name(match[2] or match[3]):
            return None
        return _real(_year(match[5]), _MONTHS.index(month) + 1, int(match[1] or match[4]))
    if match := _NUMBERS.match(text):
        first, second, year = int(match[1]), int(match[2]), _year(match[3])
        day_first, month_first = _real(year, second, first), _real(year, first, second)
        if day_first and month_first and day_first != month_first:
            return day_first, month_first
        return day_first or month_first
    return None


_LONG = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december")  # fmt: skip


def _is_month_name(word: str) -> bool:
    return word == "sept" or any(word in (name, name[:3]) for name in _LONG)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def serial_day(typed: str) -> date | None:
    """The day that a spreadsheet's own number stands for (45500: 27 July 2024), from 1990 to 2099; None for others."""
    text = typed.strip()
    if not _SERIAL.match(text) or int(text[:5]) not in _SERIALS:
        return None
    return _DAY_ZERO + timedelta(days=int(text[:5]))


def certain_order(typed: str) -> str:
    """ "day" or "month" where numbers can only be read with that one first (14/03/2026, 12/25/2025); else ""."""
    match = _NUMBERS.match(typed.strip())
    if match is None:
        return ""
    first, second = int(match[1]), int(match[2])
    if first > 12 >= second:
        return "day"
    return "month" if second > 12 >= first else ""
