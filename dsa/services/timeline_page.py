"""The timeline of an agreement: elapsed against target at every step, who had it, and what is still to come.

One rule: every minute is somebody's, and what is not known yet is called expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound
from dsa.domain.machine import Flow
from dsa.domain.reasons import label
from dsa.domain.workflow import ROLES, Stage
from dsa.persistence import history, queries_timeline, work
from dsa.persistence.heads import Loaded
from dsa.services import facts, permitting
from dsa.services.agreement_header import Header, header_of
from dsa.services.agreements_list import began
from dsa.services.context import Context
from dsa.services.moving import flow_of, open_for
from dsa.services.next_step import forward_move
from dsa.services.timeline_events import EventShown, events_shown
from dsa.timekeeping import ledger, targets
from dsa.timekeeping.calendar import Pause, WorkingCalendar
from dsa.timekeeping.ledger import Holder, Spell
from dsa.timekeeping.nations import BeyondCalendar
from dsa.timekeeping.targets import Message, Progress

MINUTES_A_DAY = 8 * 60
_ENDED = "in_use"


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
    """A task of a stay in a stage, measured on the calendar of its organisation."""

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
    """A spell: who had it, why, from when until when (UTC), in working minutes of their own calendar."""

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

    @property
    def days(self) -> float:
        """Working days of eight hours."""
        return self.minutes / MINUTES_A_DAY


@dataclass(frozen=True, slots=True)
class Figures:
    """The three figures, in working days of eight hours: the total, what organisations worked, what was waited for.

    ``by_owner`` and ``waiting_on`` split them by whom; they add up to the total and to ``waited``.
    """

    elapsed: float
    owned: float
    waited: float
    by_owner: tuple[tuple[str, float], ...]
    waiting_on: tuple[tuple[str, float], ...]


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
    events: tuple[EventShown, ...]
    began_at: datetime
    evidenced: bool
    evidence: str
    expected_end: datetime | None
    calendar: WorkingCalendar
    may_contest: bool
    simulated: bool


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
        self.names = {party.code: party.name for party in loaded.parties}
        self.pauses: list[Pause] = [
            (hold.started_at, hold.ended_at or self.end) for hold in work.holds(session, loaded.head.id)
        ]

    def page(self, actor: Actor) -> TimelinePage:
        head = self.loaded.head
        stages = self._stages()
        who, progress, late = self._with_whom(stages)
        coming = [line for line in stages if line.expected_at is not None]
        events = events_shown(self.ctx, self.session, self.loaded, actor)
        return TimelinePage(
            header_of(self.ctx, self.session, self.loaded),
            who,
            progress,
            late,
            stages,
            self._ledger(events),
            self._figures(),
            events,
            began(head.first_contact_on, head.created_at),
            head.first_contact_on is not None,
            head.first_contact_evidence or "",
            coming[-1].expected_at if coming else None,
            self.calendar,
            permitting.why_not(self.ctx, self.session, actor, "contest", self.loaded) is None,
            any(event.simulated for event in events),
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
        return (*lines, *self._ahead(lines))

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
            due = targets.due_at(
                self.calendar,
                entered=entry.entered_at,
                target_days=entry.target_days,
                pauses=[p for p in self.pauses if p[1] > entry.entered_at],
            )
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
        )

    def _ahead(self, lines: list[StageLine]) -> list[StageLine]:
        """The stages to come, each expected to take its target after the present one is due."""
        head = self.loaded.head
        if head.finished_at is not None or head.stage == _ENDED or not lines:
            return []
        at = max(lines[-1].due_at or self.now, self.now)
        found: list[StageLine] = []
        for stage in self._path(head.stage):
            target = stage.targets.get(head.route, next(iter(stage.targets.values()), None))
            if stage.id != _ENDED:
                try:
                    at = self.calendar.due_at(at, target or 0)
                except BeyondCalendar:
                    break
            progress = Progress(0, target, 0, "not_started")
            found.append(StageLine(stage.id, stage.title, head.round, progress, None, None, None, at))
        return found

    def _path(self, stage: str) -> list[Stage]:
        """The stages that follow when nobody asks for a change, up to and with the first use of the data."""
        board = bool(facts.established(self.ctx, self.session, self.loaded, {"board_needed"}))
        found: list[Stage] = []
        while stage != _ENDED and len(found) < len(self.flow.stages):
            following = self._following(self.flow.stages[stage], board=board)
            if following is None or self.flow.stages[following].final or any(s.id == following for s in found):
                break
            found.append(self.flow.stages[following])
            stage = following
        return found

    def _following(self, stage: Stage, *, board: bool) -> str | None:
        for onward in stage.then:
            if onward.rework or self.flow.stages[onward.to].final or ("board_needed" in onward.when and not board):
                continue
            return onward.to
        move = forward_move(self.flow, stage.id)
        return move.to if move is not None else None

    def _tasks(self) -> list[tuple[str, datetime, TaskLine]]:
        found = []
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
        return who, line.words, line.progress.state == "late"

    # The ledger

    def _calendar_of(self) -> Callable[[Holder], WorkingCalendar]:
        parties: Mapping[str, Any] = {party.code: party for party in self.loaded.parties}

        def calendar_of(holder: Holder) -> WorkingCalendar:
            party = None if holder.outside else parties.get(holder.owner)
            if party is None:
                return self.calendar
            return self.ctx.calendars.of(self.session, party.organisation_id, party.nation)

        return calendar_of

    def _ledger(self, events: tuple[EventShown, ...]) -> tuple[LedgerLine, ...]:
        calendar_of = self._calendar_of()
        contested: dict[int, list[str]] = {}
        for seq, text in (event.contests for event in reversed(events) if event.contests is not None):
            contested.setdefault(seq, []).append(text)
        found = []
        for row in history.spells(self.session, self.loaded.head.id):
            holder = Holder(row.owner, row.outside, row.stage, row.role, row.reason)
            until = row.ended_at or self.end
            found.append(
                LedgerLine(
                    row.started_seq,
                    row.owner,
                    self.names.get(row.owner, row.owner),
                    ROLES.get(row.role, row.role),
                    self.flow.stages[row.stage].title if row.stage in self.flow.stages else row.stage,
                    label(row.reason),
                    holder.waiting,
                    row.started_at,
                    row.ended_at,
                    calendar_of(holder).working_minutes(row.started_at, until),
                    tuple(contested.get(row.started_seq, ())),
                )
            )
        return tuple(found)

    def _figures(self) -> Figures:
        spells = tuple(
            Spell(Holder(r.owner, r.outside, r.stage, r.role, r.reason), r.started_at, r.ended_at)
            for r in history.spells(self.session, self.loaded.head.id)
        )
        sums = ledger.totals(spells, now=self.end, calendar_of=self._calendar_of())

        def split(amounts: Mapping[str, ledger.Amount]) -> tuple[tuple[str, float], ...]:
            rows = [(self.names.get(name, name), amount.working / MINUTES_A_DAY) for name, amount in amounts.items()]
            return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))

        return Figures(
            sums.elapsed.working / MINUTES_A_DAY,
            sums.owned.working / MINUTES_A_DAY,
            sums.waited.working / MINUTES_A_DAY,
            split(sums.by_owner),
            split(sums.waiting_on),
        )
