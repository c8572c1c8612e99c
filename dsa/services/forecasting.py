"""When each open agreement will be signed: worked out by a job, kept, and judged when the day has come.

One rule: a forecast rests on every agreement of this installation (docs/adr/0019), and a page only reads it. Chance is
seeded from the history, so the same history on the same day gives the same dates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.random import default_rng
from sqlalchemy.orm import Session

from dsa.insight.forecast import FEWEST_DONE, Forecasts, Reach, forecast
from dsa.insight.history import known_on
from dsa.insight.stays import Floats, Running, Stays
from dsa.insight.walk_forward import Replay, replay, unjudged
from dsa.persistence import forecasts as stored
from dsa.persistence import queries_history as queries
from dsa.services.context import Context
from dsa.services.past_stays import PastStays, on_clock, read_history, stages_before_signature
from dsa.services.whose_time import began
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.nations import BeyondCalendar
from dsa.timekeeping.working_clock import MINUTES_A_DAY, working_clock

RECORD = "forecast record"
AT_ONCE = 2_000  # agreements in one transaction
JUDGED = 200
_JUDGED = ("said", "met", "gone", "likely_said", "likely_met", "likely_gone")
REFUSALS = {Reach.TOO_LITTLE_HISTORY: "too_little_history", Reach.OLDER_THAN_ANYTHING: "older_than_anything"}
TOO_FAR, SINCE_NOT_KNOWN = "too_far", "since_not_known"


@dataclass(frozen=True, slots=True)
class _Fit:
    """What forecasts of one route rest on."""

    stays: Stays
    done: int
    still_open: int
    factor: float


def forecast_due(ctx: Context) -> int:
    """Forecast every open agreement that has none for its present stay, or none of today; returns how many.

    It may run at any time and twice: what is up to date is left alone. The record, and the factor that earlier
    forecasts teach, are worked out in the first run of a day and kept for the others.
    """
    now = ctx.clock.now()
    today = local_day(now)
    made = 0
    with ctx.database.reading() as session:
        stages = stages_before_signature(ctx, session)
        due = queries.to_forecast(session, stages=stages, today=today, most=AT_ONCE)
        kept = stored.figure(session, RECORD)
        of_today = kept if kept is not None and local_day(kept.made_at) == today else None
        if not due and of_today is not None:
            return 0
        ctx.calendars.refresh(session)
        fitting = _Fitting(ctx, session, now, factor=None if of_today is None else float(of_today.body["factor"]))
        record = None if of_today is not None else fitting.record(session, today)
    if record is not None:
        with ctx.database.writing() as session:
            stored.keep_figure(session, RECORD, "", record, at=now)
    while due:
        with ctx.database.reading() as session:
            rows = fitting.rows(session, due, today)
        with ctx.database.writing() as session:
            made += stored.add(session, rows)
            stored.forget_finished(session, stages=stages)
        if len(due) < AT_ONCE:
            break
        with ctx.database.reading() as session:
            due = queries.to_forecast(session, stages=stages, today=today, most=AT_ONCE)
    return made


class _Fitting:
    """The history as it is known now, once for all that is forecast in one run."""

    def __init__(self, ctx: Context, session: Session, now: datetime, *, factor: float | None) -> None:
        self.ctx, self.now, self.at = ctx, now, int(now.timestamp())
        self.past = read_history(ctx, session)
        history = self.past.history
        seeded = default_rng([len(history), int(history.entered.sum() % 2**31), self.at // 86_400])
        self.chance, self.chance_again = seeded.spawn(2)  # the dates are the same whether or not the record is made
        self.replayed = self._replayed(session) if factor is None else unjudged(factor)
        day = on_clock(ctx, session, self.past, np.full(len(history), self.at))
        self.stays = known_on(history, at=self.at, day=day).stays
        self.fits: dict[str, _Fit] = {}

    def _replayed(self, session: Session) -> Replay:
        past = self.past
        clock = _clock_of(self.ctx, session, past)
        return replay(past.history, clock=clock, now=self.at, chance=self.chance_again)

    def record(self, session: Session, today: date) -> dict[str, Any]:
        """How forecasts did: those that were made and whose day has come, and the same made again for past days."""
        judged = judge(stored.whose_day_came(session, today=today, last=JUDGED))
        again = self.replayed
        return {
            "made": judged,
            "again": {name: getattr(again, name) for name in _JUDGED},
            "factor": again.factor,
            "agreements": len(self.past.history.starts()),
        }

    def rows(self, session: Session, due: list[Any], today: date) -> list[dict[str, Any]]:
        """A row for each of these agreements."""
        rows: list[dict[str, Any]] = []
        for route in sorted({row.route for row in due}):
            mine = [row for row in due if row.route == route]
            fit = self._fit(route)
            calendars = [self._calendar(session, row.lead_organisation_id) for row in mine]
            found = forecast(fit.stays, self._running(mine, calendars), chance=self.chance, factor=fit.factor)
            for place, (row, calendar) in enumerate(zip(mine, calendars, strict=True)):
                rows.append(self._row(row, calendar, found, place, fit, today))
        return rows

    def _calendar(self, session: Session, organisation: int) -> WorkingCalendar:
        return self.ctx.calendars.of(session, organisation, self.past.nations[organisation])

    def _fit(self, route: str) -> _Fit:
        """What a route rests on: its own agreements where enough of them were signed, else those of every route."""
        if route not in self.fits:
            stays, own = self.stays, np.isin(self.stays.case, self.past.history.case[self.past.route == route])
            done = len(np.unique(stays.case[own & stays.done]))
            if done >= FEWEST_DONE:
                stays = Stays(*(getattr(stays, name)[own] for name in Stays.__slots__))
            else:
                done = len(np.unique(stays.case[stays.done]))
            rest = len(np.unique(stays.case)) - done
            self.fits[route] = _Fit(stays, done, rest, self.replayed.factor)
        return self.fits[route]

    def _running(self, rows: list[Any], calendars: list[WorkingCalendar]) -> Running:
        now = np.array([self.at])
        age, elapsed = np.zeros(len(rows)), np.zeros(len(rows))
        for place, (row, calendar) in enumerate(zip(rows, calendars, strict=True)):
            clock = working_clock(calendar)
            start = min(began(row.first_contact_on, row.created_at), row.stage_entered_at)
            moments = np.array([int(row.stage_entered_at.timestamp()), int(start.timestamp())])
            spent = np.maximum(clock.days_before(now) - clock.days_before(moments), 0.0)
            age[place], elapsed[place] = spent
        stage = np.array([self.past.code(row.stage) for row in rows], dtype=np.int64)
        return Running(np.array([row.id for row in rows]), stage, age, elapsed)

    def _row(
        self, row: Any, calendar: WorkingCalendar, found: Forecasts, place: int, fit: _Fit, today: date
    ) -> dict[str, Any]:
        refusal = SINCE_NOT_KNOWN if row.since_not_known else REFUSALS.get(Reach(int(found.reach[place])))
        days = [float(found.likely[place]), float(found.very_likely[place])]
        on: list[date | None] = [None, None]
        if refusal is None:
            try:
                on = [day_after(calendar, self.now, each) for each in days]
            except BeyondCalendar:
                refusal = TOO_FAR
        given = refusal is None
        return {
            "agreement_id": row.id,
            "made_at": self.now,
            "made_on": today,
            "stage": row.stage,
            "stage_entered_at": row.stage_entered_at,
            "first_in_stay": row.said_for != row.stage_entered_at,
            "likely_on": on[0] if given else None,
            "very_likely_on": on[1] if given else None,
            "likely_days": days[0] if given else None,
            "very_likely_days": days[1] if given else None,
            "refusal": refusal,
            "rests_on": fit.done,
            "still_open": fit.still_open,
            "factor": fit.factor,
        }


def _clock_of(ctx: Context, session: Session, past: PastStays) -> Callable[[int], Floats]:
    """A moment on the clock of each row, worked out once for each organisation that leads."""
    leads, which = np.unique(past.lead, return_inverse=True)
    clocks = [working_clock(ctx.calendars.of(session, lead, past.nations[lead])) for lead in leads.tolist()]

    def clock(at: int) -> Floats:
        days = np.array([one.days_before(np.array([at]))[0] for one in clocks])
        found: Floats = days[which] if len(days) else np.zeros(0)
        return found

    return clock


def day_after(calendar: WorkingCalendar, now: datetime, days: float) -> date:
    """The date in London on which so many working days have passed. Raises BeyondCalendar past the calendar's end."""
    return calendar.local_date(calendar.add_working_minutes(now, round(days * MINUTES_A_DAY)))


def judge(rows: list[Any]) -> dict[str, int]:
    """Of forecasts whose day has come: how many (``said``), how many were met, and how many are not judged because the
    agreement was given up before the day (``gone``): it can then never be signed."""
    judged = dict.fromkeys(_JUDGED, 0)
    for row in rows:
        for name, by in (("", row.very_likely_on), ("likely_", row.likely_on)):
            signed = None if row.signed is None else local_day(row.signed)
            if signed is None and row.finished is not None and local_day(row.finished) <= by:
                judged[f"{name}gone"] += 1
                continue
            judged[f"{name}said"] += 1
            judged[f"{name}met"] += signed is not None and signed <= by
    return judged
