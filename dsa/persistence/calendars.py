"""Stored days of the working calendars. One rule: a day is added with a reason and withdrawn, never taken away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, func, literal, null, or_, select, update
from sqlalchemy.orm import Session, aliased

from dsa.persistence.models import CalendarDay, Closure, OfficeHoursRow, Organisation, Person
from dsa.persistence.prepared import Prepared

Kept = Closure | CalendarDay | OfficeHoursRow
# What a change of the calendar is called in an address -> where it is kept.
TABLES: Mapping[str, type[Closure] | type[CalendarDay] | type[OfficeHoursRow]] = {
    "closure": Closure,
    "holiday": CalendarDay,
    "hours": OfficeHoursRow,
}


@dataclass(frozen=True, slots=True)
class Days:
    """One organisation's own days: closures, half days (day, closing minute, every year), office hours from a day on
    (day, opening, closing minute); ``yearly`` are the closures of every year."""

    closures: tuple[date, ...]
    yearly: tuple[date, ...]
    half_days: tuple[tuple[date, int, bool], ...]
    hours: tuple[tuple[date, int, int], ...]


def days_of(session: Session, organisation_id: int) -> Days:
    """The days and hours in force that are stored for the organisation."""
    closed = session.execute(
        select(Closure.day, Closure.closes_at, Closure.yearly)
        .where(Closure.organisation_id == organisation_id, Closure.withdrawn_at.is_(None))
        .order_by(Closure.day, Closure.id)
    ).all()
    hours = session.execute(
        select(OfficeHoursRow.day, OfficeHoursRow.opens_at, OfficeHoursRow.closes_at)
        .where(OfficeHoursRow.organisation_id == organisation_id, OfficeHoursRow.withdrawn_at.is_(None))
        .order_by(OfficeHoursRow.day, OfficeHoursRow.id)
    )
    return Days(
        tuple(row.day for row in closed if row.closes_at is None and not row.yearly),
        tuple(row.day for row in closed if row.closes_at is None and row.yearly),
        tuple((row.day, row.closes_at, row.yearly) for row in closed if row.closes_at is not None),
        tuple((row.day, row.opens_at, row.closes_at) for row in hours),
    )


def one_off_days(session: Session) -> dict[str, frozenset[date]]:
    """The one-off bank holidays in force, by nation."""
    rows = session.execute(
        select(CalendarDay.nation, CalendarDay.day)
        .where(CalendarDay.withdrawn_at.is_(None))
        .order_by(CalendarDay.nation, CalendarDay.day)
    )
    found: dict[str, set[date]] = {}
    for nation, day in rows:
        found.setdefault(nation, set()).add(day)
    return {nation: frozenset(days) for nation, days in found.items()}


def edition(session: Session) -> int:
    """A number that grows with every change of a stored day or of office hours: how many were added and withdrawn."""
    row = _EDITION.one(session, {})
    return int(row.closures + row.closures_gone + row.days + row.days_gone + row.hours + row.hours_gone)


def _counts(table: Any, name: str) -> list[ColumnElement[int]]:
    return [
        select(func.count(table.id)).scalar_subquery().label(name),
        select(func.count(table.withdrawn_at)).scalar_subquery().label(f"{name}_gone"),
    ]


_EDITION = Prepared(
    select(*_counts(Closure, "closures"), *_counts(CalendarDay, "days"), *_counts(OfficeHoursRow, "hours"))
)


def changes(
    session: Session,
    *,
    organisations: Sequence[int] | None = None,
    nations: Sequence[str] | None = None,
    since: datetime | None = None,
) -> list[Any]:
    """Changes of the calendars with who made them, by day: of these organisations and nations, or of all.

    ``since`` keeps those that were added or withdrawn at that moment or later.
    """  # fmt: skip
    added, gone = aliased(Person), aliased(Person)
    found: list[Any] = []
    for what, table in TABLES.items():
        statement = _change(what, table, added, gone)
        if table is CalendarDay:
            if nations is not None:
                statement = statement.where(CalendarDay.nation.in_(nations))
        elif organisations is not None:
            statement = statement.where(table.organisation_id.in_(organisations))  # type: ignore[union-attr]
        if since is not None:
            statement = statement.where(or_(table.added_at >= since, table.withdrawn_at >= since))
        found += session.execute(statement.order_by(table.day, table.id))
    return sorted(found, key=lambda row: (row.day, row.what, row.id))


def _change(what: str, table: Any, added: Any, gone: Any) -> Any:
    whose = table.nation if what == "holiday" else Organisation.code
    statement = select(
        literal(what).label("what"), table.id.label("id"), table.day.label("day"), whose.label("whose"),
        (literal("") if what == "holiday" else Organisation.name).label("organisation"),
        (null() if what == "holiday" else table.organisation_id).label("organisation_id"),
        (table.opens_at if what == "hours" else null()).label("opens_at"),
        (null() if what == "holiday" else table.closes_at).label("closes_at"),
        (table.yearly if what == "closure" else literal(False)).label("yearly"),
        (table.title if what == "holiday" else table.reason).label("reason"),
        table.added_by_id.label("added_by_id"), added.name.label("added_by"), table.added_at.label("added_at"),
        table.withdrawn_by_id.label("withdrawn_by_id"), gone.name.label("withdrawn_by"),
        table.withdrawn_at.label("withdrawn_at"),
    ).select_from(table)  # fmt: skip
    if what != "holiday":
        statement = statement.join(Organisation, Organisation.id == table.organisation_id)
    return statement.outerjoin(added, added.id == table.added_by_id).outerjoin(gone, gone.id == table.withdrawn_by_id)


def change(session: Session, what: str, identifier: int) -> Kept | None:
    """One stored change (closure, holiday or hours), or None."""
    return cast(Kept | None, session.get(TABLES[what], identifier))


def withdraw(session: Session, what: str, identifier: int, *, person_id: int, at: datetime) -> bool:
    """Withdraw a change; False where it was withdrawn already."""
    table = TABLES[what]
    done = session.execute(
        update(table)
        .where(table.id == identifier, table.withdrawn_at.is_(None))
        .values(withdrawn_by_id=person_id, withdrawn_at=at)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]
