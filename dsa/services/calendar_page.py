"""The working calendar as a page: which days count for whom, who changed that, and a count anybody can check.

One rule: a count says its rule and its calendar; a day that is withdrawn stays to be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import calendars as stored
from dsa.persistence import people
from dsa.services import calendar_changes
from dsa.services.calendars import hours_of
from dsa.services.context import Context
from dsa.timekeeping.calendar import CountingRule, WorkingCalendar
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.nations import (
    FREEDOM_OF_INFORMATION,
    LAST_DAY,
    NATION_NAMES,
    NATIONS,
    PACKAGE_VERSION,
    bank_holidays,
)
from dsa.timekeeping.office import OfficeHours

EVERYBODY = "ALL:" + "+".join(NATIONS)
ANYBODY = "ANY:" + "+".join(NATIONS)
OWN = "OWN"  # before the code of one of the reader's organisations
COMING_DAYS = 400
MOST_DAYS = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a calendar. ``whose`` is a nation's or an organisation's name; times are local minutes.

    ``may_withdraw``: the reader may withdraw it now.
    """

    what: str
    id: int
    day: date
    whose: str
    opens_at: int | None
    closes_at: int | None
    yearly: bool
    reason: str
    added_by: str
    added_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Body:
    """One of the reader's organisations, its office hours today, and whether the reader may change its days."""

    code: str
    name: str
    nation: str
    hours: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Holiday:
    """A bank holiday to come, and the nations that keep it; ``one_off`` where an administrator added it."""

    day: date
    nations: tuple[str, ...]
    one_off: bool


@dataclass(frozen=True, slots=True)
class Count:
    """A count of working days between two dates by each rule, or the day on which a number of them is reached."""

    calendar: str
    start: date
    end: date
    counted: Mapping[CountingRule, int]
    added: int | None


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """The page. ``calendars`` are those that can be counted on: (name, whose)."""

    today: date
    holidays: tuple[Holiday, ...]
    changes: tuple[Change, ...]
    bodies: tuple[Body, ...]
    may_add_holidays: bool
    edition: int
    package: str
    last_day: date
    calendars: tuple[tuple[str, str], ...]


def calendar_page(ctx: Context, actor: Actor) -> CalendarPage:
    """Bank holidays to come, changes for the nations and for the actor's organisations, and what may be changed."""
    now = ctx.clock.now()
    today = local_day(now)
    with ctx.database.reading() as session:
        bodies = _bodies(session, actor, today)
        mine = sorted({held.organisation_id for held in actor.posts})
        rows = stored.changes(session, organisations=mine)
        holidays = _coming(session, today)
        edition = stored.edition(session)
    return CalendarPage(
        today,
        holidays,
        tuple(_change(ctx, actor, row) for row in reversed(rows)),
        bodies,
        calendar_changes.may_change(actor),
        edition,
        PACKAGE_VERSION,
        LAST_DAY,
        _calendars(bodies),
    )


def count(ctx: Context, actor: Actor, calendar: str, start: date, end: date | None, days: int | None) -> Count:
    """Count the working days from ``start`` to ``end``, or find the day that ``days`` working days reach.

    ``calendar`` is one of the page's. Raises BeyondCalendar, UnknownNation, or BadInput for too many days.
    """
    with ctx.database.reading() as session:
        chosen = _chosen(ctx, session, actor, calendar)
    reached = chosen.add_working_days(start, days or 0) if end is None else end
    first, last = min(start, reached), max(start, reached)
    counted = {rule: chosen.working_days(first, last, rule=rule) for rule in CountingRule}
    return Count(calendar, start, reached, counted, days if end is None else None)


def change_to_withdraw(ctx: Context, actor: Actor, what: str, identifier: int) -> Change:
    """One change, for the page that asks before it is withdrawn. Raises as ``calendar_changes.withdraw``."""
    with ctx.database.reading() as session:
        row = calendar_changes.demand_change(session, what, identifier)
    calendar_changes.demand_may_withdraw(ctx, actor, row)
    return _change(ctx, actor, row)


def _chosen(ctx: Context, session: Session, actor: Actor, calendar: str) -> WorkingCalendar:
    if calendar.startswith(OWN):
        for held in actor.posts:
            if calendar == OWN + held.organisation:
                nation = people.nation_of(session, held.organisation_id)
                return ctx.calendars.of(session, held.organisation_id, nation)
    return ctx.calendars.together(session, calendar)


def _bodies(session: Session, actor: Actor, today: date) -> tuple[Body, ...]:
    found = {}
    for held in actor.posts:
        if held.organisation not in found:
            hours = hours_of(stored.days_of(session, held.organisation_id))
            found[held.organisation] = Body(
                held.organisation,
                held.organisation_name,
                NATION_NAMES[people.nation_of(session, held.organisation_id)],
                _hours_today(hours, today),
                calendar_changes.may_change(actor, held.organisation),
            )
    return tuple(found.values())


def _hours_today(hours: Any, today: date) -> str:
    if isinstance(hours, OfficeHours):
        return hours.said
    return str(max((each for each in hours if each.since <= today), key=lambda each: each.since).hours.said)


def _coming(session: Session, today: date) -> tuple[Holiday, ...]:
    extra = stored.one_off_days(session)
    kept: dict[date, list[str]] = {}
    for nation in NATIONS:
        for day in bank_holidays(nation) | extra.get(nation, frozenset()):
            if 0 <= (day - today).days <= COMING_DAYS and day.weekday() < 5:
                kept.setdefault(day, []).append(nation)
    return tuple(
        Holiday(
            day,
            tuple(NATION_NAMES[nation] for nation in nations),
            any(day in extra.get(nation, frozenset()) for nation in nations),
        )
        for day, nations in sorted(kept.items())
    )


def _calendars(bodies: tuple[Body, ...]) -> tuple[tuple[str, str], ...]:
    own = tuple((OWN + body.code, body.name) for body in bodies)
    return (*own, *NATION_NAMES.items(), (EVERYBODY, ""), (ANYBODY, ""), (FREEDOM_OF_INFORMATION, ""))


def _change(ctx: Context, actor: Actor, row: Any) -> Change:
    may = calendar_changes.may_change(actor, "" if row.what == "holiday" else row.whose)
    to_come = row.day > local_day(ctx.clock.now()) or row.yearly
    return Change(
        row.what,
        row.id,
        row.day,
        NATION_NAMES.get(row.whose, row.organisation),
        row.opens_at,
        row.closes_at,
        bool(row.yearly),
        row.reason,
        row.added_by or "",
        row.added_at,
        row.withdrawn_by or "",
        row.withdrawn_at,
        may and to_come and row.withdrawn_at is None,
    )
