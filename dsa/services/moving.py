"""The one way through: every change of an agreement is a step that is decided, recorded and handed over here.

One rule: a step writes its event, ledger, tasks, outbox and head in one transaction, or nothing of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain import events
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Conflict, NotFound
from dsa.domain.holding import Holding, who_has_it
from dsa.domain.integrity import canonical, commitment, event_hash
from dsa.domain.machine import Decision, Flow, Recorded, Reopened, Snapshot, TaskFact, decide
from dsa.domain.workflow import TaskRule
from dsa.persistence import heads, steps, visibility
from dsa.persistence.heads import Loaded
from dsa.services.context import Context


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
class Step:
    """A step that was taken: its place in the chain, the decision, and the agreement's new version."""

    seq: int
    at: datetime
    version: int
    decision: Decision
    flow: Flow
    opened: tuple[Mapping[str, Any], ...] = ()


def open_for(ctx: Context, session: Session, actor: Actor, reference: str, *, lock: bool = False) -> Loaded:
    """The agreement, locked for a writer. Raises NotFound where the actor's organisations have no part in it."""
    loaded = heads.load(session, reference, lock=lock)
    if loaded is None or not visibility.may_see(actor, loaded):
        raise NotFound(
            "There is no agreement %(reference)s that you may see. Check the reference, or ask whoever sent it to you.",
            reference=reference,
        )
    return loaded


def flow_of(ctx: Context, session: Session, loaded: Loaded) -> Flow:
    """The machine of the workflow version that the agreement began with."""
    return ctx.definitions.flow(session, loaded.head.workflow_id, loaded.head.workflow_version)


def demand_version(loaded: Loaded, seen: int | None) -> None:
    """Raise Conflict when the agreement has moved since the person saw it."""
    if seen is not None and seen != loaded.head.version:
        raise Conflict(
            "Somebody acted on %(reference)s after you opened the page. Nothing of yours was changed. "
            "Look at what happened, then decide.",
            reference=loaded.head.reference,
        )


def take(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    actor: Actor,
    held: Held,
    happening: Happening,
    *,
    action: str | Recorded | Reopened | Decision | None = None,
    more: Mapping[str, Any] | None = None,
    after: Callable[[Snapshot], Snapshot] | None = None,
    bump: bool = True,
    on_hold: bool | None = None,
) -> Step:
    """Take one step. ``action`` None records an event without asking the machine, a Decision was made elsewhere (a
    change of route); ``more`` adds to the snapshot.

    ``after`` alters the state that who-has-it is worked out from (a hold begins, a question is open). ``bump`` False
    leaves the agreement's version alone: a section was saved. ``on_hold`` sets or ends the mark of a hold.
    """
    ctx.calendars.refresh(session)
    flow = flow_of(ctx, session, loaded)
    snapshot = loaded.snapshot(**(more or {}))
    at = max(ctx.clock.now(), loaded.head.updated_at)
    decision = (
        action
        if isinstance(action, Decision)
        else decide(flow, snapshot, action)
        if action is not None
        else Decision(snapshot.stage, snapshot.stage, snapshot.round, (snapshot.stage,), tasks=snapshot.tasks)
    )
    opened = [_opened(ctx, session, loaded, flow, task, at) for task in decision.opened]
    dues = {row["key"]: row for row in opened}
    tasks = tuple(replace(t, due_at=dues[t.key]["due_at"]) if t.key in dues else t for t in decision.tasks)
    reached = replace(snapshot, stage=decision.dest, round=decision.round, tasks=tasks)
    holding = who_has_it(flow, after(reached) if after else reached)
    writer = _Writer(ctx, session, loaded, actor, held, flow, at)
    seq = writer.event(happening, decision, holding, dues, changes=action is not None or after is not None)
    writer.tasks(decision, opened, seq)
    writer.stage(decision, seq)
    held_up = loaded.head.on_hold if on_hold is None else on_hold
    version = writer.head(decision, holding, seq, bump=bump, on_hold=held_up)
    writer.outbox(decision, opened, seq)
    return Step(seq, at, version, decision, flow, tuple(opened))


def _opened(ctx: Context, session: Session, loaded: Loaded, flow: Flow, task: TaskFact, at: datetime) -> dict[str, Any]:
    rule = flow.workflow.rule(task.rule)
    calendar = ctx.calendars.of(session, loaded.organisation_id(task.organisation), loaded.nation(task.organisation))
    target = target_of(rule, loaded.head.route)
    return {
        "key": task.key,
        "target_days": target,
        "due_at": calendar.due_at(at, target),
        "calendar_version": calendar.version,
        "fact": task,
    }


