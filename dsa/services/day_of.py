"""“Task: day 6 of 10”: how far whoever has an agreement is, for lists. One rule: their own task's target, on their
calendar, and it says that it is the task's.

Where no task of theirs is open it is the stage's target, on the calendar of the organisation that leads. Where the due
day was reported it follows from no target, and only the days are said.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.persistence import queries_stalled as queries
from dsa.services.context import Context
from dsa.timekeeping import targets
from dsa.timekeeping.targets import Message


def days_of(ctx: Context, session: Session, rows: Sequence[Any], now: datetime) -> dict[int, Message]:
    """For each open agreement of a list, by its id, what to say beside who has it; nothing for one on hold.

    Rows need id, stage, route, workflow, holder, lead and the stage's moments.
    """
    running = [row for row in rows if row.finished_at is None and not row.on_hold and row.holder_owner is not None]
    tasks: dict[int, list[Any]] = {}
    for task in queries.first_tasks(session, (row.id for row in running)) if running else ():
        tasks.setdefault(task.agreement_id, []).append(task)
    said = {row.id: _said(ctx, session, row, tasks.get(row.id, ()), now) for row in running}
    return {identifier: message for identifier, message in said.items() if message is not None}


def _said(ctx: Context, session: Session, row: Any, tasks: Iterable[Any], now: datetime) -> Message | None:
    own = next((t for t in tasks if (t.code, t.role) == (row.holder_owner, row.holder_role)), None)
    if own is None:  # a body outside has it, and whoever asks it how it stands has the task
        own = next((t for t in tasks if t.target_days is None), None)
    if own is not None:
        calendar = ctx.calendars.of(session, own.organisation_id, own.nation)
        return targets.describe_as(
            "task",
            targets.progress_by_due(
                calendar, entered=own.opened_at, target_days=own.target_days, due=own.due_at, now=now
            ),
        )
    stage = ctx.definitions.flow(session, row.workflow_id, row.workflow_version).stages[row.stage]
    target = _target(stage.targets, row.route)
    if target is None or row.stage_due_at is None:
        return None
    calendar = ctx.calendars.of(session, row.lead_organisation_id, row.lead_nation)
    progress = targets.progress_by_due(
        calendar, entered=row.stage_entered_at, target_days=target, due=row.stage_due_at, now=now
    )
    return targets.describe_as("stage", progress)


def _target(of_routes: Mapping[str, int], route: str) -> int | None:
    return of_routes.get(route)
