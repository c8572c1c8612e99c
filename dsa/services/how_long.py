"""How long agreements take from their beginning to signature. One rule: open and withdrawn ones are counted.

Lengths are working days on the calendar of whoever leads, from the first contact as evidenced, else the first save.
Past agreements of imported sheets count with their dates as reported, on the calendar of whoever imported them; a sheet
says neither route nor version of a workflow, so they are left out where one is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput
from dsa.domain.reported import SIGNED as REPORTED_SIGNED
from dsa.insight import cohorts
from dsa.insight.cohorts import FEWEST, By, Change, Cohort, Lengths
from dsa.persistence import imports
from dsa.persistence import queries_history as queries
from dsa.services.context import Context
from dsa.services.past_stays import one_in
from dsa.services.whose_time import began, opening_of
from dsa.timekeeping.calendar import LONDON
from dsa.timekeeping.working_clock import FIRST_MOMENT, working_clock

DAYS_A_MONTH = 21
LONGEST = 36  # months on the page
OF_A_SHEET = 0  # the version of the workflow of an agreement that a sheet reported: none
SHARES = (0.25, 0.5, 0.75, 0.85, 0.95)


@dataclass(frozen=True, slots=True)
class Month:
    """What was known ``month`` months (of 21 working days) after the beginning; shares of 1. ``at_risk``: still
    watched then, ``reported`` of them from an imported sheet."""

    month: int
    signed: float
    low: float
    high: float
    given_up: float
    at_risk: int
    reported: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group of agreements: its months, and by when so many of 100 were signed. ``few``: too few were signed.

    ``sheets``: those of them that imported sheets reported, which are in no list of agreements.
    """

    agreements: int
    signed: int
    given_up: int
    still_open: int
    sheets: Lengths
    months: tuple[Month, ...]
    by: tuple[tuple[float, By], ...]
    curve: Cohort

    @property
    def reported(self) -> int:
        """How many of them an imported sheet reported."""
        return len(self.sheets)

    @property
    def few(self) -> bool:
        """Whether too few were signed to say anything."""
        return self.signed < FEWEST

    def half(self) -> By:
        """By when half were signed."""
        return next(by for share, by in self.by if share == 0.5)


@dataclass(frozen=True, slots=True)
class HowLong:
    """The page: everybody, and where it was asked for those begun before and after, with what changed.

    ``one_in``: of how many agreements one is measured, where there are very many. ``versions``: workflow versions.
    ``imported``: how many past agreements imported sheets hold, whether they are counted here or not.
    """

    whole: Group
    before: Group | None
    after: Group | None
    change: Change | None
    one_in: int
    versions: tuple[int, ...]
    imported: int
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class Split:
    """Where before ends and after begins: the day on which an agreement began, or the version of its workflow."""

    on: date | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One row per agreement: its length and how it ended, when it began (epoch seconds), the version of its workflow
    (0: a sheet says none), and whether a sheet reported it."""

    lengths: Lengths
    begun: NDArray[np.int64]
    version: NDArray[np.int64]
    reported: NDArray[np.bool_]

    def group(self, kept: NDArray[np.bool_]) -> Group:
        """The figures of those that are kept."""
        return group(self.lengths.only(kept), self.reported[kept])


def how_long(
    ctx: Context, actor: Actor, *, route: str = "", split: Split | None = None, reported: bool = True
) -> HowLong:
    """Measure what the actor may see, on a route where one is given; ``reported``: with past ones of sheets."""
    now = ctx.clock.now()
    split = split or Split()
    with ctx.database.reading() as session:
        every = one_in(queries.how_many(session, actor))
        past = imports.reported_history(session, actor)
        counted = past[::every] if reported and not route and split.version is None else []
        rows = [*queries.lengths(session, actor, route=route, one_in=every), *_as_rows(counted)]
        found = _of_rows(ctx, session, rows, now)
    whole = found.group(np.ones(len(rows), dtype=np.bool_))
    before = after = None
    changed = None
    if split.on is not None or split.version is not None:
        later = _later(found, split)
        before, after = found.group(~later), found.group(later)
        if not before.few and not after.few:
            changed = cohorts.change(before.curve, after.curve)
    versions = tuple(sorted({int(each) for each in found.version[~found.reported]}))
    return HowLong(whole, before, after, changed, every, versions, len(past), now)


def lengths_of(ctx: Context, session: Session, actor: Actor, route: str) -> Lengths:
    """How long those on the route took that the actor may see: for a sentence on another page."""
    every = one_in(queries.how_many(session, actor))
    rows = queries.lengths(session, actor, route=route, one_in=every)
    return _of_rows(ctx, session, rows, ctx.clock.now()).lengths


def lengths_seen(ctx: Context, session: Session, organisation: int | None) -> Lengths:
    """How long those took that an organisation has a part in; of everybody (None): for a job, not for a reader."""
    every = one_in(queries.how_many(session))
    rows = queries.lengths_of_organisation(session, organisation, one_in=every if organisation is None else 1)
    return _of_rows(ctx, session, rows, ctx.clock.now()).lengths


def lasting(ctx: Context, session: Session, actor: Actor, days: float, *, one_in: int) -> tuple[int, ...]:
    """The ids of those that the actor may see, of one in so many, that lasted at least so many working days."""
    rows = queries.lengths(session, actor, one_in=one_in)
    long = _of_rows(ctx, session, rows, ctx.clock.now()).lengths.days >= days
    return tuple(row.id for row, kept in zip(rows, long.tolist(), strict=True) if kept)


def read_split(on: str, version: str) -> Split:
    """Read what is asked for. Raises BadInput for what is no date and no number."""
    if on:
        try:
            return Split(on=date.fromisoformat(on))
        except ValueError:
            raise BadInput("“%(text)s” is not a day. Write it as 2026-11-23.", text=on[:40]) from None
    if version:
        if not (version.isascii() and version.isdecimal() and len(version) < 6):
            raise BadInput("“%(text)s” is not a version of a workflow. Choose one of the list.", text=version[:40])
        return Split(version=int(version))
    return Split()


def _later(found: Measured, split: Split) -> NDArray[np.bool_]:
    if split.on is not None:
        try:
            at = datetime.combine(split.on, datetime.min.time(), LONDON).timestamp()
        except (OverflowError, ValueError):
            at = 0.0 if split.on.year < 1970 else float("inf")
        return found.begun >= at
    return found.version >= (split.version or 0)


def _as_rows(past: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Past agreements of sheets as rows of ``queries_history.lengths``, of no version."""
    found = []
    for case in past:
        start, end = (int(opening_of(day).timestamp()) for day in (case.started_on, case.ended_on))
        signed, ended = (end, None) if case.status == REPORTED_SIGNED else (None, end)
        found.append((start, None, signed, ended, case.organisation_id, OF_A_SHEET))
    return found


