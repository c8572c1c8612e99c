"""Which to chase today: open agreements by their age in the stage, and what is overdue. One rule: a page of them, the
oldest of each stage; who has it stands beside each.
"""

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
from dsa.services.time_stages_page import OLDEST, Overdue, overdue_of, workflows
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
    narrowed = {"workflow": asked.workflow, "route": asked.route}
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        figures = {row.stage: row for row in queries.stages(session, scope.id, **narrowed)}
        stages = tuple(
            _ages(session, scope, stage, figures[stage], now) for stage in scope.stages
            if stage in figures and figures[stage].open
        )  # fmt: skip
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
            workflows(ctx, session),
        )


def _ages(session: Session, scope: Scope, stage: str, figure: Any, now: datetime) -> StageAges:
    today = now.astimezone(LONDON).date()
    narrowed = {"workflow": scope.asked.workflow, "route": scope.asked.route}
    before = None if figure.most is None else day_beyond(figure.most, today)
    title = scope.stages[stage].title
    dots = []
    for row in queries.oldest(
        session, scope.id, stage, limit=DOTS, workflow=scope.asked.workflow, route=scope.asked.route
    ):
        entered = row.entered_at.astimezone(LONDON).date()
        days = calendar_for(row.nation).working_days(entered, today) if entered < today else 0
        role = ROLES.get(row.holder_role or "", "")
        who = ", ".join(part for part in (role, row.holder_name or row.holder_owner or "") if part)
        past = before is not None and entered < before
        dots.append(Dot(row.reference, row.title, title, days, who, past))
    past_count = 0
    if before is not None:
        past_count = queries.count_before(session, scope.id, stage, before=day_began(before), **narrowed)
    return StageAges(stage, title, figure.open, figure.half, figure.most, tuple(dots), past_count, before)


def day_beyond(days: float, today: date) -> date:
    """The first day of which it is not true that what began before it has lasted more than so many working days.

    By the calendar of England and Wales, so that the count and the list behind it are one condition.
    """
    calendar, more = calendar_for("ENG"), floor(days) + 1
    day = calendar.add_working_days(today, -more)
    while calendar.working_days(day, today) >= more:
        day += timedelta(days=1)
    return day


__all__ = ["CHASED", "OLDEST", "ChasePage", "Dot", "StageAges", "chase_page", "day_beyond"]
