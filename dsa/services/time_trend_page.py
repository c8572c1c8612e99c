"""Has a stage become quicker or slower, or does it only vary. One rule: one sentence says what the chart says."""

from dataclasses import dataclass
from statistics import median

from dsa.domain.actor import Actor
from dsa.insight.control import BASELINE, ControlChart, control_chart
from dsa.persistence import queries_figures as queries
from dsa.services.context import Context
from dsa.services.time_scope import Asked, Scope, scope_of
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.weeks import week_of

WEEKS = 156
_LONG_BASELINE = 40
_FEW_A_WEEK = 3  # stays below which a week's figure is hardly more than one agreement's
_TOO_WIDE = 25  # times the lower limit: with an upper one beyond it hardly any week is out of the ordinary


@dataclass(frozen=True, slots=True)
class Point:
    """A week in which stays of the stage ended: how many, and the working days within which half of them did."""

    week: int
    n: int
    half: float


@dataclass(frozen=True, slots=True)
class TrendPage:
    """The page of one stage. ``chart`` is None where there are fewer than twenty weeks to go by."""

    scope: Scope
    stage: str
    title: str
    points: tuple[Point, ...]
    chart: ControlChart | None
    choices: tuple[tuple[str, str], ...]

    @property
    def thin(self) -> bool:
        """Whether the weeks have so few stays, and vary so much, that they tell nothing of one week."""
        if self.chart is None or median(point.n for point in self.points) >= _FEW_A_WEEK:
            return False
        return self.chart.upper > _TOO_WIDE * self.chart.lower


def trend_page(ctx: Context, actor: Actor, asked: Asked, *, stage: str = "") -> TrendPage:
    """The weeks of a stage; without one, of the stage that most stays have ended in."""
    since = week_of(local_day(ctx.clock.now())) - WEEKS
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        figures = {row.stage: row for row in queries.stages(session, scope.id, workflow="", route="") if row.closed}
        known = [each for each in scope.stages if each in figures]
        chosen = stage if stage in known else max(known, key=lambda each: figures[each].closed, default="")
        rows = queries.weeks(session, scope.id, chosen, since=since) if chosen else []
    points = tuple(Point(row.week, row.n, row.half) for row in rows)
    title = scope.stages[chosen].title if chosen else ""
    choices = tuple((each, scope.stages[each].title) for each in known)
    return TrendPage(scope, chosen, title, points, _chart([point.half for point in points]), choices)


def _chart(halves: list[float]) -> ControlChart | None:
    """Limits from the first weeks, so that later ones can differ from them."""
    if len(halves) < BASELINE:
        return None
    return control_chart(halves, baseline=BASELINE if len(halves) < 2 * _LONG_BASELINE else _LONG_BASELINE)