def _of_rows(ctx: Context, session: Session, rows: Sequence[Any], now: datetime) -> Measured:
    nations = queries.nations(session)
    begun = np.array(
        [row[0] if row[1] is None else int(began(row[1], now).timestamp()) for row in rows], dtype=np.int64
    )
    ending = np.array([1 if row[2] is not None else 2 if row[3] is not None else 0 for row in rows], dtype=np.int64)
    at = int(now.timestamp())
    ended = np.array([next(m for m in (row[2], row[3], at) if m is not None) for row in rows], dtype=np.int64)
    lead = np.array([row[4] for row in rows], dtype=np.int64)
    days = np.zeros(len(rows))
    for organisation in np.unique(lead).tolist():
        mine = lead == organisation
        clock = working_clock(ctx.calendars.of(session, organisation, nations[organisation]))
        first = np.maximum(begun[mine], FIRST_MOMENT)
        days[mine] = clock.days_before(np.maximum(ended[mine], first)) - clock.days_before(first)
    version = np.array([row[5] for row in rows], dtype=np.int64)
    return Measured(Lengths(np.maximum(days, 0.0), ending), begun, version, version == OF_A_SHEET)


def group(lengths: Lengths, reported: NDArray[np.bool_]) -> Group:
    """The figures of a group, by months of 21 working days."""
    curve = cohorts.cohort(lengths)
    longest = float(lengths.days.max(initial=0.0))
    last = min(LONGEST, int(np.ceil(longest / DAYS_A_MONTH)))
    return Group(
        len(lengths),
        lengths.count(cohorts.SIGNED),
        lengths.count(cohorts.GIVEN_UP),
        lengths.count(cohorts.OPEN),
        lengths.only(reported),
        tuple(_month(curve, month, reported) for month in range(1, last + 1)),
        tuple((share, curve.by(share)) for share in SHARES),
        curve,
    )


def _month(curve: Cohort, month: int, reported: NDArray[np.bool_]) -> Month:
    day = float(month * DAYS_A_MONTH)
    one = curve.signed
    place = int(np.searchsorted(one.times, day, side="right")) - 1
    low, high = (float(one.low[place]), float(one.high[place])) if place >= 0 else (0.0, 0.0)
    of_sheets = int((curve.lengths.days[reported] >= day).sum())
    return Month(month, one.by(day), low, high, curve.given_up.by(day), curve.at_risk(day), of_sheets)
