"""Every open agreement by its very likely day. One rule: the record stands beside the dates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import forecasts as stored
from dsa.services.agreements_list import ROUTES
from dsa.services.context import Context
from dsa.services.outlook import Record, distance, record_of

PAGE, SHOWN_UNDATED = 10, 5
MOST_IN_A_FILE = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """An open agreement. ``likely_in`` and ``very_likely_in`` are working days from now; ``short_by`` how many working
    days after it is needed the very likely day lies, the likely one where that is not given (0 where it does not)."""

    id: int
    reference: str
    title: str
    stage: str
    route: str
    lead: str
    likely_on: date | None
    very_likely_on: date | None
    likely_in: int
    very_likely_in: int
    likely_late: bool
    needed_on: date | None
    short_by: int
    refusal: str
    rests_on: int


@dataclass(frozen=True, slots=True)
class ForecastsPage:
    """The page. ``after`` begins the next page; ``total`` open agreements have a forecast, ``dated`` of them a date.
    ``late`` are likely to be signed only after they are needed, ``maybe_late`` others may be. ``undated`` are
    the first of those without a date.
    """

    lines: tuple[Line, ...]
    undated: tuple[Line, ...]
    total: int
    dated: int
    late: int
    maybe_late: int
    after: str | None
    record: Record


def forecasts_page(
    ctx: Context, actor: Actor, *, late: bool = False, route: str = "", after: tuple[date, int] | None = None
) -> ForecastsPage:
    """A page of what the actor may see; ``late`` narrows to those that may be late for the day they are needed."""
    with ctx.database.reading() as session:
        record = record_of(session)
        tested = record.tested
        rows = stored.listed(session, actor, late=late, route=route, tested=tested, after=after, limit=PAGE + 1)
        undated = [] if late or after else stored.without_date(session, actor, route=route, limit=SHOWN_UNDATED)
        total, dated, late_ones, maybe = stored.counts(session, actor, route=route)
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return ForecastsPage(
            tuple(_line(ctx, session, row, tested=tested) for row in rows[:PAGE]),
            tuple(_line(ctx, session, row, tested=tested) for row in undated),
            total,
            dated,
            late_ones,
            maybe if tested else 0,
            None if last is None else f"{last.very_likely_on.isoformat()}_{last.id}",
            record,
        )


def forecasts_file(ctx: Context, actor: Actor, *, late: bool = False, route: str = "") -> Iterator[Line]:
    """Every line, those with a date first."""
    with ctx.database.reading() as session:
        after: tuple[date, int] | None = None
        tested, given = record_of(session).tested, 0
        while given < MOST_IN_A_FILE:
            rows = stored.listed(session, actor, late=late, route=route, tested=tested, after=after, limit=500)
            yield from (_line(ctx, session, row, tested=tested) for row in rows)
            given += len(rows)
            if len(rows) < 500:
                break
            after = (rows[-1].very_likely_on, rows[-1].id)
        if not late:
            for row in stored.without_date(session, actor, route=route, limit=MOST_IN_A_FILE - given):
                yield _line(ctx, session, row, tested=tested)


def _line(ctx: Context, session: Session, row: Any, *, tested: bool) -> Line:
    calendar = ctx.calendars.of(session, row.lead_organisation_id, row.nation)
    stage = ctx.definitions.flow(session, row.workflow_id, row.workflow_version).stages[row.stage]
    today = calendar.local_date(ctx.clock.now())
    very_likely = row.very_likely_on if tested else None
    last = very_likely or row.likely_on
    short = last is not None and row.date_needed is not None and last > row.date_needed
    return Line(
        row.id,
        row.reference,
        row.title,
        stage.title,
        ROUTES.get(row.route, row.route),
        row.lead_name,
        row.likely_on,
        very_likely,
        distance(calendar, today, row.likely_on),
        distance(calendar, today, very_likely),
        short and row.likely_on > row.date_needed,
        row.date_needed,
        max(1, distance(calendar, row.date_needed, last)) if short else 0,
        row.refusal or "",
        row.rests_on,
    )