def target_of(rule: TaskRule, route: str) -> int:
    """The rule's target on a route, in working days."""
    return rule.targets.get(route, next(iter(rule.targets.values())))


@dataclass(slots=True)
class _Writer:
    """Writes the rows of one step."""

    ctx: Context
    session: Session
    loaded: Loaded
    actor: Actor
    held: Held
    flow: Flow
    at: datetime

    _hash: str = ""
    _handed_over: bool = False

    def event(
        self,
        happening: Happening,
        decision: Decision,
        holding: Holding | None,
        dues: Mapping[str, Mapping[str, Any]],
        *,
        changes: bool,
    ) -> int:
        """Append the event; returns its place in the chain."""
        head = self.loaded.head
        seq = int(head.head_seq) + 1
        salts = {name: self.ctx.chance.token() for name in happening.notes}
        body = {
            "agreement": head.reference,
            "seq": seq,
            "kind": happening.kind,
            "happened_at": events.moment(happening.happened_at or self.at),
            "recorded_at": events.moment(self.at),
            "simulated": self.ctx.simulated,
            "actor": actor_body(self.actor, self.held),
            "facts": dict(happening.facts),
            "notes": {name: commitment(salts[name], text) for name, text in happening.notes.items()},
            "effects": events.effects(decision, holding, _due_bodies(dues)) if changes else None,
        }
        data = canonical(body)
        self._hash = event_hash(head.head_hash, data)
        steps.add_event(
            self.session,
            {
                "agreement_id": head.id,
                "seq": seq,
                "kind": happening.kind,
                "happened_at": happening.happened_at or self.at,
                "recorded_at": self.at,
                "person_id": self.actor.person_id,
                "organisation_id": self.held.organisation_id,
                "side": self.held.organisation_id if happening.private else None,
                "body": data.decode(),
                "prev": head.head_hash,
                "hash": self._hash,
            },
        )
        steps.add_notes(self.session, [self._note(seq, n, t, salts[n], happening) for n, t in happening.notes.items()])
        return seq

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

    def tasks(self, decision: Decision, opened: list[dict[str, Any]], seq: int) -> None:
        """Close, lapse, open and reopen tasks."""
        closing = []
        if decision.closed:
            closing.append(self._closing(decision.closed[0], "done", decision.closed[1], seq))
        closing += [self._closing(key, "lapsed", None, seq) for key in decision.lapsed]
        steps.close_tasks(self.session, closing)
        before = {(task.key, task.stage, task.round): task for task in self.loaded.tasks}
        fresh, again = [], []
        for row in opened:
            fact: TaskFact = row["fact"]
            known = before.get((fact.key, fact.stage, fact.round))
            if known is None:
                fresh.append(self._opening(fact, row, seq))
            else:
                again.append(
                    {
                        "task": known.id,
                        "at": self.at,
                        "seq": seq,
                        "due": row["due_at"],
                        "calendar": row["calendar_version"],
                    }
                )
        steps.open_tasks(self.session, fresh)
        steps.reopen_tasks(self.session, again)

    def _closing(self, key: str, status: str, outcome: str | None, seq: int) -> dict[str, Any]:
        task = self.loaded.task(key)
        if task is None:
            raise Conflict("The task “%(key)s” is no longer there. Look at the agreement again.", key=key)
        code = next(p.code for p in self.loaded.parties if p.organisation_id == task.organisation_id)
        calendar = self.ctx.calendars.of(self.session, task.organisation_id, self.loaded.nation(code))
        return {
            "task": task.id,
            "new_status": status,
            "new_outcome": outcome,
            "at": self.at,
            "seq": seq,
            "person": self.actor.person_id if status == "done" else None,
            "minutes": calendar.working_minutes(task.opened_at, self.at),
        }

    def _opening(self, fact: TaskFact, row: Mapping[str, Any], seq: int) -> dict[str, Any]:
        stands = fact.status == "standing"
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
            "target_days": row["target_days"],
            "due_at": row["due_at"],
            "calendar_version": row["calendar_version"],
            "status": fact.status,
            "outcome": "standing" if stands else None,
            "done_at": self.at if stands else None,
            "done_seq": seq if stands else None,
            "done_by_id": None,
            "working_minutes": 0 if stands else None,
        }

    def stage(self, decision: Decision, seq: int) -> None:
        """Close the stay in the stage that was left and open the one in the stage that was reached."""
        if not decision.moved:
            return
        head, lead = self.loaded.head, self.loaded.lead
        calendar = self.ctx.calendars.of(self.session, lead.organisation_id, lead.nation)
        stage = self.flow.stages[decision.dest]
        target = stage.targets.get(head.route)
        row = {
            "agreement_id": head.id,
            "entered_seq": seq,
            "stage": decision.dest,
            "round": decision.round,
            "organisation_id": lead.organisation_id,
            "route": head.route,
            "entered_at": self.at,
            "left_at": self.at if stage.final else None,
            "target_days": target,
            "due_at": None if target is None else calendar.due_at(self.at, target),
            "working_minutes": 0 if stage.final else None,
            "calendar_version": calendar.version,
        }
        minutes = calendar.working_minutes(head.stage_entered_at, self.at)
        steps.change_stage(self.session, agreement=head.id, left=self.at, minutes=minutes, opened=row)

    def head(self, decision: Decision, holding: Holding | None, seq: int, *, bump: bool, on_hold: bool) -> int:
        """Hand the agreement over where its holder changed, and move its head; returns the new version."""
        head = self.loaded.head
        was = (head.holder_owner, head.holder_role, head.holder_reason)
        new = (holding.owner, holding.role, holding.reason) if holding else (None, None, None)
        handed = new != was or (decision.moved and holding is not None)
        if handed:
            opened = None
            if holding is not None:
                opened = {"agreement_id": head.id, "started_seq": seq, **_spell(holding), "started_at": self.at}
            steps.hand_over(self.session, agreement=head.id, opened=opened, ended=self.at, seq=seq)
        stage = self.flow.stages[decision.dest]
        target = stage.targets.get(head.route)
        calendar = self.ctx.calendars.of(self.session, self.loaded.lead.organisation_id, self.loaded.lead.nation)
        version = int(head.version) + (1 if bump else 0)
        steps.move_head(
            self.session,
            agreement=head.id,
            was=head.version,
            was_seq=head.head_seq,
            new={
                "stage": decision.dest,
                "round": decision.round,
                "version": version,
                "head_seq": seq,
                "head_hash": self._hash,
                "on_hold": on_hold,
                "holder_owner": new[0],
                "holder_role": new[1],
                "holder_reason": new[2],
                "holder_since": self.at if handed else head.holder_since,
                "stage_entered_at": self.at if decision.moved else head.stage_entered_at,
                "stage_due_at": head.stage_due_at
                if not decision.moved
                else (None if target is None else calendar.due_at(self.at, target)),
                "updated_at": self.at,
                "finished_at": self.at if stage.final else head.finished_at,
            },
        )
        return version

    def outbox(self, decision: Decision, opened: list[dict[str, Any]], seq: int) -> None:
        """Ask for mails about the tasks that opened, and for the documents that the stage needs."""
        head = self.loaded.head
        rows = []
        for row in opened:
            fact: TaskFact = row["fact"]
            if fact.status == "open":
                payload = {"what": "opened", "task": fact.key, "round": fact.round, "stage": fact.stage}
                rows.append(self._outbox("mail", f"{head.reference}:{seq}:opened:{fact.key}", payload))
        if decision.moved and decision.dest == "drafting" and decision.round > head.round:
            rows.append(self._outbox("mail", f"{head.reference}:{seq}:returned", {"what": "returned"}))
        for stage, kind in (("sign_off", "issue_document"), ("signed", "seal_document")):
            if decision.moved and decision.dest == stage:
                rows.append(self._outbox(kind, f"{head.reference}:{seq}:{kind}", {}))
        steps.add_outbox(self.session, rows)

    def _outbox(self, kind: str, key: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "kind": kind,
            "key": key,
            "agreement_id": self.loaded.head.id,
            "payload": dict(payload),
            "created_at": self.at,
            "available_at": self.at,
            "attempts": 0,
        }


def _due_bodies(dues: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "due_at": events.moment(row["due_at"]),
            "target_days": row["target_days"],
            "calendar_version": row["calendar_version"],
        }
        for key, row in dues.items()
    }


def actor_body(actor: Actor, held: Held) -> dict[str, Any]:
    """Who acted, as an event states it: the post, never a private name."""
    return {
        "post": held.title,
        "organisation": held.organisation,
        "role": held.role,
        "method": actor.method,
        "covers": held.covers,
    }


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
