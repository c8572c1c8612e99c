"""Stored days of the working calendars. One rule: a day is only ever added with a reason."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dsa.persistence.models import CalendarDay, Closure
from dsa.persistence.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Days:
    """One organisation's own days: closures, half days with their minutes, one-off bank holidays of its nation."""

    closures: tuple[date, ...]
    half_days: tuple[tuple[date, int], ...]
    extra: tuple[date, ...]


def days_of(session: Session, organisation_id: int, nation: str) -> Days:
    """The days that are stored for the organisation and for its nation."""
    rows = session.execute(
        select(Closure.day, Closure.minutes).where(Closure.organisation_id == organisation_id).order_by(Closure.day)
    ).all()
    extra = session.scalars(select(CalendarDay.day).where(CalendarDay.nation == nation).order_by(CalendarDay.day)).all()
    return Days(
        tuple(day for day, minutes in rows if not minutes),
        tuple((day, minutes) for day, minutes in rows if minutes),
        tuple(extra),
    )


def edition(session: Session) -> tuple[int, int]:
    """A pair that changes whenever a stored day is added or removed."""
    row = _EDITION.one(session, {})
    return row.closures, row.days


_EDITION = Prepared(
    select(
        select(func.coalesce(func.max(Closure.id), 0) + func.count(Closure.id)).scalar_subquery().label("closures"),
        select(func.coalesce(func.max(CalendarDay.id), 0) + func.count(CalendarDay.id)).scalar_subquery().label("days"),
    )
)
