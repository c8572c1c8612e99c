"""What an agreement waits for now, in the names of the fitted process. One rule: nothing private is in it."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from dsa.insight.levers import OURS, THEIRS, task_name
from dsa.persistence import work
from dsa.persistence.heads import Loaded
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.services.process_model import Rules
from dsa.timekeeping.working_clock import MINUTES_A_DAY, working_clock


@dataclass(frozen=True, slots=True)
class Standing:
    """A piece of work that is open: its name in the fitted process, the organisations it is asked of, how many working
    days it has lasted, and whether it is overdue. ``title`` is what the agreement's own workflow calls it."""

    name: str
    title: str
    who: tuple[str, ...]
    days: float
    overdue: bool


def standing_of(
    ctx: Context, session: Session, loaded: Loaded, rules: Rules
) -> tuple[tuple[Standing, ...], float | None]:
    """What is open in the present stage, and how many working days its hold is still to run (None: it is on none)."""
    head, lead = loaded.head, loaded.lead
    flow = flow_of(ctx, session, loaded)
    calendar = ctx.calendars.of(session, lead.organisation_id, lead.nation)
    clock, now = working_clock(calendar), ctx.clock.now()

    def since(at: int) -> float:
        days = clock.days_before(np.array([at, int(now.timestamp())]))
        return max(0.0, float(days[1] - days[0]))

    until = max((hold.until for hold in work.holds(session, head.id) if hold.ended_at is None), default=now)
    held = calendar.working_minutes(now, until) / MINUTES_A_DAY if head.on_hold else None
    names = {party.organisation_id: party.name for party in loaded.parties}
    groups: dict[str, list[Standing]] = {}
    for task in loaded.tasks:
        if task.status == "open" and task.stage == head.stage and task.required:
            side = OURS if task.organisation_id == lead.organisation_id else THEIRS
            root = rules.root.get(task.rule, task.rule)
            who = (names.get(task.organisation_id, ""),)
            found = Standing(
                task_name(root, side),
                flow.workflow.rule(task.rule).title,
                who,
                since(int(task.opened_at.timestamp())),
                task.due_at is not None and task.due_at < now,
            )
            groups.setdefault(found.name, []).append(found)
    if not groups:
        age = since(int(head.stage_entered_at.timestamp()))
        overdue = head.stage_due_at is not None and head.stage_due_at < now
        return (Standing(head.stage, flow.stages[head.stage].title, (lead.name,), age, overdue),), held
    return tuple(_together(name, found) for name, found in groups.items()), held


def _together(name: str, found: list[Standing]) -> Standing:
    """What several organisations are asked for, as one: the one that has lasted longest decides."""
    return Standing(
        name,
        found[0].title,
        tuple(dict.fromkeys(name for one in found for name in one.who)),
        max(one.days for one in found),
        any(one.overdue for one in found),
    )
