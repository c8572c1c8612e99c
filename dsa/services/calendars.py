"""The working calendar of each organisation. One rule: a due date remembers the version of the calendar it rests on."""

from dataclasses import dataclass, field
from datetime import date
from time import monotonic

from sqlalchemy.orm import Session

from dsa.persistence import calendars as stored
from dsa.persistence.calendars import Days
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.nations import FIRST_DAY, LAST_YEAR
from dsa.timekeeping.office import DEFAULT_HOURS, HalfDay, HoursFrom, OfficeHours

FRESH_SECONDS = 1.0


@dataclass
class Calendars:
    """Calendars by organisation, remembered until the stored days change.

    Each is remembered under the edition of the days that its session saw: whoever began to read before a day was added
    leaves no calendar without it to those who come after.
    """

    _known: dict[tuple[int | None, int, str], WorkingCalendar] = field(default_factory=dict)
    _edition: int | None = None
    _looked: float = -1_000_000.0

    def of(self, session: Session, organisation_id: int, nation: str) -> WorkingCalendar:
        """The calendar that the organisation works by: its nation's days, its own closures, half days and hours."""
        self.refresh(session)
        found = self._known.get((self._edition, organisation_id, nation))
        if found is None:
            extra = stored.one_off_days(session)
            found = _made(nation, stored.days_of(session, organisation_id), extra.get(nation, frozenset()))
            self._known[stored.edition(session), organisation_id, nation] = found
        return found

    def together(self, session: Session, name: str) -> WorkingCalendar:
        """The calendar of a step that nations take together (ALL:ENG+SCT, ANY:ENG+SCT), of one nation, or FOI.

        It knows the one-off days and no organisation's closures. Raises UnknownNation.
        """
        self.refresh(session)
        found = self._known.get((self._edition, 0, name))
        if found is None:
            found = calendar_for(name, extra_days=stored.one_off_days(session))
            self._known[stored.edition(session), 0, name] = found
        return found

    def refresh(self, session: Session, *, at_once: bool = False) -> bool:
        """Forget what is remembered where days were added or withdrawn since; True when something changed.

        Asked again at most once in ``FRESH_SECONDS``, so that not every step pays for it; ``at_once`` where a day was
        just added.
        """
        if not at_once and monotonic() - self._looked < FRESH_SECONDS:
            return False
        self._looked = monotonic()
        edition = stored.edition(session)
        if edition == self._edition:
            return False
        self._edition = edition
        self._known.clear()
        return True


def hours_of(days: Days) -> OfficeHours | tuple[HoursFrom, ...]:
    """The office hours of an organisation: the usual ones until it says otherwise."""
    if not days.hours:
        return DEFAULT_HOURS
    own = tuple(HoursFrom(day, OfficeHours(opens, closes)) for day, opens, closes in days.hours)
    return (HoursFrom(FIRST_DAY, DEFAULT_HOURS), *own)


def _made(nation: str, days: Days, extra: frozenset[date]) -> WorkingCalendar:
    half_days = [
        HalfDay(day.month, day.day, closes) if yearly else HalfDay.on(day, closes)
        for day, closes, yearly in days.half_days
    ]
    every_year = [in_year(day, year) for day in days.yearly for year in range(day.year, LAST_YEAR + 1)]
    return calendar_for(
        nation,
        closures=(*days.closures, *every_year),
        extra_days=extra,
        hours=hours_of(days),
        half_days=half_days,
    )


def in_year(day: date, year: int) -> date:
    """The same date of another year; 29 February becomes the 28th outside leap years."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
