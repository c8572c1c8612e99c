"""Which to chase today: open agreements by their age in the stage, and what is overdue. One rule: a page of them, the
oldest of each stage; who has it stands beside each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import floor
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.workflow import ROLES
from dsa.persistence import queries_figures as queries
from dsa.services.agreements_past import day_began
from dsa.services.context import Context
from dsa.services.time_scope import Asked, Scope, scope_of
from dsa.services.time_stages_page import Overdue, overdue_of
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.weeks import LONDON

DOTS = 40
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
class StageAges:
    """The oldest of a stage against when half, and 85 of 100, are done (None: too few to say).

    ``past`` counts what lasts longer than 85 of 100; those came to the stage ``before`` that day.
    """

    id: str
    title: str
    open: int
    half: float | None
    most: float | None
    dots: tuple[Dot, ...]
    past: int
    before: date | None


@dataclass(frozen=True, slots=True)
class ChasePage:
    """The page. ``chase`` is what lasts longer than 85 of 100 do, the furthest beyond first."""

    scope: Scope
    stages: tuple[StageAges, ...]
    chase: tuple[Dot, ...]
    overdue: tuple[Overdue, ...]
    overdue_count: int
    workflows: tuple[tuple[str, str], ...]

    @property
    def past(self) -> int:
        """How many last longer than 85 of 100 do."""
        return sum(stage.past for stage in self.stages)


def chase_page(ctx: Context, actor: Actor, asked: Asked) -> ChasePage:
    """What is under way, of what the actor may see."""
    now = ctx.clock.now()
    narrowed: dict[str, Any] = {"workflow": asked.workflow, "route": asked.route}
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        figures = {row.stage: row for row in queries.stages(session, scope.id, **narrowed)}
        stages = _ages(session, scope, figures, now)
        late = queries.most_overdue(session, scope.id, now=now, limit=CHASED, **narrowed)
        chase = sorted(
            ((dot, stage.most) for stage in stages for dot in stage.dots if dot.past and stage.most is not None),
            key=lambda pair: (-pair[0].days / max(pair[1], 1), pair[0].reference),
        )
        return ChasePage(
            scope,
            stages,
            tuple(dot for dot, _ in chase[:CHASED]),
            overdue_of(ctx, session, scope, late, now),
            queries.overdue_count(session, scope.id, now=now, **narrowed),
            scope.workflows,
        )


def _ages(session: Session, scope: Scope, figures: Mapping[str, Any], now: datetime) -> tuple[StageAges, ...]:
    """The stages with something open, in their order, with the oldest of each."""
    today = now.astimezone(LONDON).date()
    shown = [stage for stage in scope.stages if stage in figures and figures[stage].open]
    before = {stage: day_beyond(figures[stage].most, today) for stage in shown if figures[stage].most is not None}
    narrowed: dict[str, Any] = {"workflow": scope.asked.workflow, "route": scope.asked.route}
    rows = queries.oldest(session, scope.id, shown, each=DOTS, **narrowed)
    began = {stage: day_began(day) for stage, day in before.items()}
    past = queries.counts_before(session, scope.id, began, **narrowed)
    found = []
    for stage in shown:
        dots = tuple(_dot(scope, row, before.get(stage), today) for row in rows if row.stage == stage)
        figure = figures[stage]
        found.append(
            StageAges(stage, scope.stages[stage].title, figure.open, figure.half, figure.most, dots,
                      past.get(stage, 0), before.get(stage))
        )  # fmt: skip
    return tuple(found)


def _dot(scope: Scope, row: Any, before: date | None, today: date) -> Dot:
    entered = row.entered_at.astimezone(LONDON).date()
    days = calendar_for(row.nation).working_days(entered, today) if entered < today else 0
    role = ROLES.get(row.holder_role or "", "")
    who = ", ".join(part for part in (role, row.holder_name or row.holder_owner or "") if part)
    past = before is not None and entered < before
    return Dot(row.reference, row.title, scope.stages[row.stage].title, days, who, past)


def day_beyond(days: float, today: date) -> date:
    """The first day of which it is not true that what began before it has lasted more than so many working days.

    By the calendar of England and Wales, so that the count and the list behind it are one condition.
    """
    calendar, more = calendar_for("ENG"), floor(days) + 1
    day = calendar.add_working_days(today, -more)
    while calendar.working_days(day, today) >= more:
        day += timedelta(days=1)
    return day
