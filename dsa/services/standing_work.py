"""What an agreement waits for now, in the names of the fitted process. One rule: nothing private is in it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from sqlalchemy.orm import Session

from dsa.insight.levers import OURS, THEIRS, task_name
from dsa.persistence import queries_time, work
from dsa.persistence.heads import Loaded
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.services.process_model import Rules, came_back
from dsa.timekeeping.working_clock import MINUTES_A_DAY, working_clock


@dataclass(frozen=True, slots=True)
class Standing:
    """A piece of work that is open: its name in the fitted process, the organisations it is asked of, how many working
    days it has lasted since the first of them was asked, and whether it is overdue. ``title`` is what the agreement's
    own workflow calls it."""

    name: str
    title: str
    who: tuple[str, ...]
    days: float
    overdue: bool


@dataclass(frozen=True, slots=True)
class WhereItStands:
    """What is open in the present stage; the names of all that was ``asked`` for there, done or not; how often it has
    come back from ``review``; and how many working days its hold is still to run (None: it is on none)."""

    standing: tuple[Standing, ...]
    asked: frozenset[str]
    returns: int
    held: float | None


def standing_of(ctx: Context, session: Session, loaded: Loaded, rules: Rules) -> WhereItStands:
    """Where the agreement stands. A piece of work has lasted since the first party was asked for its part in it."""
    head, lead = loaded.head, loaded.lead
    flow = flow_of(ctx, session, loaded)
    calendar = ctx.calendars.of(session, lead.organisation_id, lead.nation)
    clock, now = working_clock(calendar), ctx.clock.now()

    def since(at: datetime) -> float:
        days = clock.days_before(np.array([int(at.timestamp()), int(now.timestamp())]))
        return max(0.0, float(days[1] - days[0]))

    names = {party.organisation_id: party.name for party in loaded.parties}
    first: dict[str, datetime] = {}
    groups: dict[str, list[Standing]] = {}
    for task in loaded.tasks:
        if task.stage != head.stage or task.round != head.round or not task.required or task.status == "standing":
            continue
        side = OURS if task.organisation_id == lead.organisation_id else THEIRS
        name = task_name(rules.root.get(task.rule, task.rule), side)
        first[name] = min(first.get(name, task.opened_at), task.opened_at)
        if task.status == "open":
            who = (names.get(task.organisation_id, ""),)
            overdue = task.due_at is not None and task.due_at < now
            title = flow.workflow.rule(task.rule).title
            groups.setdefault(name, []).append(Standing(name, title, who, 0.0, overdue))
    standing = [_together(name, found, since(first[name])) for name, found in groups.items()]
    if not standing:
        overdue = head.stage_due_at is not None and head.stage_due_at < now
        title = flow.stages[head.stage].title
        standing = [Standing(head.stage, title, (lead.name,), since(head.stage_entered_at), overdue)]
    until = max((hold.until for hold in work.holds(session, head.id) if hold.ended_at is None), default=now)
    held = calendar.working_minutes(now, until) / MINUTES_A_DAY if head.on_hold else None
    stays = queries_time.stays(session, [head.id]).get(head.id, [])
    returns = sum(came_back(one.stage, after.stage) for one, after in pairwise(stays))
    return WhereItStands(tuple(standing), frozenset(first), returns, held)


def _together(name: str, found: list[Standing], days: float) -> Standing:
    """What several organisations are asked for, as one."""
    return Standing(
        name,
        found[0].title,
        tuple(dict.fromkeys(name for one in found for name in one.who)),
        days,
        any(one.overdue for one in found),
    )
