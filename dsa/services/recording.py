"""Writing one step: its event, tasks, stay in a stage, spell of the ledger, head and outbox.

One rule: whatever a row gets that a replay could not work out (a due moment, working minutes) stands in the event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain import events
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Conflict
from dsa.domain.events import MovedDue, Timing
from dsa.domain.holding import Holding
from dsa.domain.integrity import canonical
from dsa.domain.machine import Decision, Flow, TaskFact
from dsa.domain.tracking import TRACKED
from dsa.persistence import history, outbox, steps, waiting
from dsa.persistence.heads import Loaded
from dsa.services.chaining import actor_body, chained, committed
from dsa.services.context import Context
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import local_day_text


@dataclass(frozen=True, slots=True)
class Happening:
    """What is to be recorded: the event's kind, its public facts, private texts of the actor's side.

    ``happened_at`` is given for something decided earlier and typed in now. ``private`` keeps the whole event to the
    actor's side. ``privileged`` marks legal advice: it never reaches another party or an export.
    """

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    happened_at: datetime | None = None
    private: bool = False
    privileged: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A task that opens, with its target in working days, when it falls due, and the calendar that this rests on."""

    fact: TaskFact
    target_days: int | None
    due_at: datetime
    calendar_version: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step comes to: the decision, who has the agreement then, what opens, which due moments move, and the
    marks of the head.

    ``stage_due``: when the stage that is reached falls due, where that was reported and does not follow from a target.
    """

    decision: Decision
    holding: Holding | None
    opened: tuple[Opening, ...]
    changes: bool
    bump: bool
    on_hold: bool
    moved: tuple[MovedDue, ...] = ()
    stage_due: datetime | None = None


@dataclass(slots=True)
class Recorder:
    """Writes the rows of one step, in one place, from one outcome."""

    ctx: Context
    session: Session
    loaded: Loaded
    actor: Actor
    held: Held
    flow: Flow
    at: datetime
    outcome: Outcome

    def write(self, happening: Happening) -> tuple[int, int]:
        """Write the step; returns its place in the chain and the agreement's new version.

        Raises Conflict where somebody else was first, BadInput for text that cannot be kept.
        """
        head, outcome = self.loaded.head, self.outcome
        seq, version = int(head.head_seq) + 1, int(head.version) + outcome.bump
        closing = self._closing(seq)
        entered, left_minutes = self._stay()
        timing = Timing(
            {each.fact.key: _due(each) for each in outcome.opened},
            {key: row["minutes"] for key, row in closing.items()},
            None if entered is None else events.due_body(**entered),
            left_minutes,
        )
        with steps.one_step(self.session):
            digest = self._event(happening, timing, seq, version)
            self._tasks(closing, seq)
            if entered is not None:
                self._stage(entered, left_minutes or 0, seq)
            steps.move_dues(self.session, agreement=head.id, moved=outcome.moved, seq=seq)
            self._head(entered, seq, version, digest, moves=happening.kind not in events.NO_MOVEMENT)
            outbox.ask_all(self.session, self._to_carry_out(seq), agreement_id=head.id, at=self.at)
        return seq, version

    # The event

    def _event(self, happening: Happening, timing: Timing, seq: int, version: int) -> str:
        head, outcome = self.loaded.head, self.outcome
        notes, facts = dict(happening.notes), dict(happening.facts)
        if happening.private and facts:  # what a private event is about is private too: the chain only commits to it
            notes[history.FACTS], facts = canonical(facts).decode(), {}
        salts = {name: self.ctx.chance.token() for name in notes}
        effects = None
        handed = self._handed
        if outcome.changes or handed:
            effects = events.effects(
                outcome.decision, outcome.holding, timing, handed=handed, on_hold=self._on_hold, moved=outcome.moved
            )
        body = {
            "agreement": head.reference,
            "seq": seq,
            "version": version,
            "kind": happening.kind,
            "happened_at": events.moment(happening.happened_at or self.at),
            "recorded_at": events.moment(self.at),
            "simulated": self.ctx.simulated,
            "private": happening.private,
            "actor": actor_body(self.actor, self.held),
            "facts": facts,
            "notes": {name: committed(salts[name], text) for name, text in notes.items()},
            "effects": effects,
        }
        digest, row = chained(head.id, head.head_hash, body)
        row |= {
            "happened_at": happening.happened_at or self.at,
            "recorded_at": self.at,
            "person_id": self.actor.person_id,
            "organisation_id": self.held.organisation_id,
            "side": self.held.organisation_id if happening.private else None,
        }
        steps.add_event(self.session, row)
        steps.add_notes(self.session, [self._note(seq, n, t, salts[n], happening) for n, t in notes.items()])
        return digest

    def _note(self, seq: int, name: str, text: str, salt: str, happening: Happening) -> dict[str, Any]:
        return {
            "agreement_id": self.loaded.head.id,
            "event_seq": seq,
            "field": name,
            "side_id": self.held.organisation_id,
            "privileged": happening.privileged,
            "salt": salt,
            "text": text,
            "shared_at": None,
        }

    # Tasks

    def _closing(self, seq: int) -> dict[str, dict[str, Any]]:
        decision, closing = self.outcome.decision, {}
        if decision.closed:
            key, outcome = decision.closed
            closing[key] = self._close(key, "done", outcome, seq)
        for key in decision.lapsed:
            closing[key] = self._close(key, "lapsed", None, seq)
        return closing

    def _close(self, key: str, status: str, outcome: str | None, seq: int) -> dict[str, Any]:
        task = self.loaded.task(key)
        if task is None:
            raise Conflict("The task “%(key)s” is no longer there. Look at the agreement again.", key=key)
        calendar = self.ctx.calendars.of(
            self.session, task.organisation_id, self.loaded.nation_of(task.organisation_id)
        )
        return {
            "task": task.id,
            "new_status": status,
            "new_outcome": outcome,
            "at": self.at,
            "seq": seq,
            "person": self.actor.person_id if status == "done" else None,
            "minutes": calendar.working_minutes(task.opened_at, self.at),
        }

    def _tasks(self, closing: Mapping[str, dict[str, Any]], seq: int) -> None:
        """Close, lapse, open and reopen tasks; what was approved in a task that opens again is approved no more."""
        steps.close_tasks(self.session, list(closing.values()))
        if not self.outcome.opened:
            return
        before = {(task.key, task.stage, task.round): task for task in self.loaded.tasks}
        fresh, again, approved = [], [], []
        for each in self.outcome.opened:
            known = before.get((each.fact.key, each.fact.stage, each.fact.round))
            if known is None:
                fresh.append(self._opening(each, seq))
                continue
            again.append(
                {
                    "task": known.id,
                    "at": self.at,
                    "seq": seq,
                    "due": each.due_at,
                    "calendar": each.calendar_version,
                    "target": each.target_days,
                }
            )
            approved.append({"agreement": self.loaded.head.id, "rule": known.rule, "party": known.party_key})
        steps.open_tasks(self.session, fresh)
        steps.reopen_tasks(self.session, again)
        steps.withdraw_approvals(self.session, approved, at=self.at)

    def _opening(self, each: Opening, seq: int) -> dict[str, Any]:
        fact, stands = each.fact, each.fact.status == "standing"
        return {
            "agreement_id": self.loaded.head.id,
            "stage": fact.stage,
            "round": fact.round,
            "key": fact.key,
            "rule": fact.rule,
            "kind": fact.kind,
            "party_key": fact.party,
            "organisation_id": self.loaded.organisation_id(fact.organisation),
            "role": fact.role,
            "required": fact.required,
            "assignee_id": None,
            "opened_seq": seq,
            "opened_at": self.at,
            "target_days": each.target_days,
            "due_at": each.due_at,
            "calendar_version": each.calendar_version,
            "status": fact.status,
            "outcome": "standing" if stands else None,
            "done_at": self.at if stands else None,
            "done_seq": seq if stands else None,
            "done_by_id": None,
            "working_minutes": 0 if stands else None,
        }

    # The stay in a stage, the ledger and the head

    def _lead_calendar(self) -> WorkingCalendar:
        return self.ctx.calendars.of(self.session, self.loaded.lead.organisation_id, self.loaded.lead.nation)

    def _stay(self) -> tuple[dict[str, Any] | None, int | None]:
        """Target and due facts of the stage that was reached, and the working minutes of the stay that ends."""
        decision, head = self.outcome.decision, self.loaded.head
        if not decision.moved:
            return None, None
        calendar = self._lead_calendar()
        target = self.flow.stages[decision.dest].targets.get(head.route)
        entered = {
            "target_days": None if self.outcome.stage_due else target,
            "due_at": self.outcome.stage_due or (None if target is None else calendar.due_at(self.at, target)),
            "calendar_version": calendar.version,
        }
        return entered, calendar.working_minutes(head.stage_entered_at, self.at)

    def _stage(self, entered: Mapping[str, Any], left_minutes: int, seq: int) -> None:
        decision, head = self.outcome.decision, self.loaded.head
        final = self.flow.stages[decision.dest].final
        row = {
            "agreement_id": head.id,
            "entered_seq": seq,
            "stage": decision.dest,
            "round": decision.round,
            "organisation_id": self.loaded.lead.organisation_id,
            "route": head.route,
            "entered_at": self.at,
            "left_at": self.at if final else None,
            "working_minutes": 0 if final else None,
            "since_known": True,
            **entered,
        }
        steps.change_stage(self.session, agreement=head.id, left=self.at, minutes=left_minutes, opened=row)

    @property
    def _on_hold(self) -> bool:
        return self.outcome.on_hold and not self.flow.stages[self.outcome.decision.dest].final

    @property
    def _handed(self) -> bool:
        """Whether a new spell begins (or the last one ends): the holder changes, or the stage does."""
        head, holding = self.loaded.head, self.outcome.holding
        was = (head.holder_owner, head.holder_role, head.holder_reason)
        new = (holding.owner, holding.role, holding.reason) if holding else (None, None, None)
        return new != was or (self.outcome.decision.moved and holding is not None)

    def _head(self, entered: Mapping[str, Any] | None, seq: int, version: int, digest: str, *, moves: bool) -> None:
        head, decision, holding = self.loaded.head, self.outcome.decision, self.outcome.holding
        handed = self._handed
        if handed:
            opened = None
            if holding is not None:
                opened = {"agreement_id": head.id, "started_seq": seq, "started_at": self.at, **_spell(holding)}
            steps.hand_over(self.session, agreement=head.id, opened=opened, ended=self.at, seq=seq)
        if head.on_hold and not self._on_hold:
            steps.end_hold(self.session, agreement=head.id, at=self.at, seq=seq)
        new = {
            "stage": decision.dest,
            "round": decision.round,
            "version": version,
            "head_seq": seq,
            "head_hash": digest,
            "on_hold": self._on_hold,
            "holder_owner": holding.owner if holding else None,
            "holder_role": holding.role if holding else None,
            "holder_reason": holding.reason if holding else None,
            "holder_since": self.at if handed else head.holder_since,
            "stage_entered_at": head.stage_entered_at if entered is None else self.at,
            "stage_due_at": self._stage_due() if entered is None else entered["due_at"],
            "updated_at": self.at,
            "moved_at": self.at if moves else head.moved_at,
            "finished_at": head.finished_at or (self.at if self.flow.stages[decision.dest].final else None),
        }
        steps.move_head(self.session, agreement=head.id, was=head.version, was_seq=head.head_seq, new=new)
        if any(new[name] != getattr(head, name) for name in waiting.FOLLOWED):
            waiting.follow(self.session, head.id)

    def _stage_due(self) -> datetime | None:
        moved = next((each.due_at for each in self.outcome.moved if not each.key), None)
        due: datetime | None = moved or self.loaded.head.stage_due_at
        return due

    # The outbox

    def _to_carry_out(self, seq: int) -> list[outbox.Asked]:
        """Mails about tasks that opened or have a new due day, and about a return; the documents that a stage needs."""
        head, decision = self.loaded.head, self.outcome.decision
        asked: list[tuple[str, str, dict[str, Any]]] = []
        for each in self.outcome.opened:
            fact = each.fact
            if fact.status == "open":
                payload = {"what": "opened", "task": fact.key, "round": fact.round, "stage": fact.stage}
                asked.append(("mail", f"opened:{fact.key}", payload))
        for moved in self.outcome.moved:
            if moved.key and moved.was is not None and local_day_text(moved.was) != local_day_text(moved.due_at):
                asked.append(("mail", f"moved:{moved.key}", {"what": "moved", "task": moved.key}))
        if decision.round > head.round:
            asked.append(("mail", "returned", {"what": "returned"}))
        if decision.moved and head.tracking != TRACKED:
            kind = _DOCUMENT_WORK.get(self.flow.stages[decision.dest].reason)
            if kind is not None:
                asked.append((kind, kind, {}))
        return [(kind, f"{head.reference}:{seq}:{key}", payload) for kind, key, payload in asked]


_DOCUMENT_WORK = {"signing": "issue_document", "sealing": "seal_document"}


def _due(each: Opening) -> dict[str, Any]:
    return events.due_body(target_days=each.target_days, due_at=each.due_at, calendar_version=each.calendar_version)


def _spell(holding: Holding) -> dict[str, Any]:
    return {
        "owner": holding.owner,
        "outside": holding.outside,
        "stage": holding.stage,
        "role": holding.role,
        "reason": holding.reason,
        "ended_at": None,
        "ended_seq": None,
    }
