"""The timeline of an agreement: elapsed against target at every step, who had it, and what is still to come.

One rule: every minute is somebody's, and what is not known yet is called expected.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound
from dsa.domain.machine import Flow
from dsa.domain.reasons import is_delay, label
from dsa.domain.workflow import ROLES
from dsa.persistence import history, queries_timeline, work
from dsa.persistence.heads import Loaded
from dsa.services import permitting, timetable_page
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.finish_lines import FinishLine
from dsa.services.moving import flow_of, open_for
from dsa.services.outlook import Outlook, outlook_of
from dsa.services.timeline_events import EventShown, events_shown
from dsa.services.timetable_page import TimetableShown
from dsa.services.way_ahead import target_on
from dsa.services.whose_time import MINUTES_A_DAY, Figures, HoldNow, Times, began, times_of
from dsa.timekeeping import targets
from dsa.timekeeping.calendar import Pause, WorkingCalendar
from dsa.timekeeping.ledger import Holder
from dsa.timekeeping.parallel import slack_of
from dsa.timekeeping.targets import Message, Progress


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stay in a stage, or one to come. ``expected_at`` (UTC) is when one to come should end; in use: begin."""

    id: str
    title: str
    round: int
    progress: Progress
    entered_at: datetime | None
    left_at: datetime | None
    due_at: datetime | None
    expected_at: datetime | None
    tasks: tuple["TaskLine", ...] = ()
    since_known: bool = True

    @property
    def words(self) -> Message:
        """Elapsed against target."""
        return targets.describe(self.progress)

    @property
    def paused(self) -> Message | None:
        """Time on hold, told apart."""
        return targets.describe_pause(self.progress)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task of a stay in a stage, measured on the calendar of its organisation.

    ``owned`` are the working days of the stay that are its own because it lay on the critical path; None where tasks
    did not run side by side. ``slack`` says how much earlier than the path one off it ended, or should end.
    """

    title: str
    organisation: str
    role: str
    kind: str
    status: str
    outcome: str | None
    required: bool
    progress: Progress
    opened_at: datetime
    done_at: datetime | None
    due_at: datetime
    owned: float | None = None
    slack: Message | None = None

    @property
    def words(self) -> Message:
        """Elapsed against target."""
        return targets.describe(self.progress)

    @property
    def paused(self) -> Message | None:
        """Time on hold, told apart."""
        return targets.describe_pause(self.progress)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Who had it, why, from when until when (UTC), in working minutes of their own calendar.

    ``seq`` is the entry of the ledger that it lies in. ``recorded`` names who that entry has where it is somebody else:
    the task to chase while several were open, or who was awaited beyond the day that a hold named.
    """

    seq: int
    owner: str
    who: str
    role: str
    stage: str
    reason: str
    waiting: bool
    began_at: datetime
    ended_at: datetime | None
    minutes: int
    contested: tuple[str, ...] = ()
    recorded: str = ""

    @property
    def days(self) -> float:
        """Working days of eight hours."""
        return self.minutes / MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Everything on the timeline. ``with_whom`` is empty once it is over."""

    header: Header
    with_whom: str
    with_progress: Message | None
    with_late: bool
    stages: tuple[StageLine, ...]
    ledger: tuple[LedgerLine, ...]
    figures: Figures
    finish: tuple[FinishLine, FinishLine]
    hold: HoldNow | None
    timetable: TimetableShown
    counted_until: datetime
    events: tuple[EventShown, ...]
    began_at: datetime
    evidenced: bool
    evidence: str
    calendar: WorkingCalendar
    may_contest: bool
    simulated: bool
    outlook: Outlook | None


def timeline(ctx: Context, actor: Actor, reference: str) -> TimelinePage:
    """The timeline as the actor may see it. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        return _Measure(ctx, session, loaded).page(actor)


