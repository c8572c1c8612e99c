"""Where agreements wait: how long each stage takes against its target. One rule: stages are compared, never people.

What is still open is counted as what it is, still open; every number says how many stays it rests on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.workflow import Stage, Workflow
from dsa.insight.survival import survival_curve
from dsa.persistence import queries_bottlenecks as queries
from dsa.services.context import Context

FEW = 5
OLDEST = 5
# Stages that last by their nature: nobody waits for their end.
_LASTING = frozenset({"in_use"})


@dataclass(frozen=True, slots=True)
class Oldest:
    """One of the longest open stays, in working days."""

    reference: str
    title: str
    days: int
    stage: str
    over: bool


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How long a stage takes, in working days.

    ``half`` and ``nine_in_ten`` are None where too few are finished (``few``) or where the estimate does not reach so
    far. ``at_risk`` is how many stays had lasted as long as ``nine_in_ten`` (or as the last that finished).
    """

    id: str
    title: str
    target: int | None
    closed: int
    open: int
    over_target: int
    half: float | None
    nine_in_ten: float | None
    at_risk: int
    oldest: tuple[Oldest, ...]

    @property
    def few(self) -> bool:
        """Whether there are too few to compare."""
        return self.closed < FEW


@dataclass(frozen=True, slots=True)
class BottlenecksPage:
    """The page. ``worst`` is the stage that takes longest against its target, None where there are too few."""

    stages: tuple[StageTimes, ...]
    worst: StageTimes | None
    waiting: tuple[Oldest, ...]
    open: int
    stays: int
    agreements: int
    workflows: tuple[tuple[str, str], ...]
    measured_at: datetime


def bottlenecks(ctx: Context, actor: Actor, *, workflow: str = "", route: str = "") -> BottlenecksPage:
    """Measure what the actor may see, narrowed to a workflow (its id) or a route."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        rows = queries.stays(session, actor, workflow=workflow, route=route)
        known = _workflows(ctx, session)
        groups: dict[str, list[tuple[Any, int]]] = {}
        stages = _stages(known)
        for row in rows:
            stage = stages.get(row.stage)
            if stage is not None and not stage.final and row.stage not in _LASTING:
                groups.setdefault(row.stage, []).append((row, _days(ctx, session, row, now)))
    measured = tuple(_times(stages[stage], groups[stage]) for stage in stages if stage in groups)
    waiting = sorted((each for stage in measured for each in stage.oldest), key=lambda o: (-o.days, o.reference))
    return BottlenecksPage(
        measured,
        _worst(measured),
        tuple(waiting[:OLDEST]),
        sum(stage.open for stage in measured),
        sum(stage.open + stage.closed for stage in measured),
        len({row.reference for row in rows}),
        tuple((flow.id, flow.title) for flow in known),
        now,
    )


def _workflows(ctx: Context, session: Session) -> list[Workflow]:
    found = {}
    for route in ("standard", "fast"):
        workflow = ctx.definitions.for_route(session, route).workflow
        found[workflow.id] = workflow
    return list(found.values())


def _stages(workflows: list[Workflow]) -> Mapping[str, Stage]:
    """Every stage by its id, in the order of the first workflow that has it."""
    found: dict[str, Stage] = {}
    for workflow in workflows:
        for stage in workflow.stages:
            found.setdefault(stage.id, stage)
    return found


def _days(ctx: Context, session: Session, row: Any, now: datetime) -> int:
    """Working days of a stay, counted as targets are: from the working day after it began."""
    calendar = ctx.calendars.of(session, row.organisation_id, row.nation)
    return calendar.elapsed_days(row.entered_at, row.left_at or now)


def _times(stage: Stage, rows: list[tuple[Any, int]]) -> StageTimes:
    closed = [days for row, days in rows if row.left_at is not None]
    still = [(row, days) for row, days in rows if row.left_at is None]
    half = late = None
    at_risk = 0
    if len(closed) >= FEW:
        curve = survival_curve([days for _, days in rows], [row.left_at is not None for row, _ in rows])
        half, late = curve.reached(0.5).value, curve.reached(0.9).value
        at_risk = curve.number_at_risk(late if late is not None else float(curve.times[-1]))
    over = sum(1 for row, days in rows if row.target_days is not None and days > row.target_days)
    targets = {row.target_days for row, _ in rows if row.target_days is not None}
    oldest = sorted(still, key=lambda pair: (-pair[1], pair[0].reference))[:OLDEST]
    return StageTimes(
        stage.id,
        stage.title,
        max(targets) if targets else None,
        len(closed),
        len(still),
        over,
        half,
        late,
        at_risk,
        tuple(
            Oldest(row.reference, row.title, days, stage.title, row.target_days is not None and days > row.target_days)
            for row, days in oldest
        ),
    )


def _worst(measured: tuple[StageTimes, ...]) -> StageTimes | None:
    """The stage whose usual stay is longest for its target; ties: the one with more open."""
    known = [stage for stage in measured if stage.half is not None and stage.target]
    return max(known, key=lambda stage: (_ratio(stage), stage.open), default=None)


def _ratio(stage: StageTimes) -> float:
    return (stage.half or 0.0) / (stage.target or 1)
