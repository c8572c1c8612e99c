"""Reminders and escalation at the points of the workflow file. One rule: each point of a task is told once.

A point that passed while nobody looked (the service was down, the clock was moved on) is not told late: of several only
the newest is. Silence escalates; silence never approves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.workflow import Workflow
from dsa.persistence import outbox
from dsa.services.context import Context
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.nations import BeyondCalendar

AT_ONCE = 100  # tasks in one transaction: whoever decides meanwhile does not wait for all of them
Points = Sequence[tuple[str, str]]  # (what, the key under which it is asked for), the newest last


def remind(ctx: Context) -> int:
    """Ask for a mail for each open task that has reached a point since the last time; returns how many."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        ctx.calendars.refresh(session)
        reached = ((task, _reached(ctx, session, task, now)) for task in outbox.open_tasks(session))
        found = [(task, points) for task, points in reached if points and not outbox.known(session, points[-1][1])]
    asked = 0
    for start in range(0, len(found), AT_ONCE):
        with ctx.database.writing() as session:
            asked += sum(_ask(session, task, points, now) for task, points in found[start : start + AT_ONCE])
    return asked


def _ask(session: Session, task: Any, points: Points, now: datetime) -> bool:
    """Ask for the newest point, and note those before it as passed; False where another worker has asked meanwhile."""
    newest = points[-1][1]
    if outbox.known(session, newest):
        return False
    for what, key in points:
        if not outbox.known(session, key):
            payload = {"what": what, "task": task.key}
            done_at = None if key == newest else now
            outbox.ask(session, "mail", key, payload, agreement_id=task.agreement_id, at=now, done_at=done_at)
    return True


def _reached(ctx: Context, session: Session, task: Any, now: datetime) -> Points:
    """The points that a task has come to, in order of time."""
    workflow = ctx.definitions.flow(session, task.workflow_id, task.workflow_version).workflow
    calendar = ctx.calendars.of(session, task.organisation_id, task.nation)
    key = f"{task.reference}:{_dated(task)}:{task.key}"
    return [(what, f"{key}:{what}:{day}") for what, day in _points(workflow) if _has_come(day, calendar, now, task)]


def _dated(task: Any) -> int:
    """The event that gave the task its due moment: a moved one has its own points."""
    return int(task.due_seq or task.opened_seq)


def _points(workflow: Workflow) -> list[tuple[str, int]]:
    """(what, working days after the due day) in order of time; negative days lie before it."""
    before = [("reminder", -day) for day in _days(workflow.reminders, "before_days")]
    after = [("overdue", day) for day in _days(workflow.reminders, "after_days")]
    above = [("escalated", day) for day in _days(workflow.escalation, "after_days")]
    return sorted([*before, ("overdue", 0), *after, *above], key=lambda point: (point[1], point[0] == "escalated"))


def _days(points: Mapping[str, object], name: str) -> Iterable[int]:
    value = points.get(name)
    return [day for day in value if isinstance(day, int)] if isinstance(value, list) else []


def _has_come(day: int, calendar: WorkingCalendar, now: datetime, task: Any) -> bool:
    try:
        left = calendar.days_until(now, task.due_at)
    except BeyondCalendar:  # a day that was reported for years ahead keeps nobody else from being reminded
        return False
    if day < 0:
        return left <= -day
    return bool(now > task.due_at and -left >= day)