def demand_spell(ctx: Context, actor: Actor, reference: str, seq: int) -> None:
    """Raise NotFound unless the ledger has an entry that began with this event."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        if all(row.started_seq != seq for row in history.spells(session, loaded.head.id)):
            raise NotFound("There is no such entry in the ledger. Choose one of the list.")


class _Measure:
    """Measures one agreement at one moment."""

    def __init__(self, ctx: Context, session: Session, loaded: Loaded) -> None:
        self.ctx, self.session, self.loaded = ctx, session, loaded
        self.flow: Flow = flow_of(ctx, session, loaded)
        self.now = max(ctx.clock.now(), loaded.head.updated_at)
        self.end = loaded.head.finished_at or self.now
        lead = loaded.lead
        self.calendar = ctx.calendars.of(session, lead.organisation_id, lead.nation)
        self.times: Times = times_of(ctx, session, [loaded.head], now=self.now)[loaded.head.id]
        self.names = self.times.names
        self.pauses: list[Pause] = [
            (hold.started_at, hold.ended_at or self.end) for hold in work.holds(session, loaded.head.id)
        ]

    def page(self, actor: Actor) -> TimelinePage:
        head = self.loaded.head
        stages = self._stages()
        who, progress, late = self._with_whom(stages)
        events = events_shown(self.ctx, self.session, self.loaded, actor)
        return TimelinePage(
            header_of(self.ctx, self.session, self.loaded),
            who,
            progress,
            late,
            stages,
            self._ledger(events),
            self.times.figures,
            self.times.finish,
            self.times.hold,
            timetable_page.shown(self.ctx, self.session, self.loaded, times=self.times),
            self.times.counted_until,
            events,
            began(head.first_contact_on, head.created_at),
            head.first_contact_on is not None,
            head.first_contact_evidence or "",
            self.calendar,
            permitting.why_not(self.ctx, self.session, actor, "contest", self.loaded) is None,
            any(event.simulated for event in events),
            outlook_of(self.ctx, self.session, actor, head.id, self.calendar, needed_on=head.date_needed),
        )

    # Stages and tasks

    def _stages(self) -> tuple[StageLine, ...]:
        tasks = self._tasks()
        entries = [e for e in history.stage_entries(self.session, self.loaded.head.id) if not self._final(e.stage)]
        lines = []
        for number, entry in enumerate(entries):
            until = entries[number + 1].entered_at if number + 1 < len(entries) else None
            mine = tuple(
                line
                for stage, at, line in tasks
                if stage == entry.stage and at >= entry.entered_at and (until is None or at < until)
            )
            lines.append(self._stay(entry, mine))
        return (*lines, *self._ahead())

    def _final(self, stage: str) -> bool:
        return stage not in self.flow.stages or self.flow.stages[stage].final

    def _stay(self, entry: Any, tasks: tuple[TaskLine, ...]) -> StageLine:
        progress = targets.progress(
            self.calendar,
            entered=entry.entered_at,
            left=entry.left_at,
            now=self.end,
            target_days=entry.target_days,
            pauses=self.pauses,
        )
        due = None
        if entry.left_at is None:
            due = (
                targets.due_at(
                    self.calendar,
                    entered=entry.entered_at,
                    target_days=entry.target_days,
                    pauses=[p for p in self.pauses if p[1] > entry.entered_at],
                )
                or entry.due_at
            )  # a day that was reported follows from no target
        return StageLine(
            entry.stage,
            self.flow.stages[entry.stage].title,
            entry.round,
            progress,
            entry.entered_at,
            entry.left_at,
            due,
            None,
            tasks,
            entry.since_known,
        )

    def _ahead(self) -> list[StageLine]:
        """The stages to come, each expected to take its target after the present one is due."""
        head, found = self.loaded.head, []
        for stage, _, ends_at in self.times.ahead:
            progress = Progress(0, target_on(stage, head.route), 0, "not_started")
            found.append(StageLine(stage.id, stage.title, head.round, progress, None, None, None, ends_at))
        return found

    def _tasks(self) -> list[tuple[str, datetime, TaskLine]]:
        found = []
        paths = self.times.paths.values()
        owned = {share.step.id: share for path in paths for share in path.shares}
        slack = {task: each for path in paths for task, each in slack_of(path).items()}
        together = {share.step.id for path in paths if len(path.shares) + len(path.slacks) > 1 for share in path.shares}
        for row in queries_timeline.tasks_with_organisation(self.session, self.loaded.head.id):
            if row.status == "standing":
                continue
            calendar = self.ctx.calendars.of(self.session, row.organisation_id, row.nation)
            progress = targets.progress(
                calendar,
                entered=row.opened_at,
                left=row.done_at,
                now=self.end,
                target_days=row.target_days,
                pauses=self.pauses,
            )
            line = TaskLine(
                self.flow.workflow.rule(row.rule).title,
                row.organisation,
                ROLES.get(row.role, row.role),
                row.kind,
                row.status,
                row.outcome,
                row.required,
                progress,
                row.opened_at,
                row.done_at,
                row.due_at,
                owned[row.id].working_minutes / MINUTES_A_DAY if row.id in together else None,
                slack[row.id].describe() if row.id in slack else None,
            )
            found.append((row.stage, row.opened_at, line))
        return found

    def _with_whom(self, stages: tuple[StageLine, ...]) -> tuple[str, Message | None, bool]:
        """Who has it now, and how far along they are: their task's day, else the stage's."""
        head = self.loaded.head
        here = [line for line in stages if line.entered_at is not None and line.left_at is None]
        if head.holder_owner is None or not here:
            return "", None, False
        name = self.names.get(head.holder_owner, head.holder_owner)
        role = "" if head.on_hold else ROLES.get(head.holder_role or "", "")
        waiting = [t for t in here[-1].tasks if t.status == "open" and t.role == role and t.organisation == name]
        line: TaskLine | StageLine = min(waiting, key=lambda t: t.due_at) if waiting else here[-1]
        who = ", ".join(part for part in (role, name) if part)
        said = targets.describe_as("task" if waiting else "stage", line.progress)
        return who, said, line.progress.state == "late"

    # The ledger

    def _ledger(self, events: tuple[EventShown, ...]) -> tuple[LedgerLine, ...]:
        """The ledger with parallel time given to the critical path; what is contested stands beside its entry."""
        contested: dict[int, list[str]] = {}
        for seq, text in (event.contests for event in reversed(events) if event.contests is not None):
            contested.setdefault(seq, []).append(text)
        found = []
        for piece in self.times.pieces:
            row, holder = self.times.spells[piece.spell], piece.holder
            found.append(
                LedgerLine(
                    row.started_seq,
                    holder.owner,
                    self.names.get(holder.owner, holder.owner),
                    "" if holder.not_known else ROLES.get(holder.role, holder.role),
                    self.flow.stages[holder.stage].title if holder.stage in self.flow.stages else holder.stage,
                    label(holder.reason),
                    holder.waiting,
                    piece.started_at,
                    piece.ended_at,
                    self.times.minutes(piece, now=self.end),
                    tuple(contested.get(row.started_seq, ())),
                    self._recorded(row, holder),
                )
            )
        return tuple(found)

    def _recorded(self, row: Any, holder: Holder) -> str:
        if (row.owner, row.role) == (holder.owner, holder.role):
            return ""
        role = "" if row.outside or is_delay(row.reason) else ROLES.get(row.role, row.role)
        return ", ".join(part for part in (role, self.names.get(row.owner, row.owner)) if part)
