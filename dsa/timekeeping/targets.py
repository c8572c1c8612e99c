"""Elapsed against target: when a task falls due, how far along it is, and how to say so.

One rule: a target counts working days from the working day after a task came in, on the calendar of whoever has it;
time on hold moves the due date and is shown apart, never hidden in the elapsed days.

What to say is a pair of message id and parameters, so that the edge can translate it; the singular has a message of
its own, and no message is put together from parts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dsa.timekeeping.calendar import Pause, WorkingCalendar, merged
from dsa.timekeeping.nations import BeyondCalendar

Message = tuple[str, Mapping[str, object]]
Whose = Literal["task", "stage"]
State = Literal["not_started", "running", "done", "late"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far along a task or stage is, in working days.

    ``elapsed_days`` leaves out ``paused_days``; ``target_days`` None: it has no target. ``late``: running and past its
    due moment, which is close of office on the target day. A finished one is ``done``, whether or not it was in time.
    """

    elapsed_days: int
    target_days: int | None
    paused_days: int
    state: State

    @property
    def days_over(self) -> int:
        """Working days beyond the target; 0 where there is none or it was kept."""
        return 0 if self.target_days is None else max(0, self.elapsed_days - self.target_days)


NOT_STARTED = Progress(0, None, 0, "not_started")


def paused_days(calendar: WorkingCalendar, pauses: Collection[Pause], *, start: datetime, end: datetime) -> int:
    """Working days of the pauses that lie between the two instants; where pauses overlap, a day counts once."""
    return sum(
        calendar.working_days(calendar.local_date(begins), calendar.local_date(ends))
        for begins, ends in merged(pauses, start, end)
    )


def due_at(
    calendar: WorkingCalendar, *, entered: datetime, target_days: int | None, pauses: Collection[Pause] = ()
) -> datetime | None:
    """When a task falls due (UTC, close of office), moved on by the working days it was paused; None without target.

    Work it out once on entry and again when a pause ends, and store it with ``calendar.version``.
    """
    if target_days is None:
        return None
    latest = max((ends for _, ends in pauses), default=entered)
    paused = paused_days(calendar, pauses, start=entered, end=latest)
    return calendar.due_at(entered, target_days + paused)


def progress(
    calendar: WorkingCalendar,
    *,
    entered: datetime | None,
    left: datetime | None,
    now: datetime,
    target_days: int | None,
    pauses: Collection[Pause] = (),
) -> Progress:
    """How far along a task is at ``now`` (UTC). ``entered`` None: not started; ``left`` None: not finished.

    A pause that still lasts is given with ``now`` as its end.
    """
    if entered is None or entered > now:
        return Progress(0, target_days, 0, "not_started")
    done = left is not None and left <= now
    end = left if left is not None and done else now
    paused = paused_days(calendar, pauses, start=entered, end=end)
    elapsed = calendar.elapsed_days(entered, end) - paused
    if done:
        return Progress(elapsed, target_days, paused, "done")
    past = tuple((begins, min(ends, now)) for begins, ends in pauses if begins < now)
    due = due_at(calendar, entered=entered, target_days=target_days, pauses=past)
    return Progress(elapsed, target_days, paused, "late" if due is not None and now > due else "running")


def progress_by_due(
    calendar: WorkingCalendar, *, entered: datetime, target_days: int | None, due: datetime, now: datetime
) -> Progress:
    """As ``progress`` for something that runs, from its stored due moment: what that was moved on by is paused time."""
    if target_days is None:
        return Progress(calendar.elapsed_days(entered, now), None, 0, "running")
    # by the numbers of days, because lists ask this for every row; what has no days is due on the next day of work
    began = calendar.day_number(entered)
    reached = began + target_days if target_days else calendar.day_number(calendar.next_opening(entered))
    paused = max(0, calendar.day_number(due) - reached)
    elapsed = max(0, calendar.day_number(now) - began - paused)
    return Progress(elapsed, target_days, paused, "late" if now > due else "running")


def describe(item: Progress) -> Message:
    """Elapsed against target in words, such as “day 6 of 10”. The day a task comes in is day 0."""
    params = {"day": item.elapsed_days, "target": item.target_days, "over": item.days_over}
    if item.state == "not_started":
        return ("not started", {})
    if item.state == "done":
        return (_done(item), params)
    if item.target_days is None:
        return ("day %(day)s", params)
    if item.state == "running":
        return ("day %(day)s of %(target)s" if item.target_days else "due the same day", params)
    if item.days_over == 0:
        return ("day %(day)s of %(target)s, past close of office", params)
    if item.days_over == 1:
        return ("day %(day)s of %(target)s, 1 working day over", params)
    return ("day %(day)s of %(target)s, %(over)s working days over", params)


# Written out, because a message is translated as a whole.
_OF: Mapping[str, Mapping[Whose, str]] = {
    "day %(day)s": {"task": "task: day %(day)s", "stage": "stage: day %(day)s"},
    "day %(day)s of %(target)s": {
        "task": "task: day %(day)s of %(target)s",
        "stage": "stage: day %(day)s of %(target)s",
    },
    "due the same day": {"task": "task: due the same day", "stage": "stage: due the same day"},
    "day %(day)s of %(target)s, past close of office": {
        "task": "task: day %(day)s of %(target)s, past close of office",
        "stage": "stage: day %(day)s of %(target)s, past close of office",
    },
    "day %(day)s of %(target)s, 1 working day over": {
        "task": "task: day %(day)s of %(target)s, 1 working day over",
        "stage": "stage: day %(day)s of %(target)s, 1 working day over",
    },
    "day %(day)s of %(target)s, %(over)s working days over": {
        "task": "task: day %(day)s of %(target)s, %(over)s working days over",
        "stage": "stage: day %(day)s of %(target)s, %(over)s working days over",
    },
}


def describe_as(whose: Whose, item: Progress) -> Message:
    """As ``describe``, and whose day it is: “task: day 6 of 10”. For where a task and its stage stand side by side."""
    words, params = describe(item)
    return (_OF[words][whose] if words in _OF else words, params)


def _done(item: Progress) -> str:
    """The message of something finished, for none, one or several days, with or without a target."""
    if item.target_days is None:
        few = ("took less than 1 working day", "took 1 working day")
        return few[item.elapsed_days] if item.elapsed_days < 2 else "took %(day)s working days"
    few = ("took less than 1 working day, target %(target)s", "took 1 working day, target %(target)s")
    return few[item.elapsed_days] if item.elapsed_days < 2 else "took %(day)s working days, target %(target)s"


def describe_pause(item: Progress) -> Message | None:
    """The time on hold in words; None where there was none."""
    if item.paused_days == 0:
        return None
    if item.paused_days == 1:
        return ("on hold for 1 working day", {})
    return ("on hold for %(days)s working days", {"days": item.paused_days})


def distance(calendar: WorkingCalendar, *, now: datetime, due: datetime) -> Message:
    """How far off a due moment is, in working days, in words to stand beside the date.

    A moment that the calendar does not reach is said to be so: a date that somebody reported closes no list.
    """
    try:
        if calendar.local_date(now) == calendar.local_date(due):
            return ("today", {})
        days = calendar.days_until(now, due)
    except BeyondCalendar:
        return ("beyond the bank holidays that are known", {})
    if days == 0:
        # Due on a day when the office is shut.
        return ("before the next working day", {})
    if days == 1:
        return ("in 1 working day", {})
    if days == -1:
        return ("1 working day ago", {})
    if days > 0:
        return ("in %(n)s working days", {"n": days})
    return ("%(n)s working days ago", {"n": -days})
