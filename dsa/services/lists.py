"""What waits for a person, grouped by urgency. One rule: a list says what to do, for whom, and by when.

The words of a row are made once, here, so that a page of them costs little.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.permissions import TIMETABLE_ROLES
from dsa.domain.workflow import ROLES
from dsa.persistence import people
from dsa.persistence import queries_tasks_list as queries
from dsa.services.context import Context
from dsa.services.day_of import days_of
from dsa.services.next_step import forward_move
from dsa.timekeeping import targets
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.targets import Message

PAGE = 25
_BY_MOVE = frozenset({"starting", "drafting", "locking", "sealing", "preparing", "renewing", "disposing", "returned"})
_OWN_DRAFTS = frozenset({"starting", "drafting", "returned"})


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do: ``what`` is a verb phrase and the link; ``waits`` is who waits for it.

    ``group`` is overdue, week or later; ``distance`` the working days to ``due_at`` (UTC) in words; ``progress`` is
    “task: day 6 of 10”.
    """

    what: str
    url: str
    title: str
    reference: str
    waits: str
    due_at: datetime | None
    distance: Message | None
    group: str
    progress: Message | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agreement that somebody else has: who, for how many working days (None: nobody here knows since when), and on
    which day of their target."""

    title: str
    reference: str
    who: str
    days: int | None
    progress: Message | None


@dataclass(frozen=True, slots=True)
class TasksPage:
    """Everything on "My tasks". ``waiting_count`` is exact unless there are more (``waiting_more``).

    ``after`` is where the next page begins ("epoch-id"), or None.
    """

    overdue: tuple[ToDo, ...]
    week: tuple[ToDo, ...]
    later: tuple[ToDo, ...]
    waiting: tuple[Waiting, ...]
    waiting_count: int
    waiting_more: bool
    after: str | None

    @property
    def count(self) -> int:
        """How many things to do are on this page."""
        return len(self.overdue) + len(self.week) + len(self.later)

    @property
    def first(self) -> tuple[ToDo, ...]:
        """The most urgent three, for the start page."""
        return (*self.overdue, *self.week, *self.later)[:3]


def my_tasks(ctx: Context, actor: Actor, *, after: tuple[datetime, int] | None = None) -> TasksPage:
    """What waits for the actor, the most urgent first, and what waits for others. ``after`` goes on from a page."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        posts = [held for held in actor.posts if not held.sees_all]
        tasks = queries.open_tasks(
            session, ((p.organisation_id, p.role) for p in posts), actor.person_id, after=after, limit=PAGE
        )
        todo = [_task(ctx, session, row, now) for row in tasks[:PAGE]]
        if after is None:
            todo += _questions(ctx, session, actor, now)
            todo += _moves(ctx, session, actor, now)
            todo += _timetables(ctx, session, actor, now)
        waiting, count = _with_others(ctx, session, actor, now)
    todo.sort(key=lambda item: (item.due_at is None, item.due_at, item.reference, item.what))
    last = tasks[PAGE - 1] if len(tasks) > PAGE else None
    return TasksPage(
        tuple(item for item in todo if item.group == "overdue"),
        tuple(item for item in todo if item.group == "week"),
        tuple(item for item in todo if item.group == "later"),
        waiting,
        min(count, queries.MOST_WITH_OTHERS),
        count > queries.MOST_WITH_OTHERS,
        None if last is None else f"{int(last.due_at.timestamp())}-{last.id}",
    )


def _task(ctx: Context, session: Session, row: Any, now: datetime) -> ToDo:
    rule = ctx.definitions.flow(session, row.workflow_id, row.workflow_version).workflow.rule(row.rule)
    own = row.organisation_id == row.lead_organisation_id
    waits = "the other parties" if own else row.lead_name
    calendar = ctx.calendars.of(session, row.organisation_id, row.nation)
    progress = targets.progress_by_due(
        calendar, entered=row.opened_at, target_days=row.target_days, due=row.due_at, now=now
    )
    said = targets.describe_as("task", progress)
    return _todo(ctx, session, row, now, rule.title, f"tasks/{row.key}", waits, calendar=calendar, progress=said)


def _questions(ctx: Context, session: Session, actor: Actor, now: datetime) -> Iterable[ToDo]:
    mine = {held.organisation_id for held in actor.posts if held.role == "drafter"}
    if not mine:
        return []
    rows = queries.open_questions(session, mine)
    return [
        _todo(ctx, session, row, now, "Answer a reviewer's question", f"questions/{row.id}", "the reviewer")
        for row in rows
    ]


def _timetables(ctx: Context, session: Session, actor: Actor, now: datetime) -> Iterable[ToDo]:
    mine = {held.organisation_id for held in actor.posts if held.role in TIMETABLE_ROLES}
    rows = queries.open_timetables(session, mine)
    what = "Answer the proposed dates"
    return [_todo(ctx, session, row, now, what, "timetable", "the other parties") for row in rows]


def _moves(ctx: Context, session: Session, actor: Actor, now: datetime) -> Iterable[ToDo]:
    posts = [(h.organisation_id, h.organisation, h.role) for h in actor.posts]
    drafting = {held.organisation_id for held in actor.posts if held.role == "drafter"}
    left = {each: people.who_left(session, each, "drafter", on=local_day(now)) for each in drafting}
    rows = queries.with_me(session, posts, actor.person_id, reasons=_BY_MOVE, mine_only=_OWN_DRAFTS, left=left)
    found = []
    for row in rows:
        flow = ctx.definitions.flow(session, row.workflow_id, row.workflow_version)
        move = forward_move(flow, row.stage)
        if row.stage in ("start", "drafting"):
            what = "Put right what was asked for" if row.holder_reason == "returned" else "Go on with the draft"
            found.append(_todo(ctx, session, row, now, what, "draft", "the other parties"))
        elif move is not None:
            found.append(_todo(ctx, session, row, now, move.title, f"moves/{move.id}", "the other parties"))
    return found


def _todo(
    ctx: Context,
    session: Session,
    row: Any,
    now: datetime,
    what: str,
    path: str,
    waits: str,
    *,
    calendar: WorkingCalendar | None = None,
    progress: Message | None = None,
) -> ToDo:
    due: datetime | None = row.due_at
    reference: str = row.reference
    calendar = calendar or ctx.calendars.of(session, row.lead_organisation_id, row.lead_nation)
    distance = None if due is None else targets.distance(calendar, now=now, due=due)
    group = "later" if due is None else "overdue" if due < now else "week" if due < _end_of_week(now) else "later"
    return ToDo(what, f"/agreements/{reference}/{path}", row.title, reference, waits, due, distance, group, progress)


def _end_of_week(now: datetime) -> datetime:
    """The end of the coming Sunday (UTC: nobody's office is open then)."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=7 - now.weekday())


def _with_others(ctx: Context, session: Session, actor: Actor, now: datetime) -> tuple[tuple[Waiting, ...], int]:
    if actor.sees_all:
        return (), 0
    rows, count = queries.with_others(session, actor, [(h.organisation, h.role) for h in actor.posts])
    found, said = [], days_of(ctx, session, rows, now)
    for row in rows:
        calendar = ctx.calendars.of(session, row.lead_organisation_id, row.lead_nation)
        days = None if row.since_not_known else calendar.elapsed_days(row.holder_since, now)
        role = ROLES.get(row.holder_role or "", "")
        who = ", ".join(part for part in (role, row.holder_name or row.holder_owner) if part)
        progress = None if row.since_not_known else said.get(row.id)
        found.append(Waiting(row.title, row.reference, who, days, progress))
    return tuple(found), count
