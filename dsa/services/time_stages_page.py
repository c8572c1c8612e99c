"""How long each stage takes against its target. One rule: stages are compared, never people.

What is still open is counted as what it is, still open; every number says how many stays it rests on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.workflow import Stage
from dsa.persistence import queries_figures as queries
from dsa.services.context import Context
from dsa.services.stage_counts import FEW, by_stage
from dsa.services.time_scope import Asked, Scope, scope_of
from dsa.timekeeping.instants import local_day

OLDEST = 5


@dataclass(frozen=True, slots=True)
class Overdue:
    """An agreement past its stage's due moment; ``days`` working days late on the lead's calendar.

    0 where no working day has passed since: then ``today`` says whether it was due today.
    """

    reference: str
    title: str
    stage: str
    days: int
    who: str
    today: bool = False


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How long a stage takes, in working days.

    ``half`` and ``most`` (85 of 100) are None where too few are finished (``few``) or where the estimate does not reach
    so far; ``at_risk`` is how many stays had lasted as long as ``most``. ``closed`` and ``open`` count stays,
    ``passed`` and ``late`` agreements.
    """

    id: str
    title: str
    target: int | None
    closed: int
    open: int
    passed: int
    late: int
    half: float | None
    most: float | None
    at_risk: int

    @property
    def few(self) -> bool:
        """Whether there are too few to compare."""
        return self.closed < FEW


@dataclass(frozen=True, slots=True)
class StagesPage:
    """The page. ``worst`` is the stage that takes longest against its target, None where there are too few."""

    scope: Scope
    stages: tuple[StageTimes, ...]
    worst: StageTimes | None
    overdue: tuple[Overdue, ...]
    overdue_count: int
    workflows: tuple[tuple[str, str], ...]

    @property
    def open(self) -> int:
        """How many stays are still open."""
        return sum(stage.open for stage in self.stages)

    @property
    def stays(self) -> int:
        """How many stays all of it rests on."""
        return sum(stage.closed for stage in self.stages) + self.open


def stages_page(ctx: Context, actor: Actor, asked: Asked) -> StagesPage:
    """What the figures say, of what the actor may see."""
    now = ctx.clock.now()
    narrowed: dict[str, Any] = {"workflow": asked.workflow, "route": asked.route, "months": asked.months}
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        rows = _figures(session, scope.id, asked, now)
        measured = tuple(
            _times(stage, rows[stage.id], asked.route)
            for stage in scope.stages.values()
            if stage.id in rows and (rows[stage.id]["closed"] or rows[stage.id]["open"])
        )
        late = queries.most_overdue(session, scope.id, now=now, limit=OLDEST, **narrowed)
        return StagesPage(
            scope,
            measured,
            _worst(measured),
            overdue_of(ctx, session, scope, late, now),
            queries.overdue_count(session, scope.id, now=now, **narrowed),
            scope.workflows,
        )


def _figures(session: Session, scope: int, asked: Asked, now: datetime) -> dict[str, Mapping[str, Any]]:
    """The figures of every stage: as they are kept, or those of the agreements started in some months."""
    narrowed = {"workflow": asked.workflow, "route": asked.route}
    if not asked.months:
        return {row.stage: row._mapping for row in queries.stages(session, scope, **narrowed)}
    counted = queries.stages_started(session, scope, asked.months, **narrowed)
    return {**by_stage(counted, local_day(now))}


def overdue_of(ctx: Context, session: Session, scope: Scope, rows: Sequence[Any], now: datetime) -> tuple[Overdue, ...]:
    """Overdue agreements as a list shows them."""
    found = []
    for row in rows:
        calendar = ctx.calendars.of(session, row.lead_organisation_id, row.nation)
        stage = scope.stages.get(row.stage)
        who = row.holder_name or row.holder_owner or ""
        title = stage.title if stage is not None else row.stage
        last, today = calendar.local_date(row.due_at), calendar.local_date(now)
        found.append(
            Overdue(row.reference, row.title, title, calendar.working_days(last, today), who, today=last == today)
        )
    return tuple(found)


def _times(stage: Stage, row: Mapping[str, Any], route: str) -> StageTimes:
    targets = [stage.targets[route]] if route in stage.targets else list(stage.targets.values())
    return StageTimes(
        stage.id,
        stage.title,
        max(targets, default=None),
        *(row[name] for name in ("closed", "open", "passed", "late", "half", "most", "at_risk")),
    )


def _worst(measured: tuple[StageTimes, ...]) -> StageTimes | None:
    """The stage whose usual stay is longest for its target; ties: the one with more open."""
    known = [stage for stage in measured if stage.half is not None and stage.target]
    return max(known, key=lambda stage: ((stage.half or 0.0) / (stage.target or 1), stage.open), default=None)
