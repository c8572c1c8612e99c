"""The working calendar of each organisation. One rule: a due date remembers the version of the calendar it rests on."""

from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy.orm import Session

from dsa.persistence import calendars as stored
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.office import HalfDay

FRESH_SECONDS = 1.0


@dataclass
class Calendars:
    """Calendars by organisation, remembered until the stored days change."""

    _known: dict[int, WorkingCalendar] = field(default_factory=dict)
    _nations: dict[str, WorkingCalendar] = field(default_factory=dict)
    _edition: tuple[int, int] | None = None
    _looked: float = -1_000_000.0

    def of(self, session: Session, organisation_id: int, nation: str) -> WorkingCalendar:
        """The calendar that the organisation works by: its nation's days, its own closures and half days."""
        found = self._known.get(organisation_id)
        if found is None:
            days = stored.days_of(session, organisation_id, nation)
            found = calendar_for(
                nation,
                closures=days.closures,
                extra_days=days.extra,
                half_days=tuple(HalfDay.on(day, 9 * 60 + minutes) for day, minutes in days.half_days),
            )
            self._known[organisation_id] = found
        return found

    def refresh(self, session: Session, *, at_once: bool = False) -> bool:
        """Forget what is remembered where days were added or removed since; True when something changed.

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
