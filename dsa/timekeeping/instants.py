"""Instants as text and as whole minutes. One rule: an instant without an offset from UTC is refused."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dsa.domain.errors import BadInput


def read_instant(text: str) -> datetime:
    """The UTC instant of ISO 8601 text such as ``2026-11-23T09:30Z``; BadInput where it is none or has no offset."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    else:
        raise BadInput("“%(text)s” does not say its offset from UTC. Write it as 2026-11-23T09:30Z.", text=text[:40])
    raise BadInput("“%(text)s” is not a date and time. Write it as 2026-11-23T09:30Z.", text=text[:40])


def read_date(text: str) -> date:
    """The date of ISO 8601 text such as ``2026-11-23``; BadInput where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("“%(text)s” is not a date. Write it as 2026-11-23.", text=text[:40]) from None


def clock_minute(at: datetime) -> int:
    """Whole minutes since 1970 (UTC): differences of these add up exactly, whatever the seconds."""
    return int(at.timestamp() // 60)


def local_day(at: datetime) -> date:
    """The date in London at an instant, in any year."""
    return at.astimezone(ZoneInfo("Europe/London")).date()


def local_day_text(at: datetime) -> str:
    """The London day of an instant in words: "2 November 2026"."""
    day = local_day(at)
    return f"{day.day} {day:%B %Y}"
