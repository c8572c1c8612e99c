"""Which to chase today: open agreements by their age in the stage, and what is overdue. One rule: a page of them, the
oldest of each stage; who has it stands beside each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import floor
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.workflow import ROLES
from dsa.persistence import queries_figures as queries
from dsa.services.agreements_past import day_began
from dsa.services.context import Context
from dsa.services.counting import ALL
from dsa.services.time_scope import Asked, Scope, scope_of
from dsa.services.time_stages_page import Overdue, overdue_of
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.instants import local_day

DOTS = 40
OWN, EVERYBODYS, TARGET = "own", "all", "target"  # what the line of a stage is
CHASED = 25


@dataclass(frozen=True, slots=True)
class Dot:
    """An open agreement: working days in its stage (on the calendar of the lead's nation), and who has it."""

    reference: str
    title: str
    stage: str
    days: int
    who: str
    past: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """An open agreement of which nobody knows since when it is in its stage, and who has it."""

    reference: str
    title: str
    stage: str
    who: str


@dataclass(frozen=True, slots=True)
class StageAges:
    """The oldest of a stage against a line, in working days (None: there is nothing to measure by).

    ``half`` and ``most`` (85 of 100) are of the reader's own scope or, where that is too thin, of all organisations;
    where that is too thin too, the line is the stage's ``target``: ``measured`` says which it is (own, all or target,
    empty for none). ``past`` counts what lasts longer; those came to the stage ``before`` that day.
    """

    id: str
    title: str
    open: int
    half: float | None
    most: float | None
    target: int | None
    measured: str
    dots: tuple[Dot, ...]
    past: int
    before: date | None

    @property
    def line(self) -> float | None:
        """The working days beyond which to chase."""
        return self.target if self.measured == TARGET else self.most


@dataclass(frozen=True, slots=True)
class ChasePage:
    """The page. ``chase`` is what lasts longer than its stage's line, with that stage; the furthest beyond first.

    ``unseen``: the first so many of those of which nobody knows since when they are in their stage.
    """

    scope: Scope
    stages: tuple[StageAges, ...]
    chase: tuple[tuple[Dot, StageAges], ...]
    overdue: tuple[Overdue, ...]
    overdue_count: int
    workflows: tuple[tuple[str, str], ...]
    unseen: tuple[Unseen, ...]

    @property
    def past(self) -> int:
        """How many last longer than their stage's line."""
        return sum(stage.past for stage in self.stages)


def chase_page(ctx: Context, actor: Actor, asked: Asked) -> ChasePage:
    """What is under way, of what the actor may see."""
    now = ctx.clock.now()
    narrowed: dict[str, Any] = {"workflow": asked.workflow, "route": asked.route}
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        figures = {row.stage: row for row in queries.stages(session, scope.id, **narrowed)}
        everybodys = {row.stage: row for row in queries.stages(session, ALL, **narrowed)}
        stages = _ages(session, scope, figures, everybodys, now)
        late = queries.most_overdue(session, scope.id, now=now, limit=CHASED, **narrowed)
        chase = sorted(
            ((dot, stage) for stage in stages for dot in stage.dots if dot.past),
            key=lambda pair: (-pair[0].days / max(pair[1].line or 0, 1), pair[0].reference),
        )
        return ChasePage(
            scope,
            stages,
            tuple(chase[:CHASED]),
            overdue_of(ctx, session, scope, late, now),
            queries.overdue_count(session, scope.id, now=now, **narrowed),
            scope.workflows,
            _unseen(session, scope, figures, narrowed),
        )


def _ages(
    session: Session, scope: Scope, figures: Mapping[str, Any], everybodys: Mapping[str, Any], now: datetime
) -> tuple[StageAges, ...]:
    """The stages with something open, in their order, with the oldest of each."""
    today = local_day(now)
    shown = [stage for stage in scope.stages if stage in figures and figures[stage].open]
    empty = [_measured(scope, figures[stage], everybodys.get(stage)) for stage in shown]
    before = {stage.id: day_beyond(stage.line, today) for stage in empty if stage.line is not None}
    narrowed: dict[str, Any] = {"workflow": scope.asked.workflow, "route": scope.asked.route}
    rows = queries.oldest(session, scope.id, shown, each=DOTS, **narrowed)
    began = {stage: day_began(day) for stage, day in before.items()}
    past = queries.counts_before(session, scope.id, began, **narrowed)
    found = []
    for stage in empty:
        day = before.get(stage.id)
        dots = tuple(_dot(scope, row, day, today) for row in rows if row.stage == stage.id)
        found.append(replace(stage, dots=dots, past=past.get(stage.id, 0), before=day))
    return tuple(found)


def _measured(scope: Scope, own: Any, everybodys: Any) -> StageAges:
    """What a stage is measured by: the reader's own figures, else those of all, else its target."""
    stage, route = scope.stages[own.stage], scope.asked.route
    targets = [stage.targets[route]] if route in stage.targets else list(stage.targets.values())
    target = max(targets, default=None)
    used, measured = own, OWN if own.most is not None else ""
    if not measured and everybodys is not None and everybodys.most is not None:
        used, measured = everybodys, EVERYBODYS
    if not measured and target:
        measured = TARGET
    return StageAges(stage.id, stage.title, own.open, used.half, used.most, target, measured, (), 0, None)


def _dot(scope: Scope, row: Any, before: date | None, today: date) -> Dot:
    entered = local_day(row.entered_at)
    days = calendar_for(row.nation).working_days(entered, today) if entered < today else 0
    past = before is not None and entered < before
    return Dot(row.reference, row.title, scope.stages[row.stage].title, days, _who(row), past)


def _unseen(
    session: Session, scope: Scope, figures: Mapping[str, Any], narrowed: Mapping[str, Any]
) -> tuple[Unseen, ...]:
    shown = [stage for stage in scope.stages if stage in figures and figures[stage].open]
    rows = queries.since_not_known(session, scope.id, shown, limit=CHASED, **narrowed)
    return tuple(Unseen(row.reference, row.title, scope.stages[row.stage].title, _who(row)) for row in rows)


def _who(row: Any) -> str:
    role = ROLES.get(row.holder_role or "", "")
    return ", ".join(part for part in (role, row.holder_name or row.holder_owner or "") if part)


def day_beyond(days: float, today: date) -> date:
    """The first day of which it is not true that what began before it has lasted more than so many working days.

    By the calendar of England and Wales, so that the count and the list behind it are one condition.
    """
    calendar, more = calendar_for("ENG"), floor(days) + 1
    day = calendar.add_working_days(today, -more)
    while calendar.working_days(day, today) >= more:
        day += timedelta(days=1)
    return day
