"""Throughput, open work and the wait to expect, by team. One rule: a team is a role at an organisation, never a person,
and teams stand in the order of their names, not of their figures.
"""

from dataclasses import dataclass
from typing import Any

from dsa.domain.actor import Actor
from dsa.domain.workflow import ROLES
from dsa.persistence import queries_figures as queries
from dsa.services.context import Context
from dsa.services.figures import TEAM_WEEKS, first_week_done
from dsa.services.stage_counts import FEW
from dsa.services.time_scope import Asked, Scope, scope_of
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.weeks import week_of

WEEKS = 26
PAGE = 40
_DAYS_A_WEEK = 5


@dataclass(frozen=True, slots=True)
class Team:
    """A role at an organisation: open tasks, tasks finished in the last twelve weeks, and the working days that a new
    task should expect to wait by Little's law (None where fewer than five were finished: too few to say).
    """

    code: str
    organisation: str
    role: str
    role_title: str
    open: int
    done: int

    @property
    def wait(self) -> float | None:
        """Open work over throughput."""
        return None if self.done < FEW else self.open / (self.done / TEAM_WEEKS) * _DAYS_A_WEEK


@dataclass(frozen=True, slots=True)
class Week:
    """Agreements started, signed and settled (in use, or over) in a week, and how many were under way at its end."""

    number: int
    started: int
    signed: int
    settled: int
    open: int


@dataclass(frozen=True, slots=True)
class TeamsPage:
    """The page. ``after`` begins the next page of teams ("CODE:role"), None on the last. ``done_since``: the first week
    of which finished tasks are counted."""

    scope: Scope
    weeks: tuple[Week, ...]
    teams: tuple[Team, ...]
    fullest: Team | None
    after: str | None
    done_since: int


def teams_page(ctx: Context, actor: Actor, asked: Asked, *, after: str = "") -> TeamsPage:
    """The weeks and a page of teams, of what the actor may see."""
    this_week = week_of(local_day(ctx.clock.now()))
    code, _, role = after.rpartition(":")
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        since = this_week - WEEKS + 1
        rows = queries.by_week(session, scope.id, "flow", route=asked.route, since=since)
        found = queries.teams(session, scope.id, after=(code, role), limit=PAGE + 1)
        fullest = queries.fullest_team(session, scope.id)
        teams = tuple(_team(row) for row in found[:PAGE])
        return TeamsPage(
            scope,
            _weeks(rows, since, this_week),
            teams,
            None if fullest is None else _team(fullest),
            f"{teams[-1].code}:{teams[-1].role}" if len(found) > PAGE else None,
            first_week_done(scope.as_at or ctx.clock.now()),
        )


def _team(row: Any) -> Team:
    return Team(
        row.organisation, row.name or row.organisation, row.role, ROLES.get(row.role, row.role), row.open, row.done
    )


def _weeks(rows: list[Any], since: int, last: int) -> tuple[Week, ...]:
    counts = {(row.at_week, row.name): int(row.n) for row in rows}
    under_way = counts.get((0, "started"), 0) - counts.get((0, "settled"), 0)
    found = []
    for week in range(since, last + 1):
        started, settled = counts.get((week, "started"), 0), counts.get((week, "settled"), 0)
        under_way += started - settled
        found.append(Week(week, started, counts.get((week, "signed"), 0), settled, under_way))
    return tuple(found) if any(week.started or week.open or week.settled for week in found) else ()
