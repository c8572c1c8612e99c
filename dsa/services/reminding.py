"""Reminders and escalation at the points of the workflow file. One rule: each point of a task is told once.

A point that passed while nobody looked (the service was down, the clock was moved on) is not told late: of several only
the newest is. Silence escalates; silence never approves.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dsa.domain.workflow import Workflow
from dsa.persistence import outbox, rows
from dsa.services.context import Context
from dsa.timekeeping.calendar import WorkingCalendar


def remind(ctx: Context) -> int:
    """Ask for a mail for each open task that has reached a point since the last time; returns how many."""
    now, asked = ctx.clock.now(), 0
    with ctx.database.writing() as session:
        ctx.calendars.refresh(session)
        for task in outbox.open_tasks(session):
            workflow = ctx.definitions.flow(session, task.workflow_id, task.workflow_version).workflow
            calendar = ctx.calendars.of(session, task.organisation_id, task.nation)
            reached = [point for point in _points(workflow) if _has_come(point[1], calendar, now, task.due_at)]
            keys = [(what, f"{task.reference}:{_dated(task)}:{task.key}:{what}:{day}") for what, day in reached]
            if not keys or outbox.known(session, keys[-1][1]):
                continue
            for what, key in keys:
                late = key != keys[-1][1]
                if not outbox.known(session, key):
                    rows.add(session, "outbox", _row(task, what, key, now, skipped=late))
            asked += 1
    return asked


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


def _has_come(day: int, calendar: WorkingCalendar, now: datetime, due: datetime) -> bool:
    left = calendar.days_until(now, due)
    if day < 0:
        return left <= -day
    return now > due and -left >= day


def _row(task: Any, what: str, key: str, now: datetime, *, skipped: bool) -> dict[str, Any]:
    row = {"kind": "mail", "key": key, "agreement_id": task.agreement_id, "created_at": now, "available_at": now}
    return row | {"payload": {"what": what, "task": task.key}, "attempts": 0, "done_at": now if skipped else None}
