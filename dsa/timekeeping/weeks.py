"""Weeks by number. One rule: a week runs from Monday to Sunday, in London, and its number never starts again."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def week_of(day: date) -> int:
    """The number of the day's week."""
    return (day.toordinal() - 1) // 7


def monday(week: int) -> date:
    """The Monday with which the week begins."""
    return date.fromordinal(week * 7 + 1)


def began_at(week: int) -> datetime:
    """The instant (UTC) at which the week begins in London."""
    return datetime.combine(monday(week), time.min, LONDON).astimezone(UTC)
